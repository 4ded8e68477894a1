"""Selected calendars beside everything else: others that fail, bookings in them, colleagues who share them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from local.microsoft.world import PRIMARY_CALENDAR
from local.soak.history import today
from shared.errors import Conflict, NotWritable, TimeTaken, TryLater
from shared.graph.events import Events
from shared.model import Freshness, Policy, Selections, UnknownRule, Window
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.desk import Desk
from tests.faults.personal_customer import PersonalCustomer
from tests.faults.test_calendars import Ann


@pytest.fixture
def ann(managed: Customer) -> Ann:
    return Ann(managed)


@pytest.fixture
def desk(ann: Ann) -> Desk:
    return Desk(ann.customer)


def test_never_free_a_calendar_that_answers_404_for_a_moment_while_another_one_is_gone(ann: Ann) -> None:
    third = ann.makes("Third")
    ann.selects(PRIMARY_CALENDAR, ann.second, third)
    ann.settles(0)
    ann.loses(ann.second)
    ann.meets(third, hour=13)
    ann.customer.fault(place_of(third, "calendarView"), status=404, code="ErrorItemNotFound", times=None)
    ann.customer.run()
    assert ann.customer.busy(ANN).freshness is not Freshness.FRESH
    ann.customer.lift()
    ann.customer.live(hours=1)
    ann.settles(1)


def test_where_a_booking_finds_a_calendar_gone_the_one_checked_instead_is_read_soon(ann: Ann, desk: Desk) -> None:
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.selects(ann.second)
    ann.loses(ann.second)
    assert isinstance(desk.until_answered(lambda: desk.put("b-1", desk.wanted(9))), TimeTaken)
    ann.customer.ticks(10)
    ann.settles(1)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_booking_that_was_filed_elsewhere_can_be_moved_when_its_calendar_is_gone(
    ann: Ann, desk: Desk, is_known: bool
) -> None:
    """`is_known`: a read has found it gone already."""
    ann.selects(PRIMARY_CALENDAR, ann.second, bookings=ann.second)
    desk.put("b-1", desk.wanted(9))
    (event,) = desk.events(ANN)
    event.calendar_id = PRIMARY_CALENDAR
    ann.customer.wait(minutes=2)
    ann.loses(ann.second)
    if is_known:
        ann.customer.live(hours=7)
    assert desk.until_answered(lambda: desk.put("b-1", desk.wanted(11))) is None
    desk.rests()
    ann.settles(1)


def test_a_booking_is_not_in_its_own_way_where_its_hosts_share_their_calendars(ann: Ann, desk: Desk) -> None:
    shared = ann.gets_from_ben()
    ann.selects(PRIMARY_CALENDAR, shared)
    desk.put("b-1", desk.wanted(9, BEN))
    ann.customer.meet(BEN, hour=11)
    ann.customer.wait(minutes=2)
    assert desk.until_answered(lambda: desk.put("b-1", desk.wanted(9.25, BEN))) is None
    assert isinstance(desk.until_answered(lambda: desk.put("b-2", desk.wanted(11))), TimeTaken)
    desk.rests()


def test_a_shared_calendar_that_is_refused_for_days_is_not_read_live_for_every_question(ann: Ann) -> None:
    history, owner = ann.customer.history, ann.customer.owner(ANN)
    shared = ann.gets_from_ben()
    ann.selects(PRIMARY_CALENDAR, shared)
    history.observer.tables.policies.change(owner.org, lambda _: Policy(unknown_time=UnknownRule.READ_LIVE))
    ann.customer.fault("/users/*/calendars/*/calendarView", status=403, times=None)
    ann.customer.outlook.advance(timedelta(hours=25))
    ann.customer.ticks(10)
    before, tomorrow = ann.customer.reads(ANN), today(ann.customer.outlook.now()) + timedelta(days=1)
    availability = history.host.process.availability
    for _ in range(3):
        answer = availability.busy(owner, Window(tomorrow, tomorrow + timedelta(days=1)))
        assert answer.freshness is Freshness.UNKNOWN
    assert ann.customer.reads(ANN) == before
    ann.says([PRIMARY_CALENDAR], PRIMARY_CALENDAR)
    ann.customer.lift()
    ann.says([PRIMARY_CALENDAR, ann.second], PRIMARY_CALENDAR)
    answer = availability.busy(owner, Window(tomorrow, tomorrow + timedelta(days=1)))
    assert answer.freshness is Freshness.FRESH, "what was never tried is read"


@pytest.mark.parametrize(("status", "code"), [(403, "ErrorAccessDenied"), (404, "ErrorItemNotFound")])
def test_a_calendar_of_ones_own_that_cannot_be_read_cannot_be_selected(ann: Ann, status: int, code: str) -> None:
    """All of a mailbox's own calendars are read together: it would keep the others from being read."""
    ann.customer.fault("/users/*/calendars/*/calendarView", status=status, code=code, times=None)
    with pytest.raises(Conflict, match="does not let us read"):
        ann.selects(PRIMARY_CALENDAR, ann.second)
    ann.settles(0)


def test_an_event_is_not_taken_for_deleted_where_one_calendar_cannot_be_looked_into(ann: Ann, desk: Desk) -> None:
    locked = ann.makes("Holidays", read_only=True)
    ann.customer.world.switches.events_listed = "calendar"
    ann.selects(ann.second)
    desk.put("b-1", desk.wanted(9))
    booking = desk.booking("b-1")
    assert booking is not None
    events, where = Events(ann.customer.history.host.process._graph), booking.lead
    ann.customer.fault(place_of(ann.second), status=404, code="ErrorItemNotFound", times=1)
    with pytest.raises(TryLater):
        events.find(where.mailbox, where.transaction)
    ann.customer.fault(place_of(locked), status=400, code="ErrorInvalidRequest", times=None)
    assert events.find(where.mailbox, where.transaction) is not None


def place_of(calendar: str, what: str = "events") -> str:
    """As faults name it."""
    return f"/users/*/calendars/{calendar.rstrip('=')}*/{what}"


@pytest.mark.parametrize(("status", "code"), [(403, "ErrorAccessDenied"), (404, "ErrorItemNotFound")])
def test_a_booking_refused_for_a_shared_calendar_is_not_said_to_be_for_want_of_rights(
    ann: Ann, desk: Desk, status: int, code: str
) -> None:
    ann.selects(PRIMARY_CALENDAR, ann.gets_from_ben())
    ann.customer.fault("/users/*/calendars/*/calendarView", status=status, code=code, times=None)
    refused = desk.until_answered(lambda: desk.put("b-1", desk.wanted(9)))
    assert isinstance(refused, NotWritable)
    assert (refused.reason, refused.member) == ("shared_calendar_unreadable", ANN)
    ann.selects(PRIMARY_CALENDAR)
    assert desk.until_answered(lambda: desk.put("b-1", desk.wanted(9))) is None
    desk.rests()


def test_nothing_is_left_of_an_own_account_of_which_other_calendars_were_selected(personal: PersonalCustomer) -> None:
    ann, owner = Ann(personal), personal.owner(ANN)
    ann.selects(ann.second)
    personal.history.host.process.own_connections.disconnect(ann.caller)
    personal.live(hours=1)
    calendars = personal.history.observer.tables.calendars
    assert (calendars.named(owner), calendars.selections(owner)) == ([], Selections())
