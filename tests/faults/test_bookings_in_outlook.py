"""F15: what people do to a booking in Outlook becomes its state and is told once; what we do ourselves never is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.microsoft.graph import events
from local.soak.base import times
from local.soak.history import today
from shared.model import BookingStatus, Claim, Response, Window
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.desk import VISITOR, Desk
from tests.faults.test_decisions_interrupted import MOST_STEPS, STRIDE, dies_at

S = BookingStatus
LOOKS = "/$batch"

Act = Callable[["Outlook"], object]


class Outlook(Desk):
    """A desk, and what people do to its bookings in Outlook."""

    def booked(self, *others: str, day: int = 1, booking: str = "b", **content: object) -> None:
        """A booking that was seen by a read."""
        self.put(booking, self.wanted(9, *others, day=day, **content))
        self.customer.wait(minutes=1)

    def edit(self, name: str = ANN, **fields: Any) -> None:
        """The owner changes the event."""
        self._do(name, lambda place, event: events.update_event(*place, event, fields))

    def move(self, name: str = ANN, *, day: int = 1, hour: int = 15) -> Window:
        """The owner moves it; where to."""
        start = today(self.customer.outlook.now()) + timedelta(days=day, hours=hour)
        self.edit(name, **times(start, 30))
        return Window(start, start + timedelta(minutes=30))

    def answer(self, answer: str) -> None:
        """The visitor answers the invitation."""
        self._do(ANN, lambda place, event: events.answer_event(*place, event, VISITOR.address, answer))

    def delete(self, name: str = ANN) -> None:
        """The owner deletes it."""
        self._do(name, lambda place, event: events.delete_event(*place, event))

    def file(self, name: str = ANN) -> None:
        """The owner puts it into another calendar."""
        mailbox = self.customer.user(name).mailbox
        assert mailbox is not None
        mailbox.calendars.setdefault("Second", "Second")
        self._do(name, lambda place, event: events.move_event(*place, event, "Second"))

    def _do(self, name: str, change: Callable[[Any, str], object]) -> None:
        (event,) = self.events(name)
        self.customer.outlook.do(lambda: change(self.customer.place(name), event.id))

    def told(self, booking: str = "b") -> list[dict[str, Any]]:
        """What the platform heard of it."""
        return self.history.platform.heard.get(f"{ANN}|{booking}", [])

    def changes(self) -> list[tuple[str, str]]:
        """What happened, and in whose calendar."""
        return [(data["change"], data["host"]) for data in self.told()]

    def claim(self, name: str = ANN) -> Claim:
        """What the booking takes of somebody's time."""
        (claim,) = self.history.observer.tables.calendars.kept(self.customer.owner(name)).claims
        return claim

    def is_heard(self) -> None:
        """The last event says how the booking stands."""
        kept, last = self.booking("b"), self.told()[-1]
        assert kept is not None
        assert (last["state"], last["version"], last["cancelled_by"]) == (
            kept.status, kept.version, kept.cancelled_by,
        )  # fmt: skip
        assert last["responses"] == [one.response for one in kept.invited]
        assert not kept.outbox.pending
        assert not self.history.platform.broken


@pytest.fixture
def outlook(managed: Customer) -> Outlook:
    """Bookings in managed calendars."""
    return Outlook(managed)


@pytest.fixture
def any_outlook(customer: Customer) -> Outlook:
    """Bookings in managed calendars, and in members' own ones."""
    return Outlook(customer)


EDITS: dict[str, Act] = {
    "moved": lambda outlook: outlook.move(),
    "edited": lambda outlook: outlook.edit(subject="SECRET-subject"),
    "responded": lambda outlook: outlook.answer("declined"),
    "deleted": lambda outlook: outlook.delete(),
}


@pytest.mark.parametrize(
    ("change", "by"),
    [
        ("moved", "notification"), ("edited", "notification"), ("deleted", "notification"),
        ("moved", "schedule"), ("responded", "schedule"), ("deleted", "schedule"),
    ],
)  # fmt: skip
def test_f15_what_is_done_to_a_booking_in_outlook_is_told_once(any_outlook: Outlook, change: str, by: str) -> None:
    any_outlook.booked()
    if by == "schedule":
        any_outlook.customer.misdeliver("drop", times=1)
    EDITS[change](any_outlook)
    if by == "notification":
        any_outlook.customer.run()
    else:
        any_outlook.customer.run()
        assert any_outlook.told() == []
        any_outlook.customer.live(hours=7)
    assert any_outlook.changes() == [(change, ANN)]
    any_outlook.rests()
    assert any_outlook.changes() == [(change, ANN)]
    any_outlook.is_heard()
    kept = any_outlook.booking("b")
    assert kept is not None
    assert kept.version == 2


