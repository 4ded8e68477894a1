"""When a subscription needs something, and how push stands afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.errors import AccessLost, AlreadySubscribed, BadRequest, Gone, MailboxUnreadable, MicrosoftError, TryLater
from shared.graph.subscriptions import LIFETIME, Subscription
from shared.messages import Reason
from shared.model import ConnectionStatus, Push, TenantStatus
from shared.subscriptions import POLL, RETRY, SETTLED, is_stray, needs_renewal, push_after
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
GRANTED = Push("s1", NOW, NOW + 6 * DAY)

ACTS = {
    "nothing granted": (Push(), None),
    "granted, then a failure": (Push("s1", NOW, NOW + 6 * DAY, NOW + DAY), NOW + DAY),
    "refused": (Push(retry_at=NOW + POLL), NOW + POLL),
    "granted nobody knows when": (Push("s1", None, NOW + DAY), None),
    "granted nobody knows for how long": (Push("s1", NOW, None), None),
}  # fmt: skip


@pytest.mark.parametrize(("push", "expected"), ACTS.values(), ids=ACTS.keys())
def test_when_something_must_be_done(push: Push, expected: datetime | None) -> None:
    assert push.act_at == expected


@given(st.timedeltas(timedelta(seconds=1), 7 * DAY), st.uuids().map(str))
def test_about_half_of_every_life_is_left_when_it_is_renewed(life: timedelta, subscription_id: str) -> None:
    act_at = Push(subscription_id, NOW, NOW + life).act_at
    assert act_at is not None
    assert NOW + 0.4 * life - MOMENT <= act_at <= NOW + 0.6 * life + MOMENT


def test_subscriptions_made_together_are_not_renewed_together() -> None:
    hours = {Push(f"s{n}", NOW, NOW + 7 * DAY).act_at.replace(minute=0, second=0, microsecond=0) for n in range(300)}  # type: ignore[union-attr]
    assert len(hours) > 25


HALF_LIFE = GRANTED.act_at or NOW
SOON, GONE, CHANGE = Reason.REAUTHORIZE, Reason.REMOVED, Reason.NOTIFIED
MINUTE = timedelta(minutes=1)
RENEWALS = {
    # push, now, reason, asked at, expected
    "nothing granted": (Push(), NOW, CHANGE, None, True),
    "fresh": (GRANTED, NOW, CHANGE, None, False),
    "just before half its life": (GRANTED, HALF_LIFE - MOMENT, CHANGE, None, False),
    "half its life": (GRANTED, HALF_LIFE, CHANGE, None, True),
    "expired": (GRANTED, NOW + 7 * DAY, CHANGE, None, True),
    "waiting after a failure": (Push(retry_at=NOW + RETRY), NOW, CHANGE, None, False),
    "waited after a failure": (Push(retry_at=NOW), NOW, CHANGE, None, True),
    "a change told of since it was granted": (GRANTED, NOW + DAY, CHANGE, NOW + DAY, False),
    "gone before it was granted": (GRANTED, NOW + DAY, GONE, NOW - MOMENT, False),
    "gone as it was granted": (GRANTED, NOW + DAY, GONE, NOW, True),
    "gone since it was granted": (GRANTED, NOW + DAY, GONE, NOW + MOMENT, True),
    "gone, nothing granted": (Push(), NOW, GONE, NOW, True),
    "gone while waiting after a failure": (Push(retry_at=NOW + RETRY), NOW, GONE, NOW, True),
    "asked for soon after it was granted": (GRANTED, NOW + DAY, SOON, NOW + 10 * MINUTE - MOMENT, False),
    "asked for ten minutes after it was granted": (GRANTED, NOW + DAY, SOON, NOW + 10 * MINUTE, True),
    "asked for while waiting after a failure": (Push(retry_at=NOW + RETRY), NOW, SOON, NOW, True),
}


@pytest.mark.parametrize(("push", "now", "reason", "asked_at", "expected"), RENEWALS.values(), ids=RENEWALS.keys())
def test_when_a_subscription_is_renewed(
    push: Push, now: datetime, reason: Reason, asked_at: datetime | None, expected: bool
) -> None:
    assert needs_renewal(push, now, reason, asked_at) is expected


BOOKS = ["s1", None]
OLD, YOUNG = NOW - SETTLED - MOMENT + LIFETIME, NOW - SETTLED + LIFETIME
STRAYS = {
    # subscription, whether it is a stray
    "in our books": (Subscription("s1", OLD, "o-1"), False),
    "not in our books": (Subscription("s2", OLD, "o-1"), True),
    "so young that it may be about to be noted": (Subscription("s2", YOUNG, "o-1"), False),
    "on nobody knows what": (Subscription("s2", OLD), True),
}


@pytest.mark.parametrize(("subscription", "expected"), STRAYS.values(), ids=STRAYS.keys())
def test_which_subscriptions_are_too_many(subscription: Subscription, expected: bool) -> None:
    assert is_stray(subscription, BOOKS, NOW) is expected


LATER = NOW + 3 * DAY
DENIED = MailboxUnreadable(ConnectionStatus.OUT_OF_SCOPE, "ErrorAccessDenied")
FAILURES = {
    # answer, how long until the next try
    "down": (TryLater("503"), RETRY),
    "throttled": (TryLater("429", timedelta(seconds=7)), timedelta(seconds=7)),
    "gone": (Gone("ResourceNotFound"), RETRY),
    "the handshake failed": (BadRequest("ValidationError"), RETRY),
    "there is one nobody knows": (AlreadySubscribed("Conflict"), RETRY),
    "out of scope": (DENIED, POLL),
    "the tenant is lost": (AccessLost(TenantStatus.PERMISSION_MISSING, "Authorization_RequestDenied"), POLL),
}


@pytest.mark.parametrize(("answer", "wait"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failed_renewal_keeps_what_is_alive(answer: MicrosoftError, wait: timedelta) -> None:
    after = push_after(answer, GRANTED, was_missing=False, now=LATER)
    assert after == Push("s1", GRANTED.granted_at, GRANTED.expires_at, LATER + wait)


@pytest.mark.parametrize(("answer", "wait"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failed_creation_leaves_nothing_but_the_next_try(answer: MicrosoftError, wait: timedelta) -> None:
    after = push_after(answer, GRANTED, was_missing=True, now=LATER)
    assert after == Push(retry_at=LATER + wait)
    assert not needs_renewal(after, LATER)
    assert needs_renewal(after, LATER + wait)


@pytest.mark.parametrize("before", [Push(), GRANTED, Push("s1", NOW, NOW + DAY, LATER)])
@pytest.mark.parametrize("was_missing", [True, False])
def test_a_grant_ends_every_failure(before: Push, was_missing: bool) -> None:
    answer = Subscription("s2", LATER + 6 * DAY, "o-1")
    assert push_after(answer, before, was_missing, LATER) == Push("s2", LATER, LATER + 6 * DAY)
