"""What is known of members' time, answered from the cache."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.errors import NotFound
from shared.freebusy import BusyAnswer, busy_of
from shared.model import MemberKey, Window
from shared.storage.tables import Tables


class Availability:
    """Answers questions about members' time."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def busy(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """The member's busy blocks in the span: one read where a calendar is cached. Raises `NotFound`."""
        snapshots = self._tables.calendars.of(owner)
        if not snapshots and self._tables.members.get(*owner) is None:
            raise NotFound("There is no such member.")
        return busy_of(snapshots, span, self._now())
