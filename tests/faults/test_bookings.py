"""P3 and F14: whatever Microsoft answers and whenever the process dies, a booking is one event or none."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from local.soak.interruptions import kill
from shared.bookings.holds import Holds
from shared.errors import CallerError, NotWritable, TimeTaken, Unavailable
from shared.model import BookingStatus, Sensitivity
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.desk import Desk
from tests.faults.test_decisions_interrupted import MOST_STEPS, STRIDE

S = BookingStatus
CREATES = "/users/*/events"
LOST = {
    # what comes in place of the answer, and what a repetition is answered with
    "reset, the event": ({"reset": True}, "existing"),
    "reset, 400": ({"reset": True}, "400"),
    "reset, 409": ({"reset": True}, "409"),
    "504": ({"status": 504}, "409"),
    "500 as HTML": ({"status": 500, "html": True}, "existing"),
}


@pytest.fixture
def desk(managed: Customer) -> Desk:
    """Books into managed calendars."""
    return Desk(managed)


@pytest.fixture
def any_desk(customer: Customer) -> Desk:
    """Books into managed calendars, and into members' own ones."""
    return Desk(customer)


def test_a_booking_is_an_event_with_its_visitor_invited_once(any_desk: Desk) -> None:
    wanted = any_desk.wanted(sensitivity=Sensitivity.PRIVATE, location="Room 1")
    assert any_desk.put("b", wanted).is_new
    assert not any_desk.put("b", wanted).is_new
    (event,) = any_desk.events(ANN)
    assert (event.fields["sensitivity"], event.fields["location"]) == ("private", {"displayName": "Room 1"})
    assert [mail["kind"] for mail in any_desk.customer.user(ANN).mailbox.outbox] == ["invitation"]  # type: ignore[union-attr]
    any_desk.rests()


def test_the_booked_time_is_busy_in_the_next_answer(desk: Desk) -> None:
    wanted = desk.wanted()
    assert desk.customer.blocks(ANN) == 0
    desk.put("b", wanted)
    assert [(block.start, block.end) for block in desk.customer.busy(ANN).blocks] == [wanted.span]
    desk.customer.run()
    assert [(block.start, block.end) for block in desk.customer.busy(ANN).blocks] == [wanted.span]


def test_a_time_that_is_taken_in_outlook_is_refused_with_what_takes_it(any_desk: Desk) -> None:
    any_desk.customer.history.host.queue.clear()
    meeting = any_desk.customer.meet(ANN, hour=9, minutes=45)
    with pytest.raises(TimeTaken) as refused:
        any_desk.put("b", any_desk.wanted(9.5))
    assert refused.value.member == ANN
    assert f"{refused.value.block.start:%Y-%m-%dT%H:%M:%S}" == meeting.fields["start"]["dateTime"][:19]
    assert any_desk.booking("b") is None
    any_desk.rests()


@pytest.mark.parametrize("case", LOST)
def test_f14_a_creation_whose_answer_is_lost_is_one_event(any_desk: Desk, case: str) -> None:
    lost, retry = LOST[case]
    any_desk.customer.world.switches.transaction_retry = retry  # type: ignore[assignment]
    any_desk.customer.fault(CREATES, method="POST", after_write=True, **lost)
    assert any_desk.put("b", any_desk.wanted()).is_new
    assert len(any_desk.events(ANN)) == 1
    any_desk.rests()


@pytest.mark.parametrize("retry", ["existing", "400", "409"])
def test_f14_a_creation_never_answered_is_one_event_once_the_request_is_repeated(desk: Desk, retry: str) -> None:
    desk.customer.world.switches.transaction_retry = retry  # type: ignore[assignment]
    desk.customer.fault(CREATES, method="POST", after_write=True, reset=True)
    desk.customer.fault(CREATES, method="POST", status=503, times=2)
    wanted = desk.wanted()
    with pytest.raises(Unavailable):
        desk.put("b", wanted)
    assert desk.customer.blocks(ANN) == 1
    assert desk.put("b", wanted).is_new
    assert len(desk.events(ANN)) == 1
    desk.rests()


def test_f14_a_creation_never_answered_nor_repeated_is_settled_and_told(any_desk: Desk) -> None:
    any_desk.customer.fault(CREATES, method="POST", after_write=True, reset=True, times=3)
    with pytest.raises(Unavailable):
        any_desk.put("b", any_desk.wanted())
    any_desk.rests()
    assert any_desk.status("b") is S.CONFIRMED


def test_f14_a_creation_carried_out_long_after_it_was_given_up_is_removed_again(any_desk: Desk) -> None:
    any_desk.customer.fault(CREATES, method="POST", late_seconds=400, times=3)
    with pytest.raises(Unavailable):
        any_desk.put("b", any_desk.wanted())
    any_desk.customer.wait(minutes=3)
    assert (any_desk.status("b"), any_desk.events(ANN)) == (S.FAILED, [])
    any_desk.customer.wait(minutes=5)
    any_desk.customer.outlook.await_delivery()
    assert len(any_desk.events(ANN)) == 1
    any_desk.rests()