def test_a_booking_that_its_owner_moves_is_where_they_moved_it(outlook: Outlook) -> None:
    outlook.booked()
    span = outlook.move()
    outlook.customer.run()
    kept = outlook.booking("b")
    assert kept is not None
    assert (kept.span, kept.status) == (span, S.CONFIRMED)
    assert outlook.told()[-1]["start"] == f"{span.start:%Y-%m-%dT%H:%M:%SZ}"
    assert [(block.start, block.end) for block in outlook.customer.busy(ANN).blocks] == [span]
    outlook.put("other", outlook.wanted(9))
    outlook.rests()


def test_a_booking_that_its_owner_deletes_is_cancelled_and_its_time_is_free(outlook: Outlook) -> None:
    outlook.booked()
    outlook.delete()
    outlook.customer.run()
    kept = outlook.booking("b")
    assert kept is not None
    assert (kept.status, kept.cancelled_by) == (S.CANCELLED, "outlook")
    assert outlook.customer.blocks(ANN) == 0
    outlook.put("other", outlook.wanted(9))
    outlook.rests()


def test_f15_an_event_that_is_deleted_but_answered_by_its_id_is_deleted(outlook: Outlook) -> None:
    outlook.customer.world.switches.deleted_keep_ids = True
    outlook.booked(BEN)
    outlook.delete()
    outlook.customer.run()
    outlook.rests()
    assert outlook.changes() == [("deleted", ANN)]


@pytest.mark.parametrize("answer", ["accepted", "declined", "tentativelyAccepted"])
def test_answers_of_those_invited_are_known(outlook: Outlook, answer: str) -> None:
    outlook.booked()
    outlook.answer(answer)
    outlook.customer.run()
    kept = outlook.booking("b")
    assert kept is not None
    assert [one.response for one in kept.invited] == [Response(answer)]
    assert outlook.told()[-1]["responses"] == [answer]


def test_an_event_shown_as_free_takes_no_time_and_stays_a_booking(outlook: Outlook) -> None:
    outlook.booked()
    outlook.edit(showAs="free")
    outlook.customer.run()
    assert outlook.changes() == [("edited", ANN)]
    assert outlook.customer.blocks(ANN) == 0
    assert outlook.status("b") is S.CONFIRMED
    outlook.rests()


def test_several_changes_seen_at_once_are_one_event_of_the_weightiest(outlook: Outlook) -> None:
    outlook.booked()
    outlook.answer("accepted")
    outlook.edit(subject="SECRET-subject")
    outlook.move()
    outlook.customer.run()
    outlook.rests()
    assert outlook.changes() == [("moved", ANN)]
    assert outlook.told()[0]["responses"] == ["accepted"]
    outlook.is_heard()


def test_what_changes_nothing_that_is_told_of_is_remembered_and_not_looked_at_again(outlook: Outlook) -> None:
    outlook.booked()
    outlook.edit(categories=["Blue"])
    outlook.customer.run()
    looks = outlook.customer.counted("/users/*/events/*")
    assert outlook.claim().mark == outlook.booking("b").lead.mark  # type: ignore[union-attr]
    for number in range(3):
        outlook.customer.meet(ANN, hour=18 + number)
        outlook.customer.wait(seconds=20)
    assert (outlook.told(), looks()) == ([], 0)


def test_a_link_that_teams_takes_its_time_to_make_is_found_and_told_to_nobody(outlook: Outlook) -> None:
    outlook.customer.world.switches.join_url_at_once = False
    outlook.booked(BEN, online=True)
    outlook.edit(categories=["Blue"])
    outlook.customer.run()
    outlook.rests()
    kept = outlook.booking("b")
    assert kept is not None
    assert kept.join_url
    assert outlook.events(BEN)[0].fields["location"]["displayName"] == kept.join_url
    assert outlook.told() == []


@pytest.mark.parametrize("by", ["notification", "schedule"])
def test_deleted_by_the_host_who_invites_it_leaves_every_calendar(any_outlook: Outlook, by: str) -> None:
    any_outlook.booked(BEN)
    if by == "schedule":
        any_outlook.customer.misdeliver("drop", times=1)
    any_outlook.delete(ANN)
    any_outlook.customer.run()
    any_outlook.customer.live(hours=7)
    assert (any_outlook.events(BEN), any_outlook.status("b")) == ([], S.CANCELLED)
    any_outlook.rests()
    assert any_outlook.changes() == [("deleted", ANN)]
    any_outlook.is_heard()


def test_deleted_by_another_host_it_stays_for_the_rest(outlook: Outlook) -> None:
    outlook.booked(BEN)
    outlook.delete(BEN)
    outlook.customer.run()
    outlook.rests()
    assert outlook.changes() == [("host_deleted", BEN)]
    assert [host.gone for host in outlook.booking("b").hosts] == [False, True]  # type: ignore[union-attr]
    assert outlook.customer.blocks(BEN) == 0
    outlook.is_heard()
    assert outlook.cancel("b").status is S.CANCELLED
    outlook.rests()


