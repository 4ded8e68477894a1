"""Subscriptions out of Graph's shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import Gone, TryLater
from shared.graph.subscriptions import LIFETIME, Subscription, _subscription, parse_subscription

OWNER = "aaaa0000-0000-4000-8000-000000000001"
SENT = {
    "id": "s1",
    "resource": f"users/{OWNER}/events",
    "expirationDateTime": "2026-12-08T09:00:00Z",
    "lifecycleNotificationUrl": "https://outlook.example.com/webhooks/graph/lifecycle?tenant=t",
    "clientState": "secret",
    "changeType": "created,updated,deleted",
}
NINE = datetime(2026, 12, 8, 9, tzinfo=UTC)


def test_a_subscription_as_graph_sends_it() -> None:
    expected = Subscription("s1", NINE, OWNER, SENT["lifecycleNotificationUrl"])
    assert parse_subscription(SENT) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-08T09:00:00Z", NINE),
        ("2026-12-08T09:00:00.0000000Z", NINE),
        ("2026-12-08T14:30:00.2250000+05:30", NINE + timedelta(milliseconds=225)),
        ("2026-12-08T09:00:00+00:00", NINE),
    ],
)
def test_every_spelling_of_the_expiry(text: str, expected: datetime) -> None:
    assert parse_subscription({**SENT, "expirationDateTime": text}).expires_at == expected


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        (f"users/{OWNER}/events", OWNER),
        (f"Users/{OWNER}/Events", OWNER),
        (f"/users/{OWNER}/events", OWNER),
        (f"users/{OWNER}/calendar/events", OWNER),
        ("me/events", None),
        ("users", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_whose_mailbox_it_is_on(resource: Any, owner: str | None) -> None:
    assert parse_subscription({**SENT, "resource": resource}).object_id == owner


MALFORMED = {
    "no id": {key: value for key, value in SENT.items() if key != "id"},
    "an id that is null": {**SENT, "id": None},
    "no expiry": {key: value for key, value in SENT.items() if key != "expirationDateTime"},
    "an expiry that is null": {**SENT, "expirationDateTime": None},
    "an expiry that is no time": {**SENT, "expirationDateTime": "soon"},
    "an expiry without offset": {**SENT, "expirationDateTime": "2026-12-08T09:00:00"},
    "an expiry in year 1": {**SENT, "expirationDateTime": "0001-01-01T00:00:00+14:00"},
    "nothing": {},
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_subscription_is_asked_for_again(sent: dict[str, Any]) -> None:
    assert isinstance(_subscription(sent), TryLater)


def test_a_failure_stays_what_it_is() -> None:
    gone = Gone("ResourceNotFound")
    assert _subscription(gone) is gone


def test_the_lifetime_asked_for_is_what_outlook_allows_whoevers_clock_is_right() -> None:
    assert timedelta(days=6) < LIFETIME <= timedelta(minutes=10_080) - timedelta(minutes=5)
