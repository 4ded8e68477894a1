"""Free times against an oracle that asks of every single minute, in any zone and over every change of clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from shared.free_times import Combine, Grid, Meeting, free_bits, slots
from shared.model import BusyBlock, BusyStatus, Window
from shared.working_hours import ALL_DAY, Hours, WorkingHours
from tests.properties import THOUSAND, given

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
    "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "America/Sao_Paulo",
)  # fmt: skip
CHANGES = (
    date(2026, 3, 28), date(2026, 10, 24), date(2026, 3, 7), date(2026, 10, 31), date(2026, 4, 4), date(2026, 10, 3),
    date(2011, 12, 29), date(2026, 4, 4), date(2026, 2, 14), date(2018, 11, 3),
)  # fmt: skip
"""Days before a change of clocks in one of the zones; Apia left out a whole day."""

CLOCK = st.integers(0, 24 * 12 - 1).map(lambda number: time(number // 12, number % 12 * 5))
HOURS = st.tuples(CLOCK, CLOCK | st.none()).filter(lambda pair: pair[1] is None or pair[0] < pair[1])
DAYS_HOURS = st.lists(HOURS.map(lambda pair: Hours(*pair)), max_size=2)
BEGINS = st.builds(
    lambda day, minutes: datetime.combine(day, time(0), UTC) + MINUTE * minutes,
    st.sampled_from(CHANGES) | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(-720, 1440),
)


@st.composite
def schedules(draw: st.DrawFn, begin: datetime) -> WorkingHours:
    weekly = draw(st.dictionaries(st.integers(0, 6), DAYS_HOURS, min_size=4))
    near = [begin.date() + timedelta(days=number) for number in range(-1, 4)]
    overrides = draw(st.dictionaries(st.sampled_from(near), DAYS_HOURS, max_size=2))
    return WorkingHours(ZoneInfo(draw(st.sampled_from(ZONES))), weekly, overrides)


@st.composite
def busy(draw: st.DrawFn, begin: datetime) -> list[BusyBlock]:
    unit = draw(st.sampled_from([1, 5, 15]))
    ends = st.tuples(st.integers(-300 // unit, 3000 // unit), st.integers(1, 600 // unit))
    pairs = [(unit * a, unit * n) for a, n in draw(st.lists(ends, max_size=6))]
    return [BusyBlock(begin + MINUTE * a, begin + MINUTE * (a + n), BusyStatus.BUSY) for a, n in pairs]


def works(hours: WorkingHours, at: datetime) -> bool:
    """What the wall clock says."""
    wall = at.astimezone(hours.zone)
    clock = wall.time()
    return any(one.start <= clock and (one.end is None or clock < one.end) for one in hours.on(wall.date()))


def minutes(span: Window) -> Iterator[datetime]:
    return (span.start + MINUTE * number for number in range((span.end - span.start) // MINUTE))


def fits(hours: WorkingHours, blocks: list[BusyBlock], meeting: Meeting, at: datetime) -> bool:
    """Minute by minute: in working hours throughout, and with its buffers beside everything busy."""
    taken = Window(at - meeting.before, at + meeting.duration + meeting.after)
    if any(block.start < taken.end and block.end > taken.start for block in blocks):
        return False
    return all(works(hours, minute) for minute in minutes(Window(at, at + meeting.duration)))


STEPS = st.sampled_from([5, 10, 15, 20, 30, 45, 60, 90])


@given(st.data(), BEGINS, st.integers(1, 3), STEPS, STEPS, st.integers(0, 40), st.integers(0, 40), examples=THOUSAND)
def test_times_of_one_member_are_those_that_every_minute_allows(
    data: st.DataObject, begin: datetime, days: int, step: int, length: int, before: int, after: int
) -> None:
    hours, blocks = data.draw(schedules(begin)), data.draw(busy(begin))
    span = Window(begin, begin + timedelta(days=days))
    meeting = Meeting(MINUTE * length, MINUTE * before, MINUTE * after)
    earliest = begin + MINUTE * data.draw(st.integers(-60, 600))
    grid = Grid(span.start, span.end, MINUTE * step, meeting.duration, earliest)
    bits = free_bits(hours.within(span), blocks, meeting, grid)
    found = {slot.start for slot in slots({"ann": bits}, Combine.EVERYONE, 1, grid)}
    times = [span.start + MINUTE * step * number for number in range(days * 1440 // step + 1)]
    expected = {
        at for at in times
        if earliest <= at and at + meeting.duration <= span.end and fits(hours, blocks, meeting, at)
    }  # fmt: skip
    assert found == expected


@given(
    st.lists(st.integers(0, 2**40 - 1), min_size=1, max_size=7),
    st.sampled_from(Combine),
    st.integers(1, 7),
    examples=THOUSAND,
)
def test_members_combine_time_by_time(free: list[int], combine: Combine, wanted: int) -> None:
    start = datetime(2026, 12, 7, tzinfo=UTC)
    grid = Grid(start, start + timedelta(hours=10), timedelta(minutes=15), timedelta(minutes=15), start)
    assert grid.size == 40
    names = {f"m{number}": bits for number, bits in enumerate(free)}
    needed = {Combine.EVERYONE: len(free), Combine.ANYONE: 1, Combine.AT_LEAST: wanted}[combine]
    expected = []
    for number in range(40):
        there = tuple(name for name, bits in names.items() if bits >> number & 1)
        if len(there) >= needed:
            expected.append((grid.at(number), () if combine is Combine.EVERYONE else there))
    assert [(slot.start, slot.members) for slot in slots(names, combine, wanted, grid)] == expected


HALF = timedelta(minutes=30)
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = WorkingHours(BERLIN, {6: [Hours(time(1), time(4))]})


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 2), (date(2026, 10, 25), 4), (date(2026, 6, 7), 3)],
    ids=["an hour is skipped", "an hour comes twice", "any other night"],
)  # fmt: skip
def test_a_night_with_a_change_of_clocks_is_as_long_as_it_is(day: date, hours: int) -> None:
    start = datetime.combine(day, time(0), BERLIN).astimezone(UTC)
    found = NIGHT.within(Window(start, start + timedelta(hours=30)))
    assert [end - begin for begin, end in found] == [timedelta(hours=hours)]


def test_all_hours_are_one_span_across_midnight_and_changes_of_clocks() -> None:
    span = Window(datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 4, 3, tzinfo=UTC))
    assert WorkingHours(BERLIN).within(span) == [span]
    assert WorkingHours(BERLIN, {0: ALL_DAY}).within(Window(span.start, span.start)) == []


def test_no_buffer_is_needed_between_a_meeting_and_what_touches_it() -> None:
    start = datetime(2026, 12, 7, 9, tzinfo=UTC)
    span = Window(start, start + timedelta(hours=2))
    block = BusyBlock(start + HALF, start + 2 * HALF, BusyStatus.BUSY)
    grid = Grid(*span, HALF, HALF, start)

    def offered(meeting: Meeting) -> list[int]:
        bits = free_bits([span], [block], meeting, grid)
        return [number for number in range(grid.size) if bits >> number & 1]

    assert offered(Meeting(HALF)) == [0, 2, 3]
    assert offered(Meeting(HALF, before=timedelta(minutes=5))) == [0, 3]
    assert offered(Meeting(HALF, after=timedelta(minutes=5))) == [2, 3]