def test_moved_by_another_host_it_stays_where_it_is_for_the_rest(outlook: Outlook) -> None:
    outlook.booked(BEN)
    before = outlook.booking("b")
    span = outlook.move(BEN)
    outlook.customer.run()
    outlook.rests()
    kept = outlook.booking("b")
    assert before is not None
    assert kept is not None
    assert (kept.span, kept.hosts[1].span) == (before.span, span)
    assert outlook.changes() == [("moved", BEN)]


@pytest.mark.parametrize("listed", ["mailbox", "calendar"])
@pytest.mark.parametrize("keeps_its_id", [True, False], ids=["another calendar", "an archive"])
def test_f15_an_event_that_moves_within_the_mailbox_is_followed(
    outlook: Outlook, keeps_its_id: bool, listed: Any
) -> None:
    switches = outlook.customer.world.switches
    switches.move_keeps_immutable_id, switches.events_listed = keeps_its_id, listed
    switches.deleted_keep_ids = listed == "calendar"
    outlook.booked()
    outlook.file()
    outlook.customer.run()
    outlook.rests()
    (event,) = outlook.events(ANN)
    assert outlook.booking("b").lead.event_id == event.immutable_id  # type: ignore[union-attr]
    assert outlook.told() == []
    outlook.delete()
    outlook.customer.run()
    outlook.rests()
    assert outlook.changes() == [("deleted", ANN)]


def test_f15_what_we_do_ourselves_is_not_told(outlook: Outlook) -> None:
    for others in ((), (BEN,)):
        outlook.put("b", outlook.wanted(9, *others, online=True))
        outlook.customer.wait(minutes=1)
        outlook.put("b", outlook.wanted(11, *others, online=True, subject="SECRET-other"))
        outlook.customer.wait(minutes=1)
        outlook.cancel("b")
        outlook.rests()
        outlook.history.observer.tables.bookings.delete(outlook.history.org, "ann|b")
    assert outlook.told() == []


def test_what_we_do_after_something_was_told_is_not_told(outlook: Outlook) -> None:
    outlook.booked()
    outlook.move()
    outlook.customer.run()
    outlook.put("b", outlook.wanted(9))
    outlook.rests()
    outlook.cancel("b")
    outlook.rests()
    assert outlook.changes() == [("moved", ANN)]


@pytest.mark.parametrize("change", ["moved", "edited", "responded"])
def test_what_was_done_just_before_a_change_of_ours_is_told_all_the_same(outlook: Outlook, change: str) -> None:
    outlook.booked()
    EDITS[change](outlook)
    outlook.put("b", outlook.wanted(9, location="SECRET-place"))
    outlook.rests()
    assert outlook.changes() == [(change, ANN)]
    kept = outlook.booking("b")
    assert kept is not None
    assert (outlook.told()[-1]["version"], kept.version) == (2, 3)
    assert outlook.events(ANN)[0].fields["location"] == {"displayName": "SECRET-place"}


@pytest.mark.parametrize("conflict", ["409", "412"])
def test_f15_an_owner_who_edits_while_we_move_loses_nothing(outlook: Outlook, conflict: Any) -> None:
    outlook.customer.world.switches.event_conflict = conflict
    outlook.booked()
    refused = outlook.customer.world.requests
    for step in range(1, 30):
        outlook.history.platform.heard.clear()
        outlook.history.host.interrupt(step, lambda: outlook.edit(subject=f"SECRET-{step}"), afterwards=True)  # noqa: B023
        outlook.put("b", outlook.wanted(9 + step % 2 * 2))
        if outlook.history.host.interruptions.forget():
            assert any(request["status"] == int(conflict) for request in refused)
            return
        outlook.rests()
        assert outlook.changes() == [("edited", ANN)]
        assert outlook.events(ANN)[0].fields["subject"] == f"SECRET-{step}"
    raise AssertionError("it never comes to an end")


def test_a_read_that_began_before_our_own_write_is_no_news(outlook: Outlook) -> None:
    """While the calendar is read, the booking is moved; what the read shows is where it was."""
    outlook.booked()
    outlook.customer.meet(ANN, hour=18)
    host = outlook.history.host
    (envelope,) = host.visible()

    def move() -> None:
        outlook.history.observer.bookings.put(outlook.customer.owner(ANN), "b", outlook.wanted(11))

    for step in range(1, 12, 2):
        host.interrupt(step, move, afterwards=True)
        outlook.history.run(envelope)
        outlook.rests()
        assert outlook.told() == []
        outlook.put("b", outlook.wanted(9))
        outlook.customer.wait(minutes=1)
        outlook.customer.meet(ANN, hour=18)
        (envelope,) = host.visible()


