"""The audit trail, as an organization's admins see it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contract.audit import AuditPage, AuditQuery
from shared.contract.parsing import moment_from
from shared.contract.spreadsheet import csv_text
from shared.functions import answers
from shared.functions.cursors import cursor_from, cursor_of
from shared.functions.endpoints import Api, Asked, Download, Who
from shared.model import Entry, Sought

MOST_ROWS = 50_000
"""In one file; a last row says how to get those that follow."""
HEADER = ("at", "actor", "action", "subject", "detail", "text")


def audit(api: Api) -> None:
    """Who did what in the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/audit", Who.ADMIN, AuditPage, query=AuditQuery, csv=True)
    def list_audit_entries(ask: Asked[AuditQuery, None]) -> AuditPage | Download:
        """Who did what, and what was refused, newest first.

        Entries are kept for good and never changed. As `text/csv`, a file of up to 50,000 entries; where more follow,
        its last row has the action `more` and the cursor to go on with as its detail.
        """
        query, org = ask.query, ask.caller.org
        since, until = moment_from(query.since, "since"), moment_from(query.until, "until")
        sought, after = Sought(since, until, query.actor, query.action), cursor_from(query.cursor)
        if ask.wants_csv:
            found, following = services.audit_trail.page(org, sought, after, MOST_ROWS)
            return Download(csv_text(HEADER, table_rows(found, cursor_of(following))), "audit.csv")
        found, following = services.audit_trail.page(org, sought, after)
        return AuditPage([answers.audit_entry(entry) for entry in found], cursor_of(following))


def table_rows(entries: list[Entry], following: str | None) -> Iterator[tuple[object, ...]]:
    """The file's rows, and where more may follow, one that says how to go on."""
    for entry in entries:
        shown = answers.audit_entry(entry)
        yield shown.at, shown.actor, shown.action, shown.subject, shown.detail, shown.text
    if following:
        yield None, None, "more", None, following, "More may follow: ask again with this cursor."
