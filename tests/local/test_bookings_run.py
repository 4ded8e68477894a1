"""What a run of bookings makes of what it saw; the run itself is in `tests/scenarios/test_bookings_killed.py`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from local.bookings.__main__ import report
from local.bookings.checks import possible_spans, possible_states, wrong_events, wrong_mails, wrong_states
from local.bookings.clients import GIVEN_UP, Asked, Booker, Desk
from local.bookings.meetings import Afterwards, Meeting, Span, meetings
from local.bookings.outlook import Seen, overlaps
from local.bookings.run import Outcome, Scale

NINE = datetime(2026, 12, 9, 9, tzinfo=UTC)
MEMBERS = ["ann", "ben", "cleo"]
BOOKED, REFUSED, LOST = 201, 409, GIVEN_UP


def span(minutes: int) -> Span:
    start = NINE + timedelta(minutes=minutes)
    return Span(start, start + timedelta(minutes=30))


def booker(*history: Asked) -> Booker:
    wanted = Meeting("b", "ann", ("ben",), span(0), span(60), 0, False, 0, 1, True, Afterwards.NOTHING, None)
    made = Booker(Desk("", ""), wanted)
    made.history += history
    return made


def seen(*hosts: str, minutes: int = 0, booking: str = "b") -> list[Seen]:
    return [Seen(booking, host, span(minutes)) for host in hosts]


def test_the_same_seed_asks_for_the_same_and_for_every_kind() -> None:
    asked = meetings(200, 20, MEMBERS, NINE, seed=7)
    assert asked == meetings(200, 20, MEMBERS, NINE, seed=7) != meetings(200, 20, MEMBERS, NINE, seed=8)
    assert {one.afterwards for one in asked} == set(Afterwards)
    for part in ("others", "buffer", "teams", "begins_after", "again"):
        assert 0 < sum(bool(getattr(one, part)) for one in asked) < 200
    assert {one.copies for one in asked} == {1, 2, 3}


def test_events_of_one_member_that_overlap_are_found() -> None:
    first, second = seen("ann"), seen("ann", minutes=15, booking="c")
    assert overlaps([*second, *first]) == [(first[0], second[0])]
    assert overlaps([*first, *seen("ben", minutes=15, booking="c"), *seen("ann", minutes=30, booking="d")]) == []


@pytest.mark.parametrize(
    "shown", [seen("ann"), seen("ann", "ben", "ben"), seen("ann", "ben", minutes=15), []], ids=str
)
def test_a_confirmed_booking_is_one_event_of_each_host_at_its_time(shown: list[Seen]) -> None:
    asked = booker(Asked("book", span(0), BOOKED))
    assert list(wrong_events(asked, "confirmed", span(0), seen("ann", "ben"))) == []
    assert len(list(wrong_events(asked, "confirmed", span(0), shown))) == 1
    assert len(list(wrong_events(asked, "failed", span(0), seen("ann")))) == 1


@pytest.mark.parametrize(
    ("book", "cancel", "possible"),
    [
        (BOOKED, None, {"confirmed"}),
        (REFUSED, None, {"failed", "gone"}),
        (LOST, None, {"confirmed", "failed", "gone"}),
        (BOOKED, 200, {"cancelled"}),
        (BOOKED, LOST, {"confirmed", "cancelled"}),
    ],
)
def test_what_was_answered_says_what_may_have_become_of_it(book: int, cancel: int | None, possible: set[str]) -> None:
    cancels = [] if cancel is None else [Asked("cancel", None, cancel)]
    assert possible_states([Asked("book", span(0), book)], cancels) == possible


def test_a_move_that_was_answered_counts_and_one_that_was_not_may() -> None:
    books = [Asked("book", span(0), BOOKED)]
    assert possible_spans(books, [Asked("move", span(60), 200)]) == {span(60)}
    assert possible_spans(books, [Asked("move", span(60), REFUSED)]) == {span(0)}
    assert possible_spans(books, [Asked("move", span(60), LOST)]) == {span(0), span(60)}


def test_a_booking_left_open_or_elsewhere_is_a_finding() -> None:
    asked = booker(Asked("book", span(0), BOOKED))
    assert list(wrong_states(asked, "confirmed", span(0))) == []
    assert len(list(wrong_states(asked, "confirmed", span(15)))) == 1
    assert len(list(wrong_states(asked, "held", span(0)))) == 2


@pytest.mark.parametrize(
    ("state", "mails", "wrong"),
    [
        ("confirmed", [(1, 0)], 0),
        ("confirmed", [(1, 1), (1, 0)], 0),
        ("confirmed", [(2, 0)], 1),
        ("confirmed", [(1, 0), (1, 0)], 1),
        ("confirmed", [], 1),
        ("cancelled", [(1, 1)], 0),
        ("cancelled", [(1, 0)], 1),
        ("failed", [], 0),
    ],
)
def test_visitors_are_invited_once_and_told_once_that_it_is_off(
    state: str, mails: list[tuple[int, int]], wrong: int
) -> None:
    sent = {str(number): Counter(invitation=a, cancellation=b) for number, (a, b) in enumerate(mails)}
    assert len(list(wrong_mails(booker(), state, sent))) == wrong


@pytest.mark.parametrize("kind", ["overlaps", "wrong", "leftovers", "calendars"])
def test_any_finding_is_shown_and_ends_with_1(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(Scale(), bookers=[booker(Asked("book", span(0), BOOKED))], states={"b": "confirmed"})
    assert report(outcome, 5) == 0
    getattr(outcome, kind).append("b is wrong")
    assert report(outcome, 5) == 1
    assert "b is wrong" in capsys.readouterr().out