@pytest.mark.parametrize("status", [429, 503])
def test_a_look_that_fails_fails_no_read_and_is_made_again(outlook: Outlook, status: int) -> None:
    outlook.booked()
    outlook.move()
    outlook.customer.fault("/users/*/events/*", method="GET", status=status, times=2)
    outlook.customer.run()
    assert outlook.customer.is_true(ANN)
    assert outlook.told() == []
    outlook.customer.live(minutes=10)
    assert outlook.changes() == [("moved", ANN)]
    outlook.rests()


def test_what_lies_behind_the_window_of_reads_is_looked_at_by_the_schedule_only(outlook: Outlook) -> None:
    outlook.booked(day=120)
    looks = outlook.customer.counted("/users/*/events/*")
    outlook.move(day=121)
    outlook.customer.run()
    assert (outlook.told(), looks()) == ([], 0)
    outlook.customer.live(hours=7)
    assert outlook.changes() == [("moved", ANN)]
    outlook.rests()


def test_what_is_over_for_a_day_is_not_looked_at(outlook: Outlook) -> None:
    outlook.booked()
    outlook.customer.outlook.advance(timedelta(days=3))
    outlook.customer.live(hours=1)
    looks = outlook.customer.counted("/users/*/events/*")
    outlook.delete()
    outlook.customer.live(hours=7)
    assert (outlook.told(), looks()) == ([], 0)


def test_a_booking_that_is_as_it_was_costs_a_read_no_request(outlook: Outlook) -> None:
    outlook.booked()
    outlook.customer.live(hours=1)

    def requests(change: Act) -> int:
        outlook.customer.wait(seconds=10)
        change(outlook)
        before = outlook.history.host.interruptions.requests
        outlook.customer.run()
        return outlook.history.host.interruptions.requests - before

    without_bookings = requests(lambda outlook: outlook.customer.meet(BEN, hour=18))
    assert requests(lambda outlook: outlook.customer.meet(ANN, hour=18)) == without_bookings
    assert requests(lambda outlook: outlook.move()) > without_bookings


INTERRUPTED: dict[str, tuple[tuple[str, ...], Act, tuple[str, str]]] = {
    "moved": ((), EDITS["moved"], ("moved", ANN)),
    "deleted": ((), EDITS["deleted"], ("deleted", ANN)),
    "deleted for two": ((BEN,), EDITS["deleted"], ("deleted", ANN)),
    "deleted by another": ((BEN,), lambda outlook: outlook.delete(BEN), ("host_deleted", BEN)),
}
"""Who else hosts it, what is done, and what is told."""


@pytest.mark.parametrize("case", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_killed_at_any_request_of_noticing_it_is_told_once(
    new_managed: Make, new_mixed: Make, case: tuple[tuple[str, ...], Act, tuple[str, str]]
) -> None:
    """Of two hosts, the one who invites is booked in an account of their own."""
    others, act, expected = case
    outlook = Outlook(new_mixed() if others else new_managed())
    for step in range(1, MOST_STEPS, STRIDE):
        outlook.history.platform.heard.pop("ann|b", None)
        outlook.booked(*others)
        act(outlook)
        died = dies_at(outlook.customer, step, lambda: None)
        outlook.rests()
        assert outlook.changes() == [expected]
        outlook.is_heard()
        outlook.until_answered(lambda: outlook.cancel("b"))
        outlook.rests()
        outlook.history.observer.tables.bookings.delete(outlook.history.org, "ann|b")
        if not died:
            assert step > 15
            return
    raise AssertionError("it never comes to an end")


def test_nothing_of_what_a_meeting_is_about_is_kept(outlook: Outlook, caplog: pytest.LogCaptureFixture) -> None:
    outlook.booked(location="SECRET-place")
    outlook.edit(subject="SECRET-other", attendees=[{"emailAddress": {"address": "secret@other.example"}}])
    outlook.customer.run()
    outlook.rests()
    history, owner = outlook.history, f"{outlook.history.org}|{ANN}"
    kept = str(history.rows("Bookings", history.org)) + str(history.rows("Calendars", owner)) + str(outlook.told())
    everything = (kept + str(history.host.queue) + caplog.text).lower()
    assert outlook.changes() == [("edited", ANN)]
    assert "secret" not in everything
    assert VISITOR.address not in everything


def test_an_event_that_cannot_be_compared_is_not_taken_for_edited(outlook: Outlook) -> None:
    """What an earlier version of the product did not look at yet."""
    outlook.booked()
    bookings = outlook.history.observer.tables.bookings
    row = bookings.get(outlook.history.org, "ann|b")
    assert row is not None
    known = replace(row.value.lead, looks={}, etag="another")
    bookings.replace(row, replace(row.value, hosts=(known,)))
    outlook.edit(categories=["Blue"])
    outlook.customer.run()
    outlook.rests()
    assert outlook.told() == []
