"""What is known of members' time, answered from the cache."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.errors import NotFound
from shared.freebusy import BusyAnswer, busy_in
from shared.model import MemberKey, Window
from shared.storage.tables import Tables


class Availability:
    """Answers questions about members' time."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def busy(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """The member's busy blocks in the span: one point read where the calendar is cached. Raises `NotFound`."""
        snapshot = self._tables.calendars.get(owner)
        if snapshot is None and self._tables.members.get(*owner) is None:
            raise NotFound("There is no such member.")
        return busy_in(snapshot, span, self._now())
