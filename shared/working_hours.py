"""When somebody works, as instants: wall-clock hours per weekday and single days that differ, in their own zone.

An instant is inside working hours where the clock on the wall, in the person's zone, shows a time of that day's
hours. So hours that a change to summer time skips are not there, and those that come twice in autumn are worked
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.contract.available_times import HoursInput, WorkingHoursInput
from shared.contract.fields import is_zone
from shared.errors import InvalidInput
from shared.model import Window

DAY = timedelta(days=1)


class Hours(NamedTuple):
    """A span of one day's wall clock, its end excluded; `None` ends with the day."""

    start: time
    end: time | None


ALL_DAY = (Hours(time(0), None),)


@dataclass(frozen=True)
class WorkingHours:
    """When somebody can be booked at all."""

    zone: tzinfo
    weekly: Mapping[int, Sequence[Hours]] = field(default_factory=lambda: dict.fromkeys(range(7), ALL_DAY))
    """By weekday, Monday is 0; a weekday that is missing is off."""
    overrides: Mapping[date, Sequence[Hours]] = field(default_factory=dict)
    """Days on which other hours hold; none at all where the day is off."""

    def on(self, day: date) -> Sequence[Hours]:
        """The hours of a day."""
        return self.overrides.get(day, self.weekly.get(day.weekday(), ()))

    def within(self, span: Window) -> list[Window]:
        """The instants of working hours in the span, as separate spans in order."""
        first, last = (edge.astimezone(self.zone).date() for edge in span)
        days = (first + DAY * number for number in range((last - first).days + 1))
        walls = [wall for day in days for wall in walls_of(day, self.on(day))]
        return joined(
            part
            for stretch, offset in stretches(span, self.zone)
            for begin, end in walls
            if (part := overlap(stretch, _utc(begin, offset), _utc(end, offset)))
        )


def walls_of(day: date, hours: Iterable[Hours]) -> Iterator[tuple[datetime, datetime]]:
    """The hours of a day as times on the wall."""
    for start, end in hours:
        until = datetime.combine(day, end) if end is not None else datetime.combine(day + DAY, time(0))
        yield datetime.combine(day, start), until


def overlap(span: Window, start: datetime, end: datetime) -> Window | None:
    """What lies in both."""
    start, end = max(start, span.start), min(end, span.end)
    return Window(start, end) if start < end else None


def stretches(span: Window, zone: tzinfo) -> Iterator[tuple[Window, timedelta]]:
    """The span, cut where the zone's offset changes, with the offset of each part: what the wall clock goes by."""
    start = span.start
    while start < span.end:
        offset, stop = _offset(start, zone), _next_change(start, span.end, zone)
        yield Window(start, stop), offset
        start = stop


def _next_change(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """The first instant behind `start` with another offset, or `end`. No zone changes twice within six hours."""
    offset, step = _offset(start, zone), timedelta(hours=6)
    while start < end:
        following = min(start + step, end)
        if _offset(following, zone) != offset:
            return _change_between(start, following, zone)
        start = following
    return end


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The instant at which the offset changes, to the second."""
    offset = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        middle = max(middle, before + timedelta(seconds=1))
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _utc(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)


def joined(spans: Iterable[Window]) -> list[Window]:
    """Spans in order, those that touch or overlap as one."""
    found: list[Window] = []
    for start, end in sorted(spans):
        if found and start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Window(start, end))
    return found


def working_hours(given: WorkingHoursInput, roster_zone: str | None, where: str) -> WorkingHours:
    """Checked working hours, in their own zone, the roster's or UTC. Raises `InvalidInput` naming the field."""
    name = given.time_zone or roster_zone or "UTC"
    if not is_zone(name):
        raise InvalidInput("Use an IANA time zone such as Europe/Berlin.", field=f"{where}.time_zone")
    if len({one.date for one in given.overrides}) < len(given.overrides):
        raise InvalidInput("The same day occurs twice.", field=f"{where}.overrides")
    days = enumerate(given.weekly.__struct_fields__)
    weekly = {number: _hours(getattr(given.weekly, day), f"{where}.weekly.{day}") for number, day in days}
    overrides = {
        one.date: _hours(one.hours, f"{where}.overrides[{number}].hours")
        for number, one in enumerate(given.overrides)
    }
    return WorkingHours(ZoneInfo(name), weekly, overrides)


def _hours(given: Sequence[HoursInput], where: str) -> list[Hours]:
    found = []
    for number, one in enumerate(given):
        end = None if one.end == "24:00" else time.fromisoformat(one.end)
        hours = Hours(time.fromisoformat(one.start), end)
        if end is not None and end <= hours.start:
            raise InvalidInput("Hours end after they start.", field=f"{where}[{number}].end")
        found.append(hours)
    return found
