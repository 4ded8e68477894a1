"""P3: bookings of which something changes while they are made, moved or called off."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from shared.bookings.bookings import Booked
from shared.bookings.steps import Wanted
from shared.errors import CallerError, NotFound, NotWritable, OutOfDate, TimeTaken, Unavailable
from shared.model import BookingStatus, ConnectionStatus, UnknownRule
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.desk import Desk
from tests.faults.test_bookings import CREATES
from tests.faults.test_bookings_in_outlook import Outlook

S = BookingStatus
EVENT = "/users/*/events/*"


@pytest.fixture
def desk(managed: Customer) -> Outlook:
    """Books into managed calendars."""
    return Outlook(managed)


@pytest.fixture
def any_desk(customer: Customer) -> Outlook:
    """Books into managed calendars, and into members' own ones."""
    return Outlook(customer)


def put(desk: Desk, booking: str, wanted: Wanted, version: int) -> Booked:
    """A request for one version."""
    return desk.history.host.process.bookings.put(desk.customer.owner(ANN), booking, wanted, version)


def late_creation(desk: Desk) -> None:
    """A creation that Microsoft carries out long after it was given up."""
    desk.customer.fault(CREATES, method="POST", late_seconds=400, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted())


def test_called_off_before_microsoft_carries_it_out_it_leaves_nothing(any_desk: Outlook) -> None:
    late_creation(any_desk)
    assert any_desk.cancel("b").status is S.CANCELLED
    any_desk.customer.wait(minutes=8)
    any_desk.customer.outlook.await_delivery()
    assert len(any_desk.events(ANN)) == 1
    any_desk.customer.wait(minutes=5)
    assert any_desk.events(ANN) == []


def test_asked_for_again_and_refused_what_failed_before_is_still_removed_when_it_comes_late(desk: Outlook) -> None:
    late_creation(desk)
    desk.customer.wait(minutes=3)
    assert desk.status("b") is S.FAILED
    version = desk.booking("b").version  # type: ignore[union-attr]
    desk.customer.meet(ANN)
    with pytest.raises(TimeTaken):
        desk.put("b", desk.wanted())
    desk.customer.wait(minutes=5)
    desk.customer.outlook.await_delivery()
    assert len(desk.events(ANN)) == 1
    desk.customer.wait(minutes=8)
    assert desk.events(ANN) == []
    desk.put("b", desk.wanted(12))
    assert desk.booking("b").version > version  # type: ignore[union-attr]


def test_asked_for_again_with_other_hosts_what_comes_late_is_removed_from_the_former_ones(desk: Outlook) -> None:
    ben = desk.customer.user(BEN).id
    desk.customer.fault(f"/users/{ben}/events", method="POST", late_seconds=400, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(9, BEN))
    desk.customer.wait(minutes=3)
    assert desk.status("b") is S.FAILED
    desk.put("b", desk.wanted(9))
    desk.customer.wait(minutes=5)
    desk.customer.outlook.await_delivery()
    assert len(desk.events(BEN)) == 1
    desk.customer.wait(minutes=8)
    assert desk.events(BEN) == []
    assert len(desk.events(ANN)) == 1


def test_a_host_who_deleted_it_does_not_stand_in_the_way_of_a_move(desk: Outlook) -> None:
    desk.booked(BEN)
    desk.delete(BEN)
    desk.customer.run()
    desk.customer.meet(BEN, hour=11)
    moved = desk.put("b", desk.wanted(11, BEN))
    assert moved.booking.version == 3
    assert desk.events(BEN) == []


@pytest.mark.parametrize("where", ["calendarView", "write", "change"])
def test_a_refusal_names_the_host_whose_calendar_it_is(desk: Outlook, where: str) -> None:
    ben = desk.customer.user(BEN).id
    if where == "change":
        desk.booked(BEN)
        desk.customer.fault(f"/users/{ben}/events/*", method="PATCH", status=403, code="ErrorAccessDenied")
    elif where == "write":
        desk.customer.fault(f"/users/{ben}/events", method="POST", status=403, code="ErrorAccessDenied")
    else:
        desk.customer.fault(f"/users/{ben}/calendarView", status=403, code="ErrorAccessDenied")
    with pytest.raises(NotWritable) as refused:
        desk.put("b", desk.wanted(10, BEN))
    assert refused.value.member == BEN
    assert "ben" in refused.value.detail