def test_f14_a_creation_carried_out_late_is_removed_even_where_the_booking_was_asked_for_again_and_refused(
    desk: Desk,
) -> None:
    desk.customer.fault(CREATES, method="POST", late_seconds=400, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted())
    desk.customer.wait(minutes=3)
    desk.customer.meet(ANN)
    with pytest.raises(TimeTaken):
        desk.put("b", desk.wanted())
    assert desk.status("b") is S.FAILED
    desk.customer.wait(minutes=5)
    desk.customer.outlook.await_delivery()
    assert len(desk.events(ANN)) == 1
    desk.rests()


def test_f14_a_creation_carried_out_once_more_after_it_was_cancelled_is_removed(desk: Desk) -> None:
    desk.customer.fault(CREATES, method="POST", late_seconds=400)
    desk.put("b", desk.wanted())
    desk.cancel("b")
    desk.customer.wait(minutes=8)
    desk.customer.outlook.await_delivery()
    assert len(desk.events(ANN)) == 1
    desk.rests()
    assert desk.status("b") is S.CANCELLED


def test_the_time_that_a_booking_is_moved_from_is_nobody_elses_until_every_host_has_followed(desk: Desk) -> None:
    desk.put("b", desk.wanted(9, BEN))
    desk.customer.wait(minutes=2)
    desk.customer.fault(f"/users/{desk.customer.user(ANN).id}/events/*", method="PATCH", reset=True, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(11, BEN))
    with pytest.raises(TimeTaken):
        desk.put("other", desk.wanted(9), BEN)
    desk.rests()
    assert len(desk.events(BEN)) == 1


def test_a_move_carried_out_long_after_it_was_given_up_is_refused(any_desk: Desk) -> None:
    any_desk.put("b", any_desk.wanted(9))
    any_desk.customer.fault("/users/*/events/*", method="PATCH", late_seconds=400, times=3)
    with pytest.raises(Unavailable):
        any_desk.put("b", any_desk.wanted(11))
    any_desk.customer.wait(minutes=3)
    any_desk.put("other", any_desk.wanted(11))
    any_desk.customer.wait(minutes=5)
    any_desk.customer.outlook.await_delivery()
    any_desk.rests()
    assert len({str(event.fields["start"]) for event in any_desk.events(ANN)}) == 2
    assert [mail["kind"] for mail in any_desk.customer.user(ANN).mailbox.outbox] == ["invitation"] * 2  # type: ignore[union-attr]


def test_a_move_asked_for_again_while_it_is_taken_back_stays(desk: Desk) -> None:
    desk.put("b", desk.wanted(9))
    for fault in (
        {"reset": True, "after_write": True},
        {"status": 403, "code": "x"},
        {"late_seconds": 400, "times": 3},
    ):
        desk.customer.fault("/users/*/events/*", method="PATCH", **fault)
    with pytest.raises(NotWritable):
        desk.put("b", desk.wanted(11))
    moved = desk.put("b", desk.wanted(11)).booking
    desk.customer.wait(minutes=8)
    desk.customer.outlook.await_delivery()
    desk.rests()
    kept = desk.booking("b")
    assert kept is not None
    assert kept.span == moved.span == desk.wanted(11).span


def test_who_writes_down_late_lets_go_of_nothing_that_was_held_since(desk: Desk) -> None:
    desk.put("b", desk.wanted(9))
    before = desk.booking("b")
    assert before is not None
    desk.customer.fault("/users/*/events/*", method="PATCH", reset=True, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(11))
    tables = desk.history.observer.tables
    Holds(tables.calendars, desk.history.host.process.now).write_down(desk.history.org, before)
    claims = tables.calendars.kept(desk.customer.owner(ANN)).claims
    assert [claim.written_at is None for claim in claims] == [False, True]
    desk.rests()


def test_a_creation_that_never_came_about_leaves_nothing_and_is_told(desk: Desk) -> None:
    desk.customer.fault(CREATES, method="POST", status=503, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted())
    desk.rests()
    assert desk.status("b") is S.FAILED
    assert desk.put("b", desk.wanted()).is_new
    desk.rests()


@pytest.mark.parametrize("where", ["calendarView", "write"])
def test_a_calendar_that_nobody_lets_us_into_is_refused_with_what_to_do(any_desk: Desk, where: str) -> None:
    if where == "write":
        any_desk.customer.fault(CREATES, method="POST", status=403, code="ErrorAccessDenied")
    else:
        any_desk.customer.fault("/users/*/calendarView", status=403, code="ErrorAccessDenied")
    with pytest.raises(NotWritable) as refused:
        any_desk.put("b", any_desk.wanted())
    assert (refused.value.reason, refused.value.member) == ("calendar_denied", ANN)
    any_desk.rests()


