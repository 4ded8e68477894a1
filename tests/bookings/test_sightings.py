"""Which bookings a read gives a reason to look at: pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.bookings.sightings import Sighting, as_known, is_too_early, may_be_deleted, sighting, suspects
from shared.graph.calendar import Seen
from shared.graph.events import BookedEvent
from shared.model import DEFAULT, Claim, Hosted, MailboxKey, MemberKey, Window
from shared.model.booking import mark

NOW = datetime(2026, 12, 7, 9, tzinfo=UTC)
MAILBOX, OTHER = MailboxKey("t", "1"), MailboxKey("t", "2")
OWNER = MemberKey("acme", "ann")
START = NOW + timedelta(days=1)
CLAIM = Claim("ann", "b", START, START + timedelta(hours=1), NOW - timedelta(hours=1), mark("e-1", "v1"), MAILBOX)
AS_IT_WAS, CHANGED = (Seen("e-1", "v1", None),), (Seen("e-1", "v2", None),)


def seen(read: tuple[Seen, ...], *claims: Claim, scheduled: bool = False) -> Sighting | None:
    return sighting(OWNER, MAILBOX, claims, {DEFAULT: read}, NOW, scheduled=scheduled)


def to_look_at(read: tuple[Seen, ...], claim: Claim, *, scheduled: bool = False) -> bool:
    found = seen(read, claim, scheduled=scheduled)
    return found is not None and suspects(found) == [claim]


@pytest.mark.parametrize(
    "elsewhere", [replace(CLAIM, written_at=None), replace(CLAIM, mailbox=OTHER), replace(CLAIM, mailbox=None)]
)
def test_whoever_has_no_booking_in_this_mailbox_has_nothing_to_compare(elsewhere: Claim) -> None:
    assert seen(CHANGED) is None
    assert seen(CHANGED, elsewhere) is None


def test_another_version_and_none_at_all_are_looked_at_and_the_known_one_is_not() -> None:
    assert not to_look_at(AS_IT_WAS, CLAIM, scheduled=True)
    assert to_look_at(CHANGED, CLAIM)
    assert to_look_at((), CLAIM)


def test_a_read_that_began_before_the_writing_tells_nothing() -> None:
    just_behind = replace(CLAIM, written_at=NOW + timedelta(seconds=1))
    assert not to_look_at((), just_behind)
    found = seen((), just_behind)
    assert found is not None
    assert not is_too_early(found)


def test_a_read_just_behind_the_writing_is_repeated_unless_it_shows_it() -> None:
    just_before = replace(CLAIM, written_at=NOW - timedelta(seconds=1))
    for read, expected in ((CHANGED, True), (AS_IT_WAS, False)):
        found = seen(read, just_before)
        assert found is not None
        assert (suspects(found), is_too_early(found)) == ([], expected)


@pytest.mark.parametrize(
    ("days", "notified", "scheduled"), [(89, True, True), (120, False, True), (-2, False, False)]
)
def test_far_ahead_the_schedule_looks_and_what_is_over_nobody(days: int, notified: bool, scheduled: bool) -> None:
    start = NOW + timedelta(days=days)
    claim = replace(CLAIM, start=start, end=start + timedelta(hours=1))
    assert to_look_at((), claim) is notified
    assert to_look_at((), claim, scheduled=True) is scheduled


def test_what_a_read_shows_needs_no_other_witness_and_what_it_does_not_counts_from_now() -> None:
    span = Window(START + timedelta(hours=2), START + timedelta(hours=3))
    host = Hosted("ann", MAILBOX, "t-1", "e-1", "v2", span)
    shown, hidden = seen(CHANGED, CLAIM), seen((), CLAIM)
    assert shown is not None
    assert hidden is not None
    moved = replace(CLAIM, start=span.start, end=span.end, mark=host.mark)
    assert as_known(shown, CLAIM, host, NOW) == moved
    assert as_known(hidden, CLAIM, host, NOW) == replace(moved, written_at=NOW)
    assert as_known(hidden, moved, host, NOW) == moved


def test_an_event_that_no_read_shows_may_be_deleted_though_its_id_is_good() -> None:
    host = Hosted("ann", MAILBOX, "t-1", "e-1", "v1")
    same, other = event("e-1", "v1"), event("e-1", "v2")
    shown, hidden, again = seen(CHANGED, CLAIM), seen((), CLAIM), seen((), CLAIM, scheduled=True)
    assert shown is not None
    assert hidden is not None
    assert again is not None
    assert not may_be_deleted(shown, CLAIM, host, other)
    assert [may_be_deleted(hidden, CLAIM, host, one) for one in (same, other)] == [False, True]
    assert may_be_deleted(again, CLAIM, host, same)


def event(identity: str, etag: str) -> BookedEvent:
    return BookedEvent(
        identity, etag, Window(CLAIM.start, CLAIM.end), "", "", (), "normal", "busy",
        is_cancelled=False, is_online=False, join_url=None,
    )  # fmt: skip
