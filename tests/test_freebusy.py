"""How far a cached calendar can be believed, and what it says about a span of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.freebusy import (
    FRESH_FOR,
    STALE_FOR,
    BusyAnswer,
    busy_in,
    busy_of,
    clip,
    freshness,
    rolling_window,
    widened,
)
from shared.model import BusyBlock, BusyStatus, ConnectionStatus, Freshness, Snapshot, Window
from tests.properties import given

B, F = BusyStatus, Freshness
NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
DAY = datetime(2026, 12, 9, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def at(minute: int) -> datetime:
    return DAY + timedelta(minutes=minute)


def block(start: int, end: int, status: BusyStatus = B.BUSY) -> BusyBlock:
    return BusyBlock(at(start), at(end), status)


WHOLE_DAY = Window(at(0), at(1440))


def snapshot(
    *blocks: BusyBlock,
    window: Window = WHOLE_DAY,
    read_at: datetime = NOW,
    unreadable_since: datetime | None = None,
) -> Snapshot:
    return Snapshot(window, blocks, read_at, unreadable_since, unreadable_since and ConnectionStatus.STALE)


FRESHNESS = {
    "never read": (None, F.UNKNOWN),
    "read now": (snapshot(), F.FRESH),
    "read by a clock ahead of ours": (snapshot(read_at=NOW + timedelta(minutes=5)), F.FRESH),
    "just fresh": (snapshot(read_at=NOW - FRESH_FOR), F.FRESH),
    "no longer fresh": (snapshot(read_at=NOW - FRESH_FOR - MOMENT), F.STALE),
    "just believed": (snapshot(read_at=NOW - STALE_FOR), F.STALE),
    "no longer believed": (snapshot(read_at=NOW - STALE_FOR - MOMENT), F.UNKNOWN),
    "a later read failed": (snapshot(unreadable_since=NOW), F.STALE),
    "a later read failed, just believed": (
        snapshot(read_at=NOW - STALE_FOR, unreadable_since=NOW - timedelta(hours=1)),
        F.STALE,
    ),
    "a later read failed, no longer believed": (
        snapshot(read_at=NOW - STALE_FOR - MOMENT, unreadable_since=NOW - timedelta(hours=1)),
        F.UNKNOWN,
    ),
}


@pytest.mark.parametrize(("cached", "expected"), FRESHNESS.values(), ids=FRESHNESS.keys())
def test_how_far_a_snapshot_is_believed(cached: Snapshot | None, expected: Freshness) -> None:
    assert freshness(cached, NOW) is expected


U = B.UNKNOWN
ANSWERS = {
    # snapshot, span, freshness, blocks
    "nothing read": (None, (60, 120), F.UNKNOWN, [block(60, 120, U)]),
    "too old": (snapshot(block(60, 90), read_at=NOW - STALE_FOR - MOMENT), (0, 120), F.UNKNOWN, [block(0, 120, U)]),
    "free": (snapshot(), (60, 120), F.FRESH, []),
    "busy in the middle": (snapshot(block(80, 90)), (60, 120), F.FRESH, [block(80, 90)]),
    "busy over the start": (snapshot(block(30, 90)), (60, 120), F.FRESH, [block(60, 90)]),
    "busy over the end": (snapshot(block(90, 200)), (60, 120), F.FRESH, [block(90, 120)]),
    "busy over all of it": (snapshot(block(30, 200)), (60, 120), F.FRESH, [block(60, 120)]),
    "busy until it begins": (snapshot(block(30, 60)), (60, 120), F.FRESH, []),
    "busy from its end": (snapshot(block(120, 150)), (60, 120), F.FRESH, []),
    "of no length": (snapshot(block(80, 80)), (60, 120), F.FRESH, []),
    "two at once": (
        snapshot(block(80, 90, B.TENTATIVE), block(70, 90, B.OOF)),
        (60, 120),
        F.FRESH,
        [block(70, 90, B.OOF), block(80, 90, B.TENTATIVE)],
    ),
    "stale": (snapshot(block(80, 90), unreadable_since=NOW), (60, 120), F.STALE, [block(80, 90)]),
    "the whole window": (snapshot(block(80, 90)), (0, 1440), F.FRESH, [block(80, 90)]),
    "a minute before the window": (snapshot(), (-1, 120), F.UNKNOWN, [block(-1, 0, U)]),
    "a minute behind the window": (snapshot(), (1200, 1441), F.UNKNOWN, [block(1440, 1441, U)]),
    "around the window": (
        snapshot(block(80, 90)),
        (-10, 1450),
        F.UNKNOWN,
        [block(-10, 0, U), block(80, 90), block(1440, 1450, U)],
    ),
    "before the window": (snapshot(block(80, 90)), (-60, -10), F.UNKNOWN, [block(-60, -10, U)]),
    "up to the window": (snapshot(block(0, 90)), (-60, 0), F.UNKNOWN, [block(-60, 0, U)]),
    "behind the window": (snapshot(block(80, 90)), (1500, 1600), F.UNKNOWN, [block(1500, 1600, U)]),
    "stale and outside": (snapshot(unreadable_since=NOW), (-10, 10), F.UNKNOWN, [block(-10, 0, U)]),
}


@pytest.mark.parametrize(("cached", "span", "believed", "blocks"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_a_snapshot_says_about_a_span(
    cached: Snapshot | None, span: tuple[int, int], believed: Freshness, blocks: list[BusyBlock]
) -> None:
    read_at = cached.read_at if cached else None
    assert busy_in(cached, Window(*map(at, span)), NOW) == BusyAnswer(believed, read_at, tuple(blocks))


EARLIER = NOW - timedelta(hours=1)
TOGETHER = {
    # snapshots, freshness, read at, blocks
    "none": ([], F.UNKNOWN, None, [block(60, 120, U)]),
    "one": ([snapshot(block(80, 90))], F.FRESH, NOW, [block(80, 90)]),
    "two": (
        [snapshot(block(80, 90)), snapshot(block(70, 75), read_at=EARLIER)],
        F.FRESH, EARLIER, [block(70, 75), block(80, 90)],
    ),
    "one stale": ([snapshot(block(80, 90)), snapshot(unreadable_since=NOW)], F.STALE, NOW, [block(80, 90)]),
    "one too old": (
        [snapshot(block(80, 90)), snapshot(read_at=NOW - STALE_FOR - MOMENT)],
        F.UNKNOWN, NOW - STALE_FOR - MOMENT, [block(60, 120, U), block(80, 90)],
    ),
    "one stale and one too old": (
        [snapshot(unreadable_since=NOW), snapshot(read_at=NOW - STALE_FOR - MOMENT)],
        F.UNKNOWN, NOW - STALE_FOR - MOMENT, [block(60, 120, U)],
    ),
    "one of another window": (
        [snapshot(block(80, 90)), snapshot(window=Window(at(0), at(100)))],
        F.UNKNOWN, NOW, [block(80, 90), block(100, 120, U)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("cached", "believed", "read_at", "blocks"), TOGETHER.values(), ids=TOGETHER.keys())
def test_what_several_calendars_say_together(
    cached: list[Snapshot], believed: Freshness, read_at: datetime | None, blocks: list[BusyBlock]
) -> None:
    answer = busy_of(cached, Window(at(60), at(120)), NOW)
    assert answer == BusyAnswer(believed, read_at, tuple(blocks))


def test_a_widened_window_is_a_day_more_on_both_sides() -> None:
    assert widened(Window(at(0), at(1440))) == Window(at(-1440), at(2880))


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2026-12-09T12:00", "2026-12-08", "2027-03-10"),
        ("2026-12-09T00:00", "2026-12-08", "2027-03-10"),
        ("2026-12-09T23:59:59.999999", "2026-12-08", "2027-03-10"),
        ("2028-02-29T06:00", "2028-02-28", "2028-05-30"),
    ],
)
def test_the_window_is_whole_days_from_yesterday_to_ninety_ahead(now: str, first: str, last: str) -> None:
    window = rolling_window(datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert window == Window(*(datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (first, last)))


# Against a naive oracle that asks minute by minute.

MINUTES = st.integers(-20, 60)
blocks = st.lists(st.builds(block, MINUTES, MINUTES, st.sampled_from(B)), max_size=6)
spans = st.tuples(MINUTES, st.integers(1, 40)).map(lambda s: (s[0], s[0] + s[1]))
windows = st.tuples(st.integers(-10, 20), st.integers(1, 40)).map(lambda s: (s[0], s[0] + s[1]))
ages = st.sampled_from([timedelta(), FRESH_FOR, FRESH_FOR + MOMENT, STALE_FOR, STALE_FOR + MOMENT])


def statuses(minute: int, found: tuple[BusyBlock, ...] | list[BusyBlock]) -> set[BusyStatus]:
    return {b.status for b in found if b.start <= at(minute) < b.end}


@given(blocks, spans, windows, ages, st.booleans())
def test_every_minute_is_answered_as_the_oracle_says(
    found: list[BusyBlock], span: tuple[int, int], window: tuple[int, int], age: timedelta, failed: bool
) -> None:
    cached = snapshot(
        *found,
        window=Window(*map(at, window)),
        read_at=NOW - age,
        unreadable_since=NOW if failed else None,
    )
    answer = busy_in(cached, Window(*map(at, span)), NOW)
    for minute in range(*span):
        known = window[0] <= minute < window[1]
        if age > STALE_FOR:
            assert statuses(minute, answer.blocks) == {U}
        elif known:
            assert statuses(minute, answer.blocks) == statuses(minute, found)
        else:
            assert U in statuses(minute, answer.blocks)
    everything_known = window[0] <= span[0] and span[1] <= window[1]
    assert (answer.freshness is F.UNKNOWN) == (age > STALE_FOR or not everything_known)


@given(blocks, spans)
def test_clipped_blocks_are_inside_in_order_and_not_empty(found: list[BusyBlock], span: tuple[int, int]) -> None:
    clipped = clip(found, Window(*map(at, span)))
    assert list(clipped) == sorted(clipped)
    assert all(at(span[0]) <= b.start < b.end <= at(span[1]) for b in clipped)
    assert clip(clipped, Window(*map(at, span))) == clipped


@given(st.lists(blocks, max_size=3), spans, st.randoms(use_true_random=False))
def test_a_minute_is_taken_if_any_calendar_says_so_in_whatever_order(
    calendars: list[list[BusyBlock]], span: tuple[int, int], random: object
) -> None:
    everything = Window(at(-20), at(60))
    cached = [snapshot(*found, window=everything) for found in calendars] or [snapshot(window=everything)]
    asked = Window(*map(at, (span[0], min(span[1], 60)))) if span[0] < 60 else everything
    answer = busy_of(cached, asked, NOW)
    random.shuffle(cached)  # type: ignore[attr-defined]
    assert busy_of(cached, asked, NOW) == answer
    for minute in range(-20, 60):
        if asked.start <= at(minute) < asked.end:
            assert statuses(minute, answer.blocks) == statuses(minute, [b for found in calendars for b in found])