def test_a_move_in_outlook_is_told_before_a_change_goes_over_it(any_desk: Outlook) -> None:
    any_desk.booked()
    any_desk.customer.misdeliver("drop", times=1)
    any_desk.move()
    wanted = any_desk.wanted(9, subject="SECRET-other")
    with pytest.raises(OutOfDate):
        put(any_desk, "b", wanted, 1)
    assert any_desk.put("b", wanted).booking.version == 3
    any_desk.customer.live(hours=1)
    any_desk.agrees()
    assert (any_desk.booking("b").span, any_desk.changes()) == (wanted.span, [("moved", ANN)])  # type: ignore[union-attr]


def test_an_edit_in_outlook_is_told_before_a_change_goes_beside_it(desk: Outlook) -> None:
    desk.booked()
    desk.customer.misdeliver("drop", times=1)
    desk.edit(location={"displayName": "SECRET-elsewhere"})
    desk.put("b", desk.wanted(9, subject="SECRET-other"))
    desk.customer.run()
    desk.customer.live(hours=7)
    assert desk.changes() == [("edited", ANN)]


def test_the_time_that_a_move_leaves_is_nobodys_until_it_is_done(desk: Outlook) -> None:
    desk.booked(BEN)
    desk.customer.wait(minutes=2)
    ann = desk.customer.user(ANN).id
    desk.customer.fault(f"/users/{ann}/events/*", method="PATCH", status=503, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(11, BEN))
    with suppress(CallerError):
        desk.put("c", desk.wanted(9), BEN)
    desk.customer.wait(minutes=5)
    starts = sorted(event.fields["start"]["dateTime"] for event in desk.events(BEN))
    assert len(starts) == len(set(starts))


def test_a_meeting_that_becomes_a_teams_meeting_is_one_for_every_host(desk: Outlook) -> None:
    desk.booked(BEN)
    done = desk.put("b", desk.wanted(9, BEN, online=True)).booking
    assert done.online
    assert done.join_url
    assert desk.events(BEN)[0].fields["location"]["displayName"] == done.join_url


def test_where_teams_is_not_allowed_a_meeting_does_not_become_one(desk: Outlook) -> None:
    desk.booked()
    desk.customer.user(ANN).mailbox.online_meetings = False  # type: ignore[union-attr]
    with pytest.raises(NotWritable) as refused:
        desk.put("b", desk.wanted(9, online=True))
    assert refused.value.reason == "teams_not_allowed"


def test_a_calendar_that_takes_no_link_ends_neither_the_booking_nor_what_is_noticed_of_it(desk: Outlook) -> None:
    ben = desk.customer.user(BEN).id
    desk.customer.fault(f"/users/{ben}/events/*", method="PATCH", status=403, code="ErrorAccessDenied", times=None)
    desk.put("b", desk.wanted(9, BEN, online=True))
    desk.customer.wait(minutes=3)
    assert desk.booking("b").work is None  # type: ignore[union-attr]
    desk.move()
    desk.customer.run()
    assert desk.changes() == [("moved", ANN)]


def test_an_uncertain_booking_that_cannot_be_called_off_yet_is_later(desk: Outlook) -> None:
    desk.customer.fault(CREATES, method="POST", after_write=True, reset=True, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted())
    desk.customer.fault(EVENT, status=403, code="ErrorAccessDenied", times=1)
    desk.customer.fault("/users/*/events", method="GET", status=403, code="ErrorAccessDenied", times=1)
    with pytest.raises(NotWritable):
        desk.cancel("b")
    desk.customer.lift()
    desk.customer.wait(minutes=3)
    assert desk.status("b") is S.CANCELLED
    desk.agrees()


def test_called_off_for_the_host_who_invites_it_is_called_off_whatever_another_calendar_says(desk: Outlook) -> None:
    desk.booked(BEN)
    ben = desk.customer.user(BEN).id
    desk.customer.fault(f"/users/{ben}/events/*", method="DELETE", status=403, code="ErrorAccessDenied", times=1)
    assert desk.cancel("b").status is S.CANCELLED
    desk.customer.wait(minutes=1)
    desk.customer.wait(minutes=3)
    assert desk.told() == []
    kept = desk.booking("b")
    assert kept is not None
    assert (kept.status, kept.cancelled_by) == (S.CANCELLED, "platform")
    desk.agrees()


