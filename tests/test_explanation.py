"""Why a time is open or blocked: every moment is explained, and the explanation is what the answer says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.explanation import Because, explain, in_words
from shared.freebusy import FRESH_FOR, STALE_FOR, Rule, busy_of
from shared.model import (
    BusyBlock,
    BusyStatus,
    CalendarKey,
    Choice,
    Kept,
    MailboxKey,
    Policy,
    Snapshot,
    UnknownRule,
    Window,
)
from tests.properties import given

B = BusyStatus
DAY = datetime(2026, 12, 9, tzinfo=UTC)
NOW = DAY + timedelta(hours=12)
FIRST, SECOND = CalendarKey(MailboxKey("t", "one")), CalendarKey(MailboxKey("t", "two"))


def at(minute: int) -> datetime:
    return DAY + timedelta(minutes=minute)


def block(start: int, end: int, status: B = B.BUSY) -> BusyBlock:
    return BusyBlock(at(start), at(end), status)


def snapshot(*blocks: BusyBlock, age: timedelta = timedelta(), window: tuple[int, int] = (0, 1440)) -> Snapshot:
    return Snapshot(Window(*map(at, window)), tuple(sorted(blocks)), NOW - age)


BLOCKS = st.builds(
    lambda start, length, status: block(start, start + length, status),
    st.integers(0, 1300), st.integers(1, 140), st.sampled_from(B),
)  # fmt: skip
AGES = st.sampled_from([timedelta(), FRESH_FOR + timedelta(minutes=1), STALE_FOR + timedelta(minutes=1)])
SNAPSHOTS = st.builds(
    lambda blocks, age, window: snapshot(*blocks, age=age, window=window),
    st.lists(BLOCKS, max_size=6), AGES, st.sampled_from([(0, 1440), (300, 1000)]),
)  # fmt: skip
CALENDARS = st.lists(SNAPSHOTS, max_size=2).map(lambda found: list(zip((FIRST, SECOND), found, strict=False)))
RULES = st.builds(Rule, st.frozensets(st.sampled_from(B)), st.booleans())


@given(CALENDARS, RULES, st.tuples(st.integers(0, 700), st.integers(701, 1500)))
def test_parts_cover_the_span_and_are_open_exactly_where_the_answer_has_no_block(
    calendars: list[tuple[CalendarKey, Snapshot]], rule: Rule, asked: tuple[int, int]
) -> None:
    span = Window(*map(at, asked))
    parts = explain(Kept(tuple(calendars)), span, NOW, rule, Policy(), None).parts
    assert [parts[0].start, *(part.end for part in parts)] == [*(part.start for part in parts), parts[-1].end]
    assert (parts[0].start, parts[-1].end) == span
    busy = busy_of([found for _, found in calendars], span, NOW, rule).blocks
    for part in parts:
        middle = part.start + (part.end - part.start) / 2
        assert part.is_open is not any(one.start <= middle < one.end for one in busy)


def test_each_block_is_named_with_its_calendar_its_read_and_its_rule() -> None:
    rule = Rule(frozenset({B.BUSY}))
    calendars = [(FIRST, snapshot(block(60, 120), block(90, 150, B.TENTATIVE))), (SECOND, snapshot(block(100, 110)))]
    found = explain(
        Kept(tuple(calendars)), Window(at(0), at(200)), NOW, rule, Policy(), Choice("ann", busy_statuses=(B.BUSY,))
    )
    part = next(part for part in found.parts if part.start == at(100))
    assert [(reason.calendar, reason.because) for reason in part.reasons] == [
        (FIRST, Because.COUNTS), (FIRST, Because.DOES_NOT_COUNT), (SECOND, Because.COUNTS)
    ]  # fmt: skip
    assert {reason.read_at for reason in part.reasons} == {NOW}
    assert found.chosen_by_member
    assert in_words(part.reasons[1]) == "An event shown as tentative does not count as busy."


def test_where_no_calendar_is_connected_nothing_is_known() -> None:
    for rule, because in (
        (UnknownRule.BLOCK, Because.UNKNOWN_BLOCKS),
        (UnknownRule.ALLOW, Because.UNKNOWN_IS_FREE),
    ):
        policy = Policy(unknown_time=rule)
        found = explain(
            Kept(), Window(at(0), at(60)), NOW, Rule(unknown_is_free=rule is UnknownRule.ALLOW), policy, None
        )
        assert [(r.calendar, r.because) for part in found.parts for r in part.reasons] == [(None, because)]
