"""What is known of members' time, answered from the cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from shared.errors import EntityUnreadable, NotFound
from shared.freebusy import BusyAnswer, busy_of
from shared.model import MemberKey, Window
from shared.storage.tables import Tables

log = logging.getLogger(__name__)


class Availability:
    """Answers questions about members' time."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def busy(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """The member's busy blocks in the span: one read where a calendar is cached. Raises `NotFound`."""
        try:
            snapshots = self._tables.calendars.of(owner)
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return busy_of((), span, self._now())
        if not snapshots and self._tables.members.get(*owner) is None:
            raise NotFound("There is no such member.")
        return busy_of(snapshots, span, self._now())
