"""Several calendars of one mailbox: what is selected counts, and nothing of it is ever free by accident."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest

from local.microsoft import calendar_owners
from local.microsoft.graph import events
from local.microsoft.world import PRIMARY_CALENDAR, Event
from local.soak.base import times
from local.soak.history import today
from shared.callers import Caller
from shared.errors import Conflict, Forbidden, InvalidInput, TimeTaken
from shared.model import MANAGED, PERSONAL, ConnectionStatus, Detail, Freshness, Policy, Role, is_own
from shared.selected_calendars import Listed
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.desk import Desk
from tests.faults.workers import process, told, while_reading

S = ConnectionStatus


class Ann:
    """A member with calendars besides the default one."""

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self.selecting = customer.history.host.process.selected_calendars
        self.connection = PERSONAL if is_own(customer.key(ANN).tenant_id) else MANAGED
        self.second = self.makes("Second")
        customer.world.switches.shared_calendars_for_apps = True

    @property
    def caller(self) -> Caller:
        org = self.customer.history.org
        return Caller(ANN, org, org, Role.USER, "enterprise", frozenset())

    def makes(self, name: str, **more: Any) -> str:
        """A new calendar in Outlook; its id."""
        world, user = self.customer.world, self.customer.user(ANN)
        return self.customer.outlook.do(lambda: calendar_owners.add_calendar(world, user, name, **more))

    def gets_from_ben(self) -> str:
        """Ben shares his calendar; its id with ann."""
        world, tenant, ben = self.customer.place(BEN)
        ann = self.customer.user(ANN)
        share = lambda: calendar_owners.share_calendar(world, tenant, ben, PRIMARY_CALENDAR, ann)  # noqa: E731
        return self.customer.outlook.do(share)

    def loses(self, calendar: str) -> None:
        """It is deleted in Outlook, or shared no more."""
        place = self.customer.place(ANN)
        assert self.customer.outlook.do(lambda: calendar_owners.remove_calendar(*place, calendar))

    def selects(self, *checked: str, bookings: str | None = None) -> list[Listed]:
        """What is checked from now on, read at once."""
        found = self.says(checked, bookings or checked[0])
        self.customer.run()
        return found

    def says(self, checked: Collection[str], bookings: str) -> list[Listed]:
        return self.selecting.select(self.caller, self.connection, checked, bookings)

    def meets(self, calendar: str, *, day: int = 1, hour: int = 9, minutes: int = 60) -> Event:
        """A new event in a calendar of hers."""
        start = today(self.customer.outlook.now()) + timedelta(days=day, hours=hour)
        body = {"subject": "SECRET-meeting", "showAs": "busy", **times(start, minutes)}
        place = self.customer.place(ANN)
        return self.customer.outlook.do(lambda: events.create_event(*place, body, calendar))

    @property
    def listed(self) -> dict[str, Listed]:
        """Her calendars by name."""
        return {one.calendar.name: one for one in self.selecting.of(self.caller, self.connection)}

    def settles(self, blocks: int) -> None:
        """Fresh, so many blocks, and still one subscription."""
        answer = self.customer.busy(ANN)
        assert (answer.freshness, len(answer.blocks)) == (Freshness.FRESH, blocks), answer
        assert len(self.customer.subscriptions(ANN)) == 1


@pytest.fixture
def ann(customer: Customer) -> Ann:
    return Ann(customer)


def test_events_of_every_selected_calendar_count_and_the_one_subscription_tells_of_them(ann: Ann) -> None:
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.meets(ann.second, hour=11)
    ann.customer.run()
    ann.settles(1)
    ann.selects(PRIMARY_CALENDAR, ann.second)
    ann.settles(2)
    ann.meets(ann.second, hour=13)
    ann.customer.run()
    ann.settles(3)


def test_what_is_newly_selected_is_unknown_until_it_was_read(ann: Ann) -> None:
    ann.says([PRIMARY_CALENDAR, ann.second], PRIMARY_CALENDAR)
    answer = ann.customer.busy(ANN)
    assert (answer.freshness, len(answer.blocks)) == (Freshness.UNKNOWN, 1)
    ann.customer.run()
    ann.settles(0)


def test_what_is_selected_no_more_counts_no_more_and_is_not_kept(ann: Ann) -> None:
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.meets(ann.second, hour=11)
    ann.selects(PRIMARY_CALENDAR, ann.second)
    ann.selects(ann.second)
    ann.settles(1)
    calendars = ann.customer.history.observer.tables.calendars
    assert [key.calendar for key, _ in calendars.named(ann.customer.owner(ANN))] == [ann.second]
    ann.selects(PRIMARY_CALENDAR)
    ann.settles(1)
    assert calendars.selections(ann.customer.owner(ANN)).mailboxes == ()


def test_a_selection_made_while_the_mailbox_is_read_ends_with_what_was_selected(ann: Ann) -> None:
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.meets(ann.second, hour=11)
    ann.customer.run()
    for checked, blocks in (([PRIMARY_CALENDAR, ann.second], 2), ([ann.second], 1)):
        worker = process(ann.customer)
        ann.customer.wait(seconds=30)
        while_reading(worker, lambda checked=checked: ann.says(checked, checked[0]))  # type: ignore[misc]
        worker.calendar_syncs.run(told(ann.customer))
        ann.customer.live(hours=1)
        ann.settles(blocks)


def test_changes_of_a_shared_calendar_show_within_ten_minutes_and_nobody_is_blamed_for_them(ann: Ann) -> None:
    shared = ann.gets_from_ben()
    ann.selects(PRIMARY_CALENDAR, shared)
    ann.settles(0)
    ann.customer.meet(BEN, hour=15)
    ann.customer.ticks(15)
    ann.settles(1)
    ann.customer.ticks(30)
    assert ann.customer.mailbox(ANN).missed_at is None
    ann.customer.outlook.advance(timedelta(minutes=35))
    assert ann.customer.busy(ANN).freshness is Freshness.STALE


def test_a_shared_calendar_that_is_refused_is_not_free_and_keeps_no_other_from_being_read(ann: Ann) -> None:
    shared = ann.gets_from_ben()
    ann.customer.meet(BEN, hour=15)
    ann.selects(PRIMARY_CALENDAR, shared)
    ann.customer.fault("/users/*/calendars/*/calendarView", status=403, times=None)
    ann.customer.ticks(15)
    assert ann.customer.state(ANN) == (S.CONNECTED, Detail.CALENDAR_UNREADABLE)
    assert ann.listed["ben (Calendar)"].unreadable_since is not None
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.customer.run()
    assert ann.customer.blocks(ANN) == 2
    assert ann.customer.busy(ANN).freshness is Freshness.STALE
    ann.customer.outlook.advance(timedelta(hours=25))
    ann.customer.tick()
    assert ann.customer.busy(ANN).freshness is Freshness.UNKNOWN
    ann.customer.lift()
    ann.customer.ticks(15)
    assert ann.customer.state(ANN) == (S.CONNECTED, None)
    assert ann.customer.busy(ANN).freshness is Freshness.FRESH


def test_a_shared_calendar_that_microsoft_only_lists_cannot_be_selected(ann: Ann) -> None:
    shared = ann.gets_from_ben()
    ann.customer.fault("/users/*/calendars/*/calendarView", status=404, code="ErrorItemNotFound")
    with pytest.raises(Conflict, match="does not let us read"):
        ann.selects(PRIMARY_CALENDAR, shared)
    ann.settles(0)


def test_a_calendar_that_is_gone_is_left_out_and_its_bookings_go_to_the_default_one(ann: Ann) -> None:
    ann.meets(ann.second, hour=11)
    ann.selects(ann.second)
    ann.settles(1)
    ann.loses(ann.second)
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.customer.live(minutes=10)
    ann.settles(1)
    assert ann.customer.state(ANN) == (S.CONNECTED, None)
    assert ann.listed["Calendar"].takes_bookings
    org = ann.customer.history.org
    entries = list(ann.customer.history.observer.tables.audit.of(org))
    assert [entry.actor for entry in entries if entry.action == "calendars.gone"] == ["system"]


def test_a_calendar_shared_no_more_is_left_out(ann: Ann) -> None:
    shared = ann.gets_from_ben()
    ann.customer.meet(BEN, hour=15)
    ann.selects(PRIMARY_CALENDAR, shared)
    ann.settles(1)
    ann.loses(shared)
    ann.customer.ticks(15)
    ann.settles(0)


def test_a_404_for_a_calendar_that_is_there_leaves_it_selected_and_its_time_taken(ann: Ann) -> None:
    ann.meets(ann.second, hour=11)
    ann.selects(PRIMARY_CALENDAR, ann.second)
    ann.customer.fault("/users/*/calendars/*/calendarView", status=404, code="ErrorItemNotFound", times=None)
    ann.meets(PRIMARY_CALENDAR, hour=9)
    ann.customer.live(hours=2)
    assert ann.customer.status(ANN) is S.STALE
    assert ann.customer.blocks(ANN) == 1
    ann.customer.lift()
    ann.customer.live(hours=2)
    ann.settles(2)


def test_the_default_calendar_stays_checked_where_members_may_not_disconnect(ann: Ann) -> None:
    tables, org = ann.customer.history.observer.tables, ann.customer.history.org
    tables.policies.change(org, lambda _: Policy(members_may_disconnect=False))
    if ann.connection == MANAGED:
        with pytest.raises(Forbidden):
            ann.selects(ann.second)
    else:
        ann.selects(ann.second)
    ann.selects(PRIMARY_CALENDAR, ann.second, bookings=ann.second)


def test_bookings_go_to_calendars_of_ones_own_that_can_be_written_and_are_checked(ann: Ann) -> None:
    locked, shared = ann.makes("Holidays", read_only=True), ann.gets_from_ben()
    for bookings, checked in ((locked, [locked]), (shared, [shared]), (ann.second, [PRIMARY_CALENDAR])):
        with pytest.raises(InvalidInput) as refused:
            ann.says(checked, bookings)
        assert refused.value.field == "bookings"
    with pytest.raises(InvalidInput) as unknown:
        ann.says([PRIMARY_CALENDAR, "AAMkNobodys"], PRIMARY_CALENDAR)
    assert unknown.value.field == "checked"


@pytest.fixture
def desk(ann: Ann) -> Desk:
    return Desk(ann.customer)


def test_a_booking_goes_to_the_selected_calendar_and_is_watched_there(ann: Ann, desk: Desk) -> None:
    ann.selects(PRIMARY_CALENDAR, ann.second, bookings=ann.second)
    desk.put("b-1", desk.wanted(9))
    (event,) = desk.events(ANN)
    assert event.calendar_id == ann.second
    ann.customer.wait(minutes=2)
    desk.agrees()
    place, start = ann.customer.place(ANN), today(ann.customer.outlook.now()) + timedelta(days=1, hours=14)
    ann.customer.outlook.do(lambda: events.update_event(*place, event.id, times(start, 30)))
    desk.rests()
    booking = desk.booking("b-1")
    assert booking is not None
    assert booking.start == start


def test_time_taken_in_any_selected_calendar_cannot_be_booked_though_the_cache_does_not_know_yet(
    ann: Ann, desk: Desk
) -> None:
    ann.selects(PRIMARY_CALENDAR, ann.second)
    ann.meets(ann.second, hour=9)
    refused = desk.until_answered(lambda: desk.put("b-1", desk.wanted(9)))
    assert isinstance(refused, TimeTaken)
    desk.rests()


def test_the_time_of_a_booking_stays_taken_when_its_calendar_is_checked_no_more(ann: Ann, desk: Desk) -> None:
    ann.selects(PRIMARY_CALENDAR, ann.second, bookings=ann.second)
    desk.put("b-1", desk.wanted(9))
    ann.customer.live(hours=1)
    ann.selects(PRIMARY_CALENDAR)
    ann.customer.live(hours=7)
    ann.settles(1)
    refused = desk.until_answered(lambda: desk.put("b-2", desk.wanted(9)))
    assert isinstance(refused, TimeTaken)
    desk.cancel("b-1")
    desk.rests()
    ann.settles(0)


def test_a_booking_into_a_calendar_that_is_gone_goes_to_the_default_one_when_it_is_repeated(
    ann: Ann, desk: Desk
) -> None:
    ann.selects(ann.second)
    ann.loses(ann.second)
    assert desk.until_answered(lambda: desk.put("b-1", desk.wanted(9))) is None
    (event,) = desk.events(ANN)
    assert event.calendar_id == PRIMARY_CALENDAR
    desk.rests()
    ann.settles(1)
