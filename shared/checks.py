"""One member's connection gone through step by step, now, with what came of each step.

The same code as always does the work: what a check mends is mended, and what it says is what would happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.calendar_sync import CalendarSyncs
from shared.choices import Choices, Standing
from shared.directory_sync import is_held
from shared.errors import AccessLost, EntityChanged, MicrosoftError
from shared.mailbox_reading import is_paused
from shared.messages import CalendarSync, DirectorySync, Reason
from shared.model import Mailbox, MailboxKey, Tenant
from shared.policy import kept_out
from shared.rematch import Rematch
from shared.states import CONNECTIONS, TENANTS, explain
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables

AFTERWARDS = timedelta(minutes=5)
"""When what a check did to a tenant that went meanwhile is cleared up."""
TRIES = 3
"""How often a look at the directory is repeated when somebody else writes the same connection."""


class Step(NamedTuple):
    """What one step came to."""

    name: str
    ok: bool
    text: str
    next_step: str = "Nothing to do."


class Checks:
    """Checks single members."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        choices: Choices,
        rematch: Rematch,
        calendar_syncs: CalendarSyncs,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._choices = choices
        self._rematch = rematch
        self._calendar_syncs = calendar_syncs
        self._now = now

    def run(self, org: str, actor: str, member_id: str) -> tuple[Standing, list[Step]]:
        """Go through everything; how the member stands afterwards. Raises `NotFound`."""
        self._choices.standing(org, member_id)
        self._tables.audit.record(org, Entry(self._now(), actor, "member.checked", member_id))
        steps = list(self._steps(org, member_id))
        return self._choices.standing(org, member_id), steps

    def _steps(self, org: str, member_id: str) -> Iterator[Step]:
        wanted = decision(self._choices.standing(org, member_id))
        yield wanted
        if not wanted.ok:
            return
        tenants = [row.value for row in self._tables.tenants_of(org)]
        if not tenants:
            yield Step("tenant", False, "No tenant is connected.", "Make an activation link for the Microsoft admin.")
        for tenant in tenants:
            yield self._directory(org, tenant, member_id)
        standing = self._choices.standing(org, member_id)
        yield match_of(standing)
        key = standing.connection.active_mailbox if standing.connection else None
        if key is not None:
            yield from self._mailbox(key)

    def _directory(self, org: str, tenant: Tenant, member_id: str) -> Step:
        name = f"directory of {tenant.domains[0] if tenant.domains else tenant.id}"
        if tenant.status.is_lost:
            return Step(name, False, *TENANTS[tenant.status])
        if not tenant.may_be_searched:
            return Step(name, False, "The directory has not been read yet.", "Wait a minute.")
        if is_held(tenant, self._now()):
            return Step(name, False, "Microsoft asked to leave the directory alone.", "Try again in a minute.")
        try:
            self._match(org, tenant, member_id)
        except AccessLost as lost:
            return Step(name, False, *TENANTS[lost.status])
        except MicrosoftError as problem:
            return Step(name, False, f"Microsoft did not answer ({problem.code}).", "Try again in a minute.")
        return Step(name, True, "The directory was asked for the member.")

    def _match(self, org: str, tenant: Tenant, member_id: str) -> None:
        """Look the member up. The tenant may go meanwhile: a message comes that clears up behind us then."""
        self._queues.send(DirectorySync(org, tenant.id, self._now()), AFTERWARDS)
        for attempt in range(1, TRIES + 1):
            row = self._tables.tenants.get(org, tenant.id)
            if row is None or not row.value.may_be_searched:
                return
            try:
                self._rematch.one(org, row.value, member_id)
            except EntityChanged:
                if attempt == TRIES:
                    raise
            else:
                return

    def _mailbox(self, key: MailboxKey) -> Iterator[Step]:
        began = self._now()
        before = self._tables.mailboxes.row(key)
        self._calendar_syncs.run(CalendarSync(key.tenant_id, (key.object_id,), began, Reason.CHANGED))
        row = self._tables.mailboxes.row(key)
        if row is None:
            yield Step("calendar", False, "Somebody else is changing the connection.", "Try again in a moment.")
            return
        yield reading_of(row.value, before.value if before else None, began)
        yield push_of(row.value, began)


def decision(standing: Standing) -> Step:
    """Whether people want the member connected."""
    reason = kept_out(standing.member, standing.choice, standing.policy)
    if reason is None:
        return Step("decision", True, "Nobody keeps the member out.")
    return Step("decision", False, *explain(*reason))


def match_of(standing: Standing) -> Step:
    """Who the member is in the directory."""
    connection = standing.connection
    if connection is None:
        return Step("match", False, "Nobody has looked for the member yet.", "Try again in a minute.")
    if connection.active_mailbox is None:
        return Step("match", False, *explain(connection.status, connection.detail))
    how = "chosen by an admin" if connection.chosen else f"found by {connection.matched_address}"
    return Step("match", True, f"The member is {connection.mailbox_address}, {how}.")


def reading_of(mailbox: Mailbox, before: Mailbox | None, began: datetime) -> Step:
    """Whether the calendar could be read."""
    if mailbox.read_at is not None and mailbox.read_at >= began:
        return Step("calendar", True, "The calendar was read.")
    if mailbox.claimed_at is not None and (before is None or mailbox.claimed_at != before.claimed_at):
        return Step("calendar", False, "The calendar is being read by somebody else.", "Try again in a moment.")
    if is_paused(mailbox, began):
        text, next_step = CONNECTIONS[mailbox.status]
        return Step("calendar", False, f"{text} It is tried again by itself.", next_step)
    return Step(
        "calendar", False, "The calendar is read a moment later, with what was told meanwhile.", "Wait a minute."
    )


def push_of(mailbox: Mailbox, now: datetime) -> Step:
    """Whether Microsoft tells of changes."""
    push = mailbox.push
    if push.subscription_id is not None and push.expires_at is not None and push.expires_at > now:
        return Step("notifications", True, "Microsoft tells of changes to this calendar.")
    return Step(
        "notifications",
        False,
        "Microsoft does not tell of changes to this calendar; it is read every ten minutes instead.",
        "Nothing to do; a subscription is asked for again by itself.",
    )
