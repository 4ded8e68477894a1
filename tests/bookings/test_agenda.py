"""P3 in one row: of two bookings that overlap, one gets in; what reads show is not counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import strategies as st

from shared.bookings.agenda import (
    CLOCKS,
    LATELY,
    MOST_CLAIMS,
    PAST,
    in_the_way,
    is_held,
    restored,
    taken,
    with_held,
    with_written,
    without,
    without_held,
)
from shared.errors import Conflict
from shared.model import Agenda, BusyBlock, BusyStatus, CalendarKey, Claim, MailboxKey, Snapshot, Window
from tests.properties import THOUSAND, given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MAILBOX = MailboxKey("t", "ann")
CALENDAR = CalendarKey(MAILBOX)
MINUTE = timedelta(minutes=1)


def claim(booking: str, start: int, end: int, written_at: datetime | None = None, version: int = 1) -> Claim:
    return Claim(
        "ann", booking, NOW + MINUTE * start, NOW + MINUTE * end, written_at, mailbox=MAILBOX, version=version
    )


def span(one: Claim) -> Window:
    return Window(one.start, one.end)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "write", "release", "give up"]),
        st.sampled_from("abcde"),
        st.integers(0, 20),
        st.integers(1, 8),
        st.integers(0, 90),
    ),
    max_size=30,
)


@given(STEPS, examples=THOUSAND)
def test_whatever_is_asked_for_in_whatever_order_no_two_bookings_overlap(
    steps: list[tuple[str, str, int, int, int]],
) -> None:
    agenda, now = Agenda(), NOW
    for what, booking, start, length, seconds in steps:
        now += timedelta(seconds=seconds)
        asked = claim(booking, start, start + length)
        held = next((one for one in agenda.claims if one.booking == booking and is_held(one)), None)
        match what:
            case "hold" if held is None and in_the_way(agenda, asked, span(asked), now) is None:
                agenda = with_held(agenda, asked, now)
            case "write" if held is not None:
                agenda = with_written(agenda, claim(booking, *minutes(held), now))
            case "release":
                agenda = without(agenda, "ann", booking, 1)
            case "give up":
                agenda = without_held(agenda, "ann", booking, now)
        unseen = [one for one in agenda.claims if is_held(one) or (one.written_at or now) >= now - LATELY]
        for one, other in combinations(unseen, 2):
            assert one.booking == other.booking or one.end <= other.start or other.end <= one.start


def minutes(one: Claim) -> tuple[int, int]:
    return (one.start - NOW) // MINUTE, (one.end - NOW) // MINUTE


def test_buffers_keep_clear_of_other_meetings_but_may_overlap_their_buffers() -> None:
    agenda = Agenda((claim("a", 60, 90),))
    asked = claim("b", 100, 130)
    assert in_the_way(agenda, asked, Window(asked.start - 10 * MINUTE, asked.end), NOW) is None
    assert in_the_way(agenda, asked, Window(asked.start - 11 * MINUTE, asked.end), NOW) == agenda.claims[0]


def test_what_was_written_a_while_ago_is_for_outlook_to_say() -> None:
    asked = claim("b", 60, 90)
    lately, before = claim("a", 60, 90, NOW - LATELY), claim("a", 60, 90, NOW - LATELY - timedelta(seconds=1))
    assert in_the_way(Agenda((lately,)), asked, span(asked), NOW) == lately
    assert in_the_way(Agenda((before,)), asked, span(asked), NOW) is None


def test_a_look_at_another_mailbox_does_not_show_it() -> None:
    """Whose connection moved has bookings in the mailbox before."""
    asked, before = claim("b", 60, 90), claim("a", 60, 90, NOW - timedelta(days=1))
    assert in_the_way(Agenda((before,)), asked, span(asked), NOW) is None
    elsewhere = replace(before, mailbox=MailboxKey("t", "another"))
    assert in_the_way(Agenda((elsewhere,)), asked, span(asked), NOW) == elsewhere


def test_the_time_that_a_booking_leaves_is_taken_until_it_has_left() -> None:
    asked, leaving = claim("b", 0, 30), claim("a", 0, 30, NOW - timedelta(days=1))
    moving = with_held(Agenda((leaving,)), claim("a", 60, 90, version=2), NOW)
    assert in_the_way(moving, asked, span(asked), NOW) == leaving
    moved = with_written(moving, claim("a", 60, 90, NOW, version=2))
    assert in_the_way(moved, asked, span(asked), NOW) is None


def test_who_says_what_was_before_takes_nothing_from_what_came_since() -> None:
    """Somebody who read the booking before it was moved, or asked for again, writes or releases late."""
    held = replace(claim("a", 60, 90, version=2), until=NOW + 2 * MINUTE)
    moving = with_held(Agenda((claim("a", 0, 30, NOW),)), held, NOW)
    assert with_written(moving, claim("a", 0, 30, NOW)) == moving
    assert [minutes(one) for one in with_written(moving, claim("a", 0, 31, NOW)).claims] == [(60, 90), (0, 31)]
    assert [minutes(one) for one in with_written(moving, claim("a", 0, 31, NOW + 2 * MINUTE)).claims] == [(0, 31)]
    moved = with_written(moving, claim("a", 60, 90, NOW, version=2))
    assert moved.claims == (claim("a", 60, 90, NOW, version=2),)
    assert with_written(moved, claim("a", 0, 30, NOW + MINUTE)) == moved
    left_over = Agenda((*moved.claims, claim("a", 120, 150, version=1)))
    assert with_written(left_over, claim("a", 0, 30, NOW + MINUTE)) == left_over
    assert without(moved, "ann", "a", 1) == moved
    assert without_held(moving, "ann", "a", NOW) == moving
    assert without(moved, "ann", "a", 2) == Agenda()


def test_a_move_holds_the_new_time_beside_the_old_until_it_is_written() -> None:
    before = Agenda((claim("a", 0, 30, NOW),))
    moving = with_held(before, claim("a", 60, 90), NOW)
    assert [minutes(one) for one in moving.claims] == [(0, 30), (60, 90)]
    assert without_held(moving, "ann", "a", NOW) == before
    assert [minutes(one) for one in with_written(moving, claim("a", 60, 90, NOW)).claims] == [(60, 90)]


def test_a_change_taken_back_leaves_the_time_before_and_what_somebody_holds_since() -> None:
    held = replace(claim("a", 60, 90, version=2), until=NOW)
    before = with_held(Agenda((claim("a", 0, 30, NOW),)), held, NOW)
    again = claim("a", 0, 30, NOW + MINUTE)
    assert restored(before, again, NOW) == Agenda((again,))
    later = replace(held, until=NOW + MINUTE)
    assert restored(with_held(before, later, NOW), again, NOW) == Agenda((later, again))
    written = with_written(before, claim("a", 60, 90, NOW, version=2))
    assert restored(written, again, NOW) == written


def test_writing_down_what_is_known_changes_nothing() -> None:
    agenda = Agenda((claim("a", 0, 30, NOW),))
    assert with_written(agenda, claim("a", 0, 30, NOW + MINUTE)) == agenda
    assert with_written(agenda, claim("a", 0, 31, NOW + MINUTE)) != agenda


@pytest.mark.parametrize(
    ("read_at", "counts"), [(NOW, True), (NOW + CLOCKS, True), (NOW + CLOCKS + timedelta(seconds=1), False)]
)
def test_a_booking_counts_until_a_read_began_after_it_was_written(read_at: datetime, counts: bool) -> None:
    snapshot = Snapshot(Window(NOW, NOW + timedelta(days=1)), (), read_at)
    block = BusyBlock(NOW, NOW + 30 * MINUTE, BusyStatus.BUSY)
    assert taken([claim("a", 0, 30, NOW)], [(CALENDAR, snapshot)]) == ([block] if counts else [])
    assert taken([claim("a", 0, 30)], [(CALENDAR, snapshot)]) == [block]
    assert taken([claim("a", 0, 30, NOW)], [(CalendarKey(MailboxKey("t", "other")), snapshot)]) == [block]


def test_what_no_read_reaches_counts_whatever_was_read() -> None:
    snapshot = Snapshot(Window(NOW, NOW + timedelta(days=1)), (), NOW + timedelta(hours=1))
    reached, behind = claim("a", 0, 30, NOW), claim("b", 24 * 60 - 10, 24 * 60 + 20, NOW)
    assert taken([reached, behind], [(CALENDAR, snapshot)]) == [BusyBlock(behind.start, behind.end, BusyStatus.BUSY)]


def test_an_agenda_forgets_what_is_long_over_and_says_when_it_is_full() -> None:
    agenda = Agenda(tuple(claim(str(number), 0, 30, NOW) for number in range(MOST_CLAIMS)))
    with pytest.raises(Conflict):
        with_held(agenda, claim("one more", 60, 90), NOW)
    later = NOW + 31 * MINUTE + PAST
    assert [one.booking for one in with_held(agenda, claim("one more", 60, 90), later).claims] == ["one more"]
