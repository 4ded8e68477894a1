"""What a look at an event makes of a booking: pure decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from shared.bookings import steps
from shared.bookings.outlook_changes import after_look, beside_ours
from shared.bookings.steps import Wanted
from shared.graph.events import BookedEvent
from shared.model import (
    Booking,
    BookingStatus,
    CalendarKey,
    Change,
    Content,
    Doing,
    Invitee,
    MailboxKey,
    Response,
    State,
    Window,
)
from shared.model.booking import packed, unpacked

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SPAN = Window(NOW + timedelta(days=1), NOW + timedelta(days=1, minutes=30))
ELSEWHERE = Window(SPAN.start + timedelta(hours=3), SPAN.end + timedelta(hours=3))
EVENT = BookedEvent(
    "e-1", "v1", SPAN, "Talk", "Room", (("vera@x.example", "none"), ("will@x.example", "none")), "normal", "busy",
    is_cancelled=False, is_online=True, join_url=None,
)  # fmt: skip
HOSTS = {"ann": CalendarKey(MailboxKey("t", "1")), "ben": CalendarKey(MailboxKey("t", "2"))}


def booking(*members: str) -> Booking:
    """One that was written as `EVENT`."""
    people = (Invitee("vera@x.example"), Invitee("Will@x.example"))
    wanted = Wanted(SPAN, Content("Talk", invitees=people, online=True), members[1:])
    mailboxes = {member: HOSTS[member] for member in members}
    begun = steps.begun("b", wanted, mailboxes, dict.fromkeys(members, "t-1"), "salt", NOW)
    return steps.confirmed(begun, dict.fromkeys(members, EVENT), NOW)


ALONE, BOTH = booking("ann"), booking("ann", "ben")


def looked_at(before: Booking, event: BookedEvent | None, host: int = 0) -> Booking:
    return after_look(before, before.hosts[host], event, LATER)


def news(after: Booking) -> tuple[Change, str] | None:
    return (after.news.change, after.news.member) if after.news else None


def test_an_event_that_is_as_it_was_leaves_the_booking_as_it_is() -> None:
    assert looked_at(ALONE, EVENT) == ALONE


@pytest.mark.parametrize("unseen", [{"etag": "v2"}, {"id": "e-2"}, {"join_url": "https://teams"}])
def test_what_is_not_told_is_remembered_under_the_same_version(unseen: dict[str, str]) -> None:
    after = looked_at(ALONE, replace(EVENT, **unseen))  # type: ignore[arg-type]
    assert after != ALONE
    assert (after.news, after.version, after.changed_at) == (None, ALONE.version, ALONE.changed_at)
    assert looked_at(after, replace(EVENT, **unseen)) == after  # type: ignore[arg-type]


EDITS = {
    "subject": "Other",
    "location": "",
    "sensitivity": "private",
    "shown_as": "free",
    "attendees": (("vera@x.example", "none"),),
}


@pytest.mark.parametrize("part", EDITS)
def test_each_part_that_looks_different_is_an_edit(part: str) -> None:
    after = looked_at(ALONE, replace(EVENT, etag="v2", **{part: EDITS[part]}))  # type: ignore[arg-type]
    assert news(after) == (Change.EDITED, "ann")
    assert (after.version, after.changed_at, after.span) == (ALONE.version + 1, LATER, SPAN)


def test_answers_are_those_of_whoever_was_asked_in_that_order() -> None:
    answers = (("will@x.example", "declined"), ("vera@x.example", "surprising"))
    after = looked_at(ALONE, replace(EVENT, etag="v2", attendees=answers))
    assert [one.response for one in after.invited] == [Response.NONE, Response.DECLINED]
    assert news(after) == (Change.RESPONDED, "ann")


def test_where_much_happened_the_weightiest_is_told_and_all_of_it_known() -> None:
    answers = (("vera@x.example", "accepted"), ("will@x.example", "none"))
    after = looked_at(ALONE, replace(EVENT, etag="v2", span=ELSEWHERE, subject="Other", attendees=answers))
    assert news(after) == (Change.MOVED, "ann")
    assert (after.span, after.lead.span, after.version) == (ELSEWHERE, ELSEWHERE, ALONE.version + 1)
    assert after.invited[0].response is Response.ACCEPTED
    assert looked_at(after, replace(EVENT, etag="v2", span=ELSEWHERE, subject="Other", attendees=answers)) == after


def test_another_hosts_event_does_not_move_the_booking() -> None:
    after = looked_at(BOTH, replace(EVENT, etag="v2", span=ELSEWHERE), host=1)
    assert (after.span, after.hosts[0].span, after.hosts[1].span) == (SPAN, SPAN, ELSEWHERE)
    assert news(after) == (Change.MOVED, "ben")


@pytest.mark.parametrize("event", [None, replace(EVENT, is_cancelled=True)], ids=["gone", "cancelled"])
def test_without_the_event_of_the_host_who_invites_it_is_cancelled_for_all(event: BookedEvent | None) -> None:
    alone, both = looked_at(ALONE, event), looked_at(BOTH, event)
    for after in (alone, both):
        assert (after.status, after.cancelled_by) == (BookingStatus.CANCELLED, "outlook")
        assert news(after) == (Change.DELETED, "ann")
    assert alone.work is None
    assert both.work is not None
    assert (both.work.doing, steps.is_worked_on(both, LATER)) == (Doing.CANCEL, False)


def test_without_the_event_of_another_host_it_stays_without_them() -> None:
    after = looked_at(BOTH, None, host=1)
    assert (after.status, [host.gone for host in after.hosts]) == (BookingStatus.CONFIRMED, [False, True])
    assert news(after) == (Change.HOST_DELETED, "ben")


def test_other_hosts_are_to_be_told_of_a_link_that_came_late() -> None:
    linked = replace(EVENT, etag="v2", join_url="https://teams")
    after = looked_at(BOTH, linked)
    assert after.work is not None
    assert (after.work.doing, after.join_url, after.news) == (Doing.LINK, "https://teams", None)
    assert looked_at(ALONE, linked).work is None


def test_every_news_is_a_state_of_its_own_and_our_changes_are_none() -> None:
    first = looked_at(ALONE, replace(EVENT, etag="v2", subject="Other"))
    second = looked_at(first, replace(EVENT, etag="v3", subject="Third"))
    ours = replace(second, version=second.version + 1, start=ELSEWHERE.start, end=ELSEWHERE.end)
    states = [one.state for one in (ALONE, first, second, ours)]
    assert all(isinstance(state, State) for state in states[1:])
    told = [after.is_told_after(before) for before, after in pairwise(states) if after]
    assert (states[0], told) == (None, [True, True, False])


def test_answers_of_hundreds_fit_into_a_row_with_fifty_events() -> None:
    answers = [*Response] * 80
    assert unpacked(packed(answers)) == answers
    assert len(packed([Response.NOT_RESPONDED] * 500)) == 500


CHANGED = replace(EVENT, etag="v2", subject="Ours", location="Theirs")


def test_after_a_change_of_ours_only_what_we_wrote_is_known() -> None:
    ours = steps.with_events(ALONE, {"ann": CHANGED})
    known = beside_ours(ALONE, ours, ["subject"], moved=False)
    assert known.lead.mark != ours.lead.mark
    assert news(looked_at(known, CHANGED)) == (Change.EDITED, "ann")
    assert beside_ours(ALONE, ours, ["subject", "location"], moved=False) == ours


def test_answers_that_our_own_move_took_back_are_not_told() -> None:
    answered = steps.with_events(ALONE, {"ann": replace(EVENT, attendees=(("vera@x.example", "accepted"),))})
    moved = steps.with_events(answered, {"ann": replace(EVENT, etag="v3", span=ELSEWHERE)})
    assert beside_ours(answered, moved, ["invitees"], moved=True) == moved
    assert beside_ours(answered, moved, ["invitees"], moved=False).invited == answered.invited
