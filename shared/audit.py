"""Who did what, and what was refused: the audit trail of each organization."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.audit_words import OWN_ASTRAY, OWN_REFUSED, REFUSED
from shared.callers import Caller
from shared.errors import InvalidInput, MemberRefusal
from shared.model import Entry, Sought
from shared.storage.audit import is_key
from shared.storage.tables import Tables

PAGE = 100
"""Entries in one page of a list."""
MOST_AT_ONCE = 1_000
"""Entries one request to storage brings at most."""
MOST_LOOKED_AT = 5_000
"""Entries one page is picked from; a rare action must not make one request read years."""


class AuditTrail:
    """Records and reads entries. Nothing ever changes or removes one."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._audit = tables.audit
        self._now = now

    def refused(self, caller: Caller, attempt: str, reason: str) -> None:
        """A known caller was refused. Repeated within a minute, it is one entry."""
        self._audit.record_once(caller.org, Entry(self._now(), caller.subject, REFUSED, attempt, reason))

    def sign_in_refused(self, refusal: MemberRefusal) -> None:
        """A member was refused an account of their own, or somebody else meddled. Once a minute at most.

        Who the account would have been is not said: nothing of it is the organization's.
        """
        org, member = refusal.owner
        actor, action = (member, OWN_REFUSED) if refusal.is_theirs else ("system", OWN_ASTRAY)
        self._audit.record_once(org, Entry(self._now(), actor, action, member, refusal.reason))

    def page(self, org: str, sought: Sought, after: str | None, most: int = PAGE) -> tuple[list[Entry], str | None]:
        """Entries, newest first, and the key behind which more may follow. Raises `InvalidInput` for no key."""
        if after is not None and not is_key(after):
            raise InvalidInput("Use the `next` of the page before as it is.", field="cursor")
        found: list[Entry] = []
        rows = self._audit.between(org, sought.since, sought.until, after, min(most, MOST_AT_ONCE))
        for looked_at, row in enumerate(rows, 1):
            if sought.includes(row.value):
                found.append(row.value)
            if len(found) == most or looked_at == max(most, MOST_LOOKED_AT):
                return found, row.key
        return found, None
