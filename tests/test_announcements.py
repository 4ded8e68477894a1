"""What is appended, merged and taken off an outbox, and what numbers it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.model import Outbox, State
from shared.model.announcement import MOST_PENDING
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
CONNECTING, CONNECTED = State("connecting", None, "t-1"), State("connected", None, "t-1")


def outbox_of(changes: int) -> Outbox:
    """An outbox to which so many changes to and fro were added, at one moment."""
    outbox, before = Outbox(), None
    for number in range(changes):
        after = (CONNECTING, CONNECTED)[number % 2]
        outbox = outbox.after(before, after, f"msg_{number}", NOW)
        before = after
    return outbox


def test_an_announcement_says_what_was_and_what_is() -> None:
    first, second = outbox_of(2).pending
    assert (first.before, first.status, first.tenant_id, first.at) == (None, "connecting", "t-1", NOW)
    assert (second.before, second.status) == ("connecting", "connected")


def test_changes_at_one_moment_have_growing_numbers() -> None:
    numbers = [told.sequence for told in outbox_of(20).pending]
    assert numbers == sorted(set(numbers))


def test_a_row_made_again_goes_on_with_greater_numbers() -> None:
    old = outbox_of(1000).sequence
    new = Outbox().after(None, CONNECTING, "msg_x", NOW + timedelta(seconds=1)).sequence
    assert new > old


def test_a_clock_that_is_behind_turns_no_number_back() -> None:
    outbox = outbox_of(1)
    assert outbox.after(CONNECTING, CONNECTED, "msg_x", NOW - timedelta(hours=1)).sequence == outbox.sequence + 1


def test_only_the_oldest_is_taken_off_and_only_once() -> None:
    outbox = outbox_of(2)
    assert outbox.without("msg_1") is outbox
    assert [told.id for told in outbox.without("msg_0").pending] == ["msg_1"]
    assert outbox.without("msg_0").without("msg_0").pending == outbox.pending[1:]


@given(changes=st.integers(0, 4 * MOST_PENDING))
def test_however_many_wait_the_chain_has_no_gap_and_nothing_is_uncounted(changes: int) -> None:
    pending = outbox_of(changes).pending
    assert len(pending) == min(changes, MOST_PENDING)
    assert sum(1 + told.merged for told in pending) == changes
    assert [told.before for told in pending[1:]] == [told.status for told in pending[:-1]]
    numbers = [told.sequence for told in pending]
    assert numbers == sorted(set(numbers))
    assert [told.id for told in pending[: MOST_PENDING // 2]] == [f"msg_{n}" for n in range(changes)][
        : MOST_PENDING // 2
    ]
    assert not pending or pending[-1].id == f"msg_{changes - 1}"


def test_a_delivery_is_due_when_its_message_comes() -> None:
    assert Outbox().due_at is None
    assert outbox_of(1).due_at == NOW
    later = NOW + timedelta(hours=1)
    waiting = Outbox(pending=outbox_of(2).pending, expected_at=later)
    assert waiting.due_at == later
    assert waiting.without("msg_0").due_at == NOW
