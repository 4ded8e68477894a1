"""When a mailbox is read, and what a read makes of it: every rule of `shared.mailbox_reading` as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.errors import AccessLost, BadRequest, Gone, MailboxUnreadable, MicrosoftError, StartOver, TryLater
from shared.mailbox_reading import (
    LONGEST_PAUSE,
    MOST_SETTLING,
    RECONCILE,
    after_failure,
    after_success,
    may_settle,
    pause_after,
    status_of,
    wait_for,
)
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push, TenantStatus
from tests.properties import given

S = ConnectionStatus
NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ANN, BEN = MemberKey("acme", "ann"), MemberKey("acme", "ben")
WEEK = Push("s1", NOW - DAY, NOW + 6 * DAY)
"""Granted yesterday for a week: to be renewed in two and a half days."""
READ = Mailbox(MailboxKey("t-1", "o-1"), (ANN,), WEEK, read_at=NOW - MINUTE, due_at=NOW + MINUTE, status=S.CONNECTED)
SHOWN = frozenset({ANN})
FIRST = replace(READ, push=Push(), read_at=None, status=S.CONNECTING)


DENIED = MailboxUnreadable(S.OUT_OF_SCOPE, "ErrorAccessDenied")
SETTLING = {
    # mailbox, result, expected
    "denied at first": (FIRST, DENIED, True),
    "denied for minutes": (replace(FIRST, failures=MOST_SETTLING), DENIED, False),
    "denied after it was read once": (READ, DENIED, False),
    "no mailbox": (FIRST, MailboxUnreadable(S.NO_MAILBOX, "x"), False),
    "read": (FIRST, (), False),
    "the tenant is lost": (FIRST, AccessLost(TenantStatus.PERMISSION_MISSING, "x"), False),
    "throttled": (FIRST, TryLater("429"), False),
}


@pytest.mark.parametrize(("mailbox", "result", "expected"), SETTLING.values(), ids=SETTLING.keys())
def test_what_may_be_consent_still_spreading(mailbox: Mailbox, result: object, expected: bool) -> None:
    assert may_settle(mailbox, result) is expected


STATUSES = {
    "out of scope": (DENIED, READ, S.OUT_OF_SCOPE),
    "out of scope at first": (DENIED, FIRST, S.OUT_OF_SCOPE),
    "no mailbox": (MailboxUnreadable(S.NO_MAILBOX, "x"), READ, S.NO_MAILBOX),
    "the user is gone": (Gone("ErrorInvalidUser"), READ, S.NO_MAILBOX),
    "the tenant is lost": (AccessLost(TenantStatus.CONSENT_MISSING, "x"), READ, S.PERMISSION_LOST),
    "the tenant is lost at first": (AccessLost(TenantStatus.APP_DISABLED, "x"), FIRST, S.PERMISSION_LOST),
    "throttled": (TryLater("429 ApplicationThrottled"), READ, S.THROTTLED),
    "throttled by a gateway": (TryLater("429"), READ, S.THROTTLED),
    "throttled at first": (TryLater("429 ApplicationThrottled"), FIRST, S.CONNECTING),
    "down": (TryLater("503 ServiceUnavailable"), READ, S.STALE),
    "unreachable": (TryLater("ConnectTimeout"), READ, S.STALE),
    "down at first": (TryLater("503"), FIRST, S.CONNECTING),
    "a request of ours that is wrong": (BadRequest("ErrorInvalidRequest"), READ, S.STALE),
    "a sync state nobody asked for": (StartOver("resyncRequired"), READ, S.STALE),
}  # fmt: skip


@pytest.mark.parametrize(("problem", "mailbox", "expected"), STATUSES.values(), ids=STATUSES.keys())
def test_what_a_failed_read_makes_of_the_connection(problem: MicrosoftError, mailbox: Mailbox, expected: S) -> None:
    assert status_of(problem, mailbox) is expected


RENEWED = Push("s2", NOW, NOW + 7 * DAY)


def test_a_read_ends_every_trouble() -> None:
    troubled = replace(READ, status=S.STALE, failures=4, not_before=NOW + MINUTE)
    after = after_success(troubled, troubled, SHOWN, RENEWED, NOW)
    assert (after.status, after.failures, after.not_before) == (S.CONNECTED, 0, None)
    assert (after.push, after.read_at) == (RENEWED, NOW)
    assert NOW + RECONCILE * 0.9 <= (after.due_at or NOW) <= NOW + RECONCILE


def test_a_read_that_changed_nothing_about_push_keeps_what_others_made_of_it() -> None:
    meanwhile = replace(READ, push=RENEWED)
    assert after_success(meanwhile, READ, SHOWN, None, NOW).push == RENEWED


def test_a_mailbox_whose_push_needs_something_sooner_is_due_then() -> None:
    failing = Push(retry_at=NOW + 5 * MINUTE)
    assert after_success(READ, READ, SHOWN, failing, NOW).due_at == NOW + 5 * MINUTE


def test_an_older_read_does_not_make_a_later_one_older() -> None:
    assert after_success(READ, READ, SHOWN, None, NOW - DAY).read_at == READ.read_at


def test_who_joined_during_the_read_is_read_next() -> None:
    """The read wrote no snapshot of theirs."""
    joined = replace(READ, members=(ANN, BEN), read_at=None)
    after = after_success(joined, READ, SHOWN, None, NOW)
    assert (after.members, after.read_at, after.due_at) == ((ANN, BEN), None, NOW)


def test_who_left_during_the_read_stays_away() -> None:
    after = after_success(replace(READ, members=()), READ, SHOWN, None, NOW)
    assert (after.members, after.read_at) == ((), NOW)


@given(st.timedeltas(timedelta(), 2 * DAY), st.sampled_from([WEEK, RENEWED, Push(), Push(retry_at=NOW)]))
def test_a_mailbox_just_read_is_due_within_six_hours(ago: timedelta, push: Push) -> None:
    after = after_success(replace(READ, push=Push()), READ, SHOWN, push, NOW - ago)
    assert after.due_at is not None
    assert after.due_at <= NOW - ago + RECONCILE


def test_a_failure_that_is_come_back_for_holds_the_mailbox_until_then() -> None:
    after = after_failure(READ, READ, S.THROTTLED, None, 5 * MINUTE, NOW)
    assert (after.due_at, after.not_before, after.again_at) == (NOW + 5 * MINUTE,) * 3


def test_a_failure_nobody_comes_back_for_waits_for_the_schedule_and_for_notifications() -> None:
    after = after_failure(replace(READ, failures=1), READ, S.OUT_OF_SCOPE, None, None, NOW)
    assert (after.status, after.failures) == (S.OUT_OF_SCOPE, 2)
    assert (after.due_at, after.not_before) == (NOW + pause_after(2), None)


@pytest.mark.parametrize("claimed_at", [NOW, NOW + MINUTE], ids=["its own", "somebody else's"])
def test_the_end_of_a_read_ends_its_own_claim_only(claimed_at: datetime) -> None:
    seen, current = replace(READ, claimed_at=NOW), replace(READ, claimed_at=claimed_at)
    left = None if claimed_at == NOW else claimed_at
    assert after_success(current, seen, SHOWN, None, NOW).claimed_at == left
    assert after_failure(current, seen, S.STALE, None, None, NOW).claimed_at == left


def test_a_failure_keeps_what_was_read_and_who_it_was_for() -> None:
    after = after_failure(READ, READ, S.STALE, None, MINUTE, NOW)
    assert (after.read_at, after.members, after.push) == (READ.read_at, READ.members, READ.push)


def test_a_failure_after_a_renewal_keeps_the_renewal() -> None:
    assert after_failure(READ, READ, S.STALE, RENEWED, MINUTE, NOW).push == RENEWED


@pytest.mark.parametrize(("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (6, 60), (10**6, 60)])
def test_how_long_a_failing_mailbox_is_left_alone(failures: int, minutes: int) -> None:
    assert pause_after(failures) == minutes * MINUTE <= LONGEST_PAUSE


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300), (60, 300)])
def test_how_long_is_waited_when_microsoft_names_no_time(attempt: int, seconds: int) -> None:
    assert wait_for(TryLater("503"), attempt) == timedelta(seconds=seconds)


@given(st.timedeltas(timedelta(seconds=1), timedelta(hours=1)), st.integers(0, 10))
def test_the_time_microsoft_names_is_kept(asked: timedelta, attempt: int) -> None:
    assert wait_for(TryLater("429", asked), attempt) == asked