def test_where_teams_is_not_allowed_nothing_is_booked(desk: Desk) -> None:
    mailbox = desk.customer.user(ANN).mailbox
    assert mailbox is not None
    mailbox.online_meetings = False
    with pytest.raises(NotWritable) as refused:
        desk.put("b", desk.wanted(online=True))
    assert refused.value.reason == "teams_not_allowed"
    desk.rests()
    assert desk.events(ANN) == []


def test_several_hosts_are_booked_together_with_one_invitation_and_one_online_meeting(desk: Desk) -> None:
    booking = desk.put("b", desk.wanted(9, BEN, online=True)).booking
    (first,), (second,) = desk.events(ANN), desk.events(BEN)
    assert first.fields["onlineMeeting"]["joinUrl"] == booking.join_url == second.fields["location"]["displayName"]
    assert len(first.fields["attendees"]) == 1
    assert not second.fields.get("attendees")
    assert desk.customer.user(BEN).mailbox.outbox == []  # type: ignore[union-attr]
    desk.rests()


@pytest.mark.parametrize("trouble", ["busy", "held", "denied"])
def test_of_several_hosts_all_are_booked_or_none(any_desk: Desk, trouble: str) -> None:
    match trouble:
        case "busy":
            any_desk.customer.meet(BEN)
        case "held":
            any_desk.put("other", any_desk.wanted(9.25), BEN)
        case "denied":
            any_desk.customer.fault(
                f"/users/{any_desk.customer.user(ANN).id}/events", method="POST", status=403, code="x"
            )
    before = len(any_desk.events(BEN))
    with pytest.raises((TimeTaken, NotWritable)):
        any_desk.put("b", any_desk.wanted(9, BEN))
    assert (len(any_desk.events(ANN)), len(any_desk.events(BEN))) == (0, before)
    assert any_desk.customer.user(ANN).mailbox.outbox == []  # type: ignore[union-attr]
    any_desk.rests()


Act = Callable[[Desk], object]

BOOKS: Act = lambda desk: desk.put("b", desk.wanted())  # noqa: E731
BOOKS_BOTH: Act = lambda desk: desk.put("b", desk.wanted(9, BEN, online=True))  # noqa: E731
MOVES: Act = lambda desk: desk.put("b", desk.wanted(9.25))  # noqa: E731
MOVES_BOTH: Act = lambda desk: desk.put("b", desk.wanted(11, BEN, online=True, subject="SECRET-other"))  # noqa: E731
CANCELS: Act = lambda desk: desk.cancel("b")  # noqa: E731

INTERRUPTED: dict[str, tuple[list[Act], Act]] = {
    "a booking": ([], BOOKS),
    "a booking of two": ([], BOOKS_BOTH),
    "a move": ([BOOKS], MOVES),
    "a move of two": ([BOOKS_BOTH], MOVES_BOTH),
    "a cancellation": ([BOOKS], CANCELS),
    "a cancellation of two": ([BOOKS_BOTH], CANCELS),
}
"""What comes before, and what is interrupted."""


@pytest.mark.parametrize("trouble", ["killed, repeated", "killed, given up", "stalled"])
@pytest.mark.parametrize("case", INTERRUPTED)
def test_interrupted_at_any_request_it_is_done_or_nothing_of_it(
    new_managed: Make, new_mixed: Make, case: str, trouble: str
) -> None:
    """Of two hosts, the one who invites is booked in an account of their own."""
    before, act = INTERRUPTED[case]
    desk = Desk(new_mixed() if case.endswith("of two") else new_managed())
    for step in range(1, MOST_STEPS, STRIDE):
        for prepare in before:
            desk.until_answered(lambda prepare=prepare: prepare(desk))  # type: ignore[misc]
        struck = _interrupted_at(desk, step, lambda: act(desk), stalls=trouble == "stalled")
        if trouble == "killed, repeated":
            assert desk.until_answered(lambda: act(desk)) is None
        desk.rests()
        desk.until_answered(lambda: desk.cancel("b"))
        desk.rests()
        desk.history.observer.tables.bookings.delete(desk.history.org, "ann|b")
        if not struck:
            assert step > 5
            return
    raise AssertionError("it never comes to an end")


def _interrupted_at(desk: Desk, step: int, act: Callable[[], object], *, stalls: bool) -> bool:
    """Act; at that request the process dies, or stalls for so long that others take over. Whether it came to that."""
    struck: list[int] = []

    def strike() -> None:
        struck.append(step)
        if stalls:
            desk.customer.wait(minutes=3)
        else:
            kill()

    host = desk.history.host
    host.interrupt(step, strike, afterwards=not stalls)
    with suppress(CallerError):
        host.attempt(act)
    host.interruptions.forget()
    return bool(struck)
