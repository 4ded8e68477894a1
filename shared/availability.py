"""What is known of members' time, answered from the cache."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.errors import InvalidInput, NotFound
from shared.freebusy import BusyAnswer, busy_in
from shared.model import MemberKey, Window
from shared.storage.tables import Tables

LONGEST_SPAN = timedelta(days=92)


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


def span_from(start: str | None, end: str | None) -> Window:
    """The asked span. Raises `InvalidInput` naming the parameter and the fix."""
    span = Window(_moment(start, "start"), _moment(end, "end"))
    if span.start >= span.end:
        raise InvalidInput("The end must be after the start.", field="end")
    if span.end - span.start > LONGEST_SPAN:
        raise InvalidInput(f"Ask for at most {LONGEST_SPAN.days} days at once.", field="end")
    return span


def _moment(text: str | None, field: str) -> datetime:
    """RFC 3339 with an offset. A + that a query string turned into a blank is put back."""
    example = f"Give {field} as a time with an offset, e.g. {field}=2026-12-01T09:00:00Z."
    try:
        moment = datetime.fromisoformat((text or "").strip().replace(" ", "+"))
        if moment.tzinfo is None or not 1970 <= moment.year <= 9000:
            raise InvalidInput(example, field=field)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(example, field=field) from None
