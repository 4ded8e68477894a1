"""When a subscription needs something, and how push stands afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from shared.errors import AccessLost, AlreadySubscribed, BadRequest, Gone, MailboxUnreadable, MicrosoftError, TryLater
from shared.graph.subscriptions import Subscription
from shared.model import ConnectionStatus, Push, TenantStatus
from shared.subscriptions import POLL, RETRY, needs_renewal, push_after
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
GRANTED = Push("s1", NOW, NOW + 6 * DAY)

ACTS = {
    "nothing granted": (Push(), None),
    "granted": (GRANTED, NOW + 3 * DAY),
    "granted for a shorter life than asked": (Push("s1", NOW, NOW + timedelta(hours=1)), NOW + timedelta(minutes=30)),
    "granted, then a failure": (Push("s1", NOW, NOW + 6 * DAY, NOW + DAY), NOW + DAY),
    "refused": (Push(retry_at=NOW + POLL), NOW + POLL),
    "granted nobody knows when": (Push("s1", None, NOW + DAY), None),
    "granted nobody knows for how long": (Push("s1", NOW, None), None),
}  # fmt: skip


@pytest.mark.parametrize(("push", "expected"), ACTS.values(), ids=ACTS.keys())
def test_when_something_must_be_done(push: Push, expected: datetime | None) -> None:
    assert push.act_at == expected


@given(st.timedeltas(MOMENT, 7 * DAY))
def test_half_of_every_life_is_left_when_it_is_renewed(life: timedelta) -> None:
    act_at = Push("s1", NOW, NOW + life).act_at
    assert act_at is not None
    assert NOW <= act_at < NOW + life


RENEWALS = {
    # push, now, asked at, expected
    "nothing granted": (Push(), NOW, None, True),
    "fresh": (GRANTED, NOW, None, False),
    "just before half its life": (GRANTED, NOW + 3 * DAY - MOMENT, None, False),
    "half its life": (GRANTED, NOW + 3 * DAY, None, True),
    "expired": (GRANTED, NOW + 7 * DAY, None, True),
    "waiting after a failure": (Push(retry_at=NOW + RETRY), NOW, None, False),
    "waited after a failure": (Push(retry_at=NOW), NOW, None, True),
    "asked for before it was granted": (GRANTED, NOW + DAY, NOW - MOMENT, False),
    "asked for as it was granted": (GRANTED, NOW + DAY, NOW, True),
    "asked for since it was granted": (GRANTED, NOW + DAY, NOW + MOMENT, True),
    "asked for, nothing granted": (Push(), NOW, NOW, True),
    "asked for while waiting after a failure": (Push(retry_at=NOW + RETRY), NOW, NOW, True),
}


@pytest.mark.parametrize(("push", "now", "asked_at", "expected"), RENEWALS.values(), ids=RENEWALS.keys())
def test_when_a_subscription_is_renewed(push: Push, now: datetime, asked_at: datetime | None, expected: bool) -> None:
    assert needs_renewal(push, now, asked_at) is expected


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
