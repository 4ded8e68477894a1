"""When Graph is taken to have missed telling of a change, and when it is forgiven."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.mailbox_reading import after_failure, after_success
from shared.messages import CalendarSync, Reason
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.push_health import FORGIVEN, PATIENCE, WATCH, can_suspect, has_missed, is_news, to_watch
from shared.turns import while_read

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LIVE = Push("s1", NOW - DAY, NOW + 6 * DAY)
MAILBOX = Mailbox(
    MailboxKey("t", "o"), (MemberKey("acme", "ann"),), LIVE,
    read_at=NOW - timedelta(hours=6), due_at=NOW, status=ConnectionStatus.CONNECTED,
)  # fmt: skip
SHOWN = frozenset(MAILBOX.members)
SCHEDULE, TOLD = Reason.SCHEDULE, Reason.NOTIFIED

SUSPICIOUS = {
    "a read by the schedule": (MAILBOX, SCHEDULE, True),
    "a read that was told of": (MAILBOX, TOLD, False),
    "a read for a reason of ours": (MAILBOX, Reason.CHANGED, False),
    "no subscription": (replace(MAILBOX, push=Push(retry_at=NOW)), SCHEDULE, False),
    "the first read": (replace(MAILBOX, read_at=None), SCHEDULE, False),
    "a read after failures": (replace(MAILBOX, failures=1), SCHEDULE, False),
}


@pytest.mark.parametrize(("mailbox", "reason", "expected"), SUSPICIOUS.values(), ids=SUSPICIOUS.keys())
def test_which_reads_ought_to_find_nothing_new(mailbox: Mailbox, reason: Reason, expected: bool) -> None:
    assert can_suspect(mailbox, reason) is expected


def taken(mailbox: Mailbox, reason: Reason, now: datetime) -> Mailbox:
    since = None if reason is SCHEDULE else now
    return while_read(mailbox, CalendarSync("t", ("o",), since, reason), now)


def surprised(mailbox: Mailbox = MAILBOX) -> Mailbox:
    mine = taken(mailbox, SCHEDULE, NOW)
    return after_success(mine, mine, SHOWN, None, NOW, surprised=True)


def test_a_surprise_is_looked_into_after_ten_minutes() -> None:
    after = surprised()
    assert (after.suspected_at, after.due_at) == (NOW, NOW + PATIENCE)
    assert not has_missed(after, NOW + PATIENCE)


def test_a_notification_that_comes_late_explains_it() -> None:
    explained = taken(surprised(), TOLD, NOW + 3 * MINUTE)
    later = taken(explained, SCHEDULE, NOW + PATIENCE)
    assert (later.suspected_at, later.missed_at) == (None, None)
    assert is_news(surprised())


def test_a_notification_heard_during_the_read_explains_it() -> None:
    mine = taken(MAILBOX, SCHEDULE, NOW)
    heard = replace(mine, told_at=NOW - MINUTE)
    assert is_news(mine)
    assert not is_news(heard)
    assert after_success(heard, mine, SHOWN, None, NOW, surprised=True).suspected_at is None


def test_without_an_explanation_a_push_was_missed_and_the_subscription_is_in_doubt() -> None:
    verdict = taken(surprised(), SCHEDULE, NOW + PATIENCE)
    assert (verdict.suspected_at, verdict.missed_at) == (None, NOW + PATIENCE)
    assert verdict.push.act_at == NOW + PATIENCE
    assert (verdict.push.subscription_id, verdict.push.key_id) == ("s1", None), "to be made anew"


def test_nothing_is_decided_before_its_time() -> None:
    early = taken(surprised(), SCHEDULE, NOW + PATIENCE - MINUTE)
    assert (early.suspected_at, early.missed_at) == (NOW, None)


def test_a_failed_read_forgets_no_suspicion() -> None:
    mine = taken(surprised(), SCHEDULE, NOW + MINUTE)
    after = after_failure(mine, mine, ConnectionStatus.STALE, None, None, NOW + MINUTE)
    assert after.suspected_at == NOW


def test_a_missed_push_is_forgiven_when_graph_tells_again_or_after_two_hours() -> None:
    missed = replace(MAILBOX, missed_at=NOW)
    assert has_missed(missed, NOW + FORGIVEN - MINUTE)
    assert not has_missed(missed, NOW + FORGIVEN)
    assert not has_missed(taken(missed, TOLD, NOW + MINUTE), NOW + MINUTE)


def test_what_is_watched_is_what_was_not_read_for_ten_minutes() -> None:
    lately, long_ago = replace(MAILBOX, read_at=NOW - WATCH / 2), replace(MAILBOX, read_at=NOW - WATCH)
    never = replace(MAILBOX, read_at=None)
    failing = replace(long_ago, failures=1)
    assert to_watch([lately, long_ago, never, failing], NOW) == [long_ago, never]


def test_where_nobody_tells_the_calendar_is_read_every_ten_minutes() -> None:
    refused = replace(MAILBOX, push=Push(retry_at=NOW + timedelta(hours=1)))
    assert after_success(refused, refused, SHOWN, None, NOW).due_at == NOW + WATCH
