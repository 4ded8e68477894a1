"""Which of many messages about a mailbox reads it, and when: every rule of `shared.turns` as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.messages import CalendarSync, Reason
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.turns import ABOUT_PUSH, BURST, CLAIM, GATHER, awaited, is_due, reading_time, when_held, while_read
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, 0, 7, 250_000, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)
WEEK = Push("s1", NOW - DAY, NOW + 6 * DAY)
"""Granted yesterday for a week: to be renewed in two days or so."""
READ = Mailbox(
    MailboxKey("t-1", "o-1"), (MemberKey("acme", "ann"),), WEEK,
    read_at=NOW - MINUTE, due_at=NOW + MINUTE, status=ConnectionStatus.CONNECTED,
)  # fmt: skip
FIRST = replace(READ, push=Push(), read_at=None, status=ConnectionStatus.CONNECTING)
TOLD, CHANGED, SCHEDULE = Reason.NOTIFIED, Reason.CHANGED, Reason.SCHEDULE
RENEW, REMOVED = Reason.REAUTHORIZE, Reason.REMOVED


def message(since: datetime | None, reason: Reason = TOLD) -> CalendarSync:
    return CalendarSync("t-1", ("o-1",), since, reason)


DUE = {
    # mailbox, since, reason, expected
    "never read": (FIRST, None, SCHEDULE, True),
    "its time has come": (replace(READ, due_at=NOW), None, SCHEDULE, True),
    "its time is to come": (READ, None, SCHEDULE, False),
    "no time of its own": (replace(READ, due_at=None), None, SCHEDULE, False),
    "not read for as long as is watched": (READ, NOW - MINUTE, SCHEDULE, True),
    "read within what is watched": (READ, NOW - 2 * MINUTE, SCHEDULE, False),
    "something changed before the read": (READ, NOW - 2 * MINUTE, TOLD, False),
    "something changed as the read began": (READ, NOW - MINUTE, TOLD, True),
    "something changed since the read": (READ, NOW - MINUTE + MOMENT, TOLD, True),
    "a renewal asked for before the last grant": (READ, NOW - 2 * DAY, RENEW, False),
    "a renewal asked for since the last grant, before the read": (READ, NOW - DAY / 2, RENEW, True),
    "a renewal asked for just after the last grant": (READ, NOW - DAY + 10 * MINUTE - MOMENT, RENEW, False),
    "a renewal asked for ten minutes after the last grant": (READ, NOW - DAY + 10 * MINUTE, RENEW, True),
    "a removal told just after the last grant": (READ, NOW - DAY + MOMENT, REMOVED, True),
    "a removal told before the last grant": (READ, NOW - DAY - MOMENT, REMOVED, False),
    "a renewal asked for, nothing ever granted": (replace(READ, push=Push()), NOW - 2 * DAY, RENEW, True),
    "a renewal asked for that failed and waits": (
        replace(READ, push=replace(WEEK, retry_at=NOW + MINUTE)), NOW - DAY / 2, RENEW, True,
    ),
    "no renewal asked for, nothing ever granted": (replace(READ, push=Push()), NOW - 2 * DAY, TOLD, False),
}  # fmt: skip


@pytest.mark.parametrize(("mailbox", "since", "reason", "expected"), DUE.values(), ids=DUE.keys())
def test_when_a_mailbox_must_be_read(
    mailbox: Mailbox, since: datetime | None, reason: Reason, expected: bool
) -> None:
    assert is_due(mailbox, message(since, reason), NOW) is expected


SOON = NOW.replace(microsecond=0) + GATHER
CLAIMED = replace(READ, claimed_at=NOW - SECOND)
EXPIRED = replace(READ, claimed_at=NOW - CLAIM)
AWAITED = replace(READ, again_at=NOW + 2 * SECOND)
HELD = replace(READ, not_before=NOW + MINUTE, again_at=NOW + MINUTE)

EARLY = NOW + SECOND / 2
TURNS = {
    # mailbox, message, when it reads
    "nothing in the way": (READ, message(NOW), NOW),
    "not due": (READ, message(NOW - 2 * MINUTE), None),
    "told during a read": (CLAIMED, message(NOW - SECOND / 2), SOON),
    "told as the read began": (CLAIMED, message(NOW - SECOND), SOON),
    "told before the read under way began": (CLAIMED, message(NOW - 2 * SECOND), None),
    "told during a read that takes too long": (EXPIRED, message(NOW - SECOND), NOW),
    "told a moment after the last read was asked for": (replace(READ, told_at=NOW - BURST / 2), message(NOW), SOON),
    "told a little later than that": (replace(READ, told_at=NOW - BURST), message(NOW), NOW),
    "told before the last read was asked for": (replace(READ, told_at=NOW + MOMENT), message(NOW), NOW),
    "removed a moment after": (replace(READ, told_at=NOW - BURST / 2), message(NOW, REMOVED), NOW),
    "its time has come during a read": (replace(CLAIMED, due_at=NOW), message(None, SCHEDULE), None),
    "a message comes that covers it": (AWAITED, message(NOW), None),
    "the message that comes": (replace(READ, again_at=NOW), message(NOW), NOW),
    "the message that comes, by a clock that is behind": (
        replace(READ, again_at=NOW + SECOND / 2), message(NOW + SECOND / 2), NOW,
    ),
    "the message that comes, too early": (AWAITED, message(NOW + 2 * SECOND), NOW + 2 * SECOND),
    "the message that came is late": (replace(READ, again_at=NOW - MINUTE / 2), message(NOW), NOW),
    "told while Microsoft said to wait": (HELD, message(NOW), None),
    "its time has come while Microsoft said to wait": (replace(HELD, due_at=NOW), message(None, SCHEDULE), None),
    "the message that was put back until then": (HELD, message(NOW + MINUTE), NOW + MINUTE),
    "the message that was put back until then, a little early": (
        replace(HELD, not_before=EARLY, again_at=EARLY), message(EARLY), EARLY,
    ),
    "removed during a read": (CLAIMED, message(NOW - 2 * SECOND, REMOVED), SOON),
    "removed while a message comes": (AWAITED, message(NOW, REMOVED), NOW),
    "removed while Microsoft said to wait": (HELD, message(NOW, REMOVED), None),
    "its time has come during a read, never read for somebody": (
        replace(CLAIMED, read_at=None), message(None, SCHEDULE), SOON,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mailbox", "sent", "expected"), TURNS.values(), ids=TURNS.keys())
def test_whose_turn_it_is(mailbox: Mailbox, sent: CalendarSync, expected: datetime | None) -> None:
    assert reading_time(mailbox, sent, NOW) == expected


moments = st.timedeltas(-MINUTE, MINUTE).map(lambda ago: NOW + ago)
maybe = st.none() | moments


@given(moments, moments, maybe, maybe, st.sampled_from(sorted(Reason)), st.booleans())
def test_what_was_told_is_read_by_this_message_unless_another_read_is_claimed_or_comes(
    since: datetime,
    read_at: datetime,
    claimed_at: datetime | None,
    again_at: datetime | None,
    reason: Reason,
    own: bool,
) -> None:
    mailbox = replace(
        READ, read_at=read_at, claimed_at=claimed_at, claimed_by="m-1", again_at=again_at, due_at=NOW + DAY
    )
    turn = reading_time(mailbox, message(since, reason), NOW, "m-1" if own else "m-2")
    under_way = not own and claimed_at is not None and claimed_at > since and NOW - claimed_at < CLAIM
    coming = again_at is not None and again_at > max(since, NOW)
    if turn is None and reason not in ABOUT_PUSH:
        assert under_way or coming or (read_at > since and not own)
    if turn is not None:
        assert turn == NOW or turn > NOW + SECOND


def test_a_message_that_comes_back_after_its_process_died_knows_its_own_claim() -> None:
    taken = while_read(READ, message(NOW - SECOND), NOW, "m-1")
    again = message(NOW - SECOND)
    assert reading_time(taken, again, NOW + SECOND, "m-1") == NOW + SECOND
    assert reading_time(taken, again, NOW + SECOND, "m-2") is None
    assert reading_time(taken, message(NOW + SECOND), NOW + SECOND, "m-2") != NOW + SECOND


def test_a_claim_that_others_counted_on_is_made_good_though_an_older_read_ended_meanwhile() -> None:
    """The older read took longer than a claim lasts; its end does not show what was told since."""
    taken = while_read(READ, message(NOW - SECOND), NOW, "m-1")
    older = replace(taken, read_at=NOW - SECOND / 2)
    later = NOW + CLAIM
    assert reading_time(older, message(NOW - SECOND), later, "m-1") == later
    assert reading_time(older, message(NOW - SECOND), later, "m-2") is None


def test_a_renewal_asked_for_while_microsoft_said_to_wait_is_left_to_the_message_that_comes_then() -> None:
    noted = when_held(HELD, message(NOW, REMOVED), NOW)
    assert noted is not None
    assert noted.push.act_at == HELD.not_before
    assert when_held(HELD, message(NOW), NOW) is None
    assert when_held(READ, message(NOW, REMOVED), NOW) is None


def test_a_read_keeps_others_away_and_no_longer_counts_on_a_message() -> None:
    taken = while_read(AWAITED, message(NOW), NOW)
    assert (taken.claimed_at, taken.again_at, taken.told_at) == (NOW, None, NOW)
    assert reading_time(taken, message(NOW + MOMENT), NOW) == SOON


def test_only_a_notification_counts_as_told() -> None:
    assert while_read(READ, message(None, SCHEDULE), NOW).told_at is None
    assert while_read(READ, message(NOW, CHANGED), NOW).told_at is None


def test_of_two_messages_that_come_the_later_one_is_waited_for() -> None:
    assert awaited(AWAITED, NOW + SECOND) is None
    later = awaited(AWAITED, NOW + MINUTE)
    assert later is not None
    assert later.again_at == NOW + MINUTE
