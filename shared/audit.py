"""Who did what, and what was refused: the audit trail of each organization."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.callers import Caller
from shared.storage.audit import Entry
from shared.storage.tables import Tables

REFUSED = "access.refused"
"""The action of an entry that says what somebody was not allowed to do."""


class AuditTrail:
    """Records and reads entries. Nothing ever changes or removes one."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._audit = tables.audit
        self._now = now

    def refused(self, caller: Caller, attempt: str, reason: str) -> None:
        """A known caller was refused. Repeated within a minute, it is one entry."""
        self._audit.record_once(caller.org, Entry(self._now(), caller.subject, REFUSED, attempt, reason))