def test_a_change_for_one_version_may_be_sent_again_as_it_was(desk: Outlook) -> None:
    desk.booked()
    desk.customer.fault(EVENT, method="PATCH", after_write=True, reset=True, times=3)
    wanted = desk.wanted(11)
    with pytest.raises(Unavailable):
        put(desk, "b", wanted, 1)
    put(desk, "b", wanted, 1)


def test_a_cancellation_for_one_version_may_be_sent_again_as_it_was(desk: Outlook) -> None:
    desk.booked()
    bookings, owner = desk.history.host.process.bookings, desk.customer.owner(ANN)
    bookings.cancel(owner, "b", "", 1)
    bookings.cancel(owner, "b", "", 1)
    with pytest.raises(OutOfDate):
        bookings.put(owner, "b", desk.wanted(), 1)


def test_who_read_it_before_it_was_moved_says_nothing_of_where_it_is(desk: Outlook) -> None:
    desk.booked()
    same, other = desk.wanted(9), desk.wanted(11)
    observer, owner = desk.history.observer, desk.customer.owner(ANN)
    host = desk.history.host
    host.interrupt(1, lambda: observer.bookings.put(owner, "b", other), afterwards=True)
    with suppress(CallerError):
        host.attempt(lambda: desk.put("b", same))
    host.interruptions.forget()
    assert desk.claim().start == other.span.start


def test_a_booking_that_no_read_reaches_takes_its_time_where_unknown_time_is_free(desk: Outlook) -> None:
    tables, org = desk.history.observer.tables, desk.history.org
    tables.policies.change(org, lambda policy: replace(policy, unknown_time=UnknownRule.ALLOW))
    desk.booked(day=120)
    desk.customer.tick()
    desk.customer.live(hours=7)
    wanted = desk.wanted(9, day=120)
    answer = desk.history.observer.availability.busy(desk.customer.owner(ANN), wanted.span)
    assert [(block.start, block.end) for block in answer.blocks] == [wanted.span]


def test_whoever_leaves_the_roster_gives_back_what_was_held_of_other_hosts(desk: Outlook) -> None:
    desk.customer.fault(CREATES, method="POST", status=503, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(9, BEN))
    desk.history.remove_member(ANN)
    desk.customer.wait(minutes=5)
    assert desk.history.observer.tables.calendars.kept(desk.customer.owner(BEN)).claims == ()


def test_whose_host_left_the_roster_it_is_called_off_but_not_changed(desk: Outlook) -> None:
    desk.booked(BEN)
    desk.history.remove_member(BEN)
    requests = desk.customer.counted(f"/users/{desk.customer.user(BEN).id}/**")
    with pytest.raises(NotFound):
        desk.put("b", desk.wanted(11, BEN))
    assert requests() == 0
    assert desk.history.observer.tables.calendars.kept(desk.customer.owner(BEN)).claims == ()
    assert desk.cancel("b").status is S.CANCELLED


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"status": ConnectionStatus.USER_DISCONNECTED}, "user_disconnected"), ({"object_id": "x"}, "calendar_changed")],
)
def test_a_calendar_that_is_not_the_hosts_any_more_is_not_asked(
    desk: Outlook, change: dict[str, Any], reason: str
) -> None:
    desk.booked()
    connections = desk.history.observer.tables.connections
    connections.change(desk.history.org, ANN, lambda known: known and replace(known, **change))
    requests = desk.customer.counted("/users/**")
    with pytest.raises(NotWritable) as refused:
        desk.put("b", desk.wanted(11))
    assert (refused.value.reason, requests()) == (reason, 0)


def test_a_change_that_nobody_can_look_at_until_it_is_over_leaves_the_booking_confirmed(desk: Outlook) -> None:
    desk.put("b", desk.wanted(9, day=0))
    desk.customer.fault(EVENT, method="PATCH", status=503, times=3)
    with pytest.raises(Unavailable):
        desk.put("b", desk.wanted(10, day=0))
    for where in (CREATES, EVENT):
        desk.customer.fault(where, method="GET", status=403, code="ErrorAccessDenied", times=None)
    desk.customer.wait(hours=30)
    assert (desk.status("b"), desk.told()) == (S.CONFIRMED, [])
    assert desk.booking("b").work is None  # type: ignore[union-attr]
