"""How events are signed, shaped and put off: pure decisions, verified with the reference library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from shared.http import Answer
from shared.messages import Subject
from shared.model import Announcement, ConnectionStatus, Outbox, TenantStatus
from shared.platform_events import AHEAD, FIRST_PAUSE, LONGEST_PAUSE, event, pause, to_tell
from shared.platform_webhook import signature
from shared.states import CONNECTIONS, TENANTS
from tests.properties import given

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
NEW, OLD, LEAKED = b"n" * 32, b"o" * 24, b"l" * 64
TOLD = Announcement("msg_1", NOW, 7, "stale", "connected", detail="429", tenant_id="t-1", merged=2)


def whsec(secret: bytes) -> str:
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(*secrets: bytes, body: bytes) -> dict[str, str]:
    at = int(datetime.now(UTC).timestamp())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secrets, "msg_1", at, body),
    }


@pytest.mark.parametrize("known", [NEW, OLD])
def test_while_secrets_are_rotated_a_receiver_may_know_either(known: bytes) -> None:
    body = b'{"name": "\xc3\xa9"}'
    assert Webhook(whsec(known)).verify(body, headers(NEW, OLD, body=body)) == {"name": "é"}


def test_whoever_knows_neither_or_gets_another_body_refuses() -> None:
    body = b"{}"
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(LEAKED)).verify(body, headers(NEW, OLD, body=body))
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(NEW)).verify(b"[]", headers(NEW, OLD, body=body))


def test_an_event_says_what_changed_in_the_words_of_the_api() -> None:
    told = json.loads(msgspec.json.encode(event("acme", "ann", TOLD, Subject.CONNECTION)))
    assert (told["type"], told["timestamp"]) == ("connection.changed", "2026-12-09T12:00:00Z")
    assert told["data"] == {
        "organization": "acme", "member": "ann", "source": "managed", "state": "stale", "previous_state": "connected",
        "state_text": CONNECTIONS[ConnectionStatus.STALE].text,
        "next_step": CONNECTIONS[ConnectionStatus.STALE].next_step,
        "detail": "429", "tenant": "t-1", "changed_at": "2026-12-09T12:00:00Z", "sequence": 7, "merged": 2,
    }  # fmt: skip


@pytest.mark.parametrize("status", TenantStatus)
def test_every_state_of_a_tenant_can_be_told(status: TenantStatus) -> None:
    told = Announcement("msg_1", NOW, 7, status, None, tenant_id="t-1")
    told_of = json.loads(msgspec.json.encode(event("acme", "t-1", told, Subject.TENANT)))
    assert told_of["type"] == "tenant.changed"
    assert "member" not in told_of["data"]
    assert told_of["data"]["state_text"] == TENANTS[status].text


@pytest.mark.parametrize("status", ConnectionStatus)
def test_every_state_of_a_connection_can_be_told(status: ConnectionStatus) -> None:
    told = event("acme", "ann", Announcement("msg_1", NOW, 7, status, None), Subject.CONNECTION)
    assert (told.data.state, told.data.previous_state) == (status, None)


REFUSED = Answer(503, {})


def test_pauses_grow_from_seconds_to_an_hour() -> None:
    pauses = [pause(attempt, REFUSED, 0) for attempt in range(9)]
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 4, FIRST_PAUSE * 16]
    assert pauses == sorted(pauses)
    assert set(pauses[6:]) == {LONGEST_PAUSE}


@given(attempt=st.integers(0, 10_000), share=st.floats(0, 1), status=st.sampled_from([None, 302, 404, 429, 500]))
def test_no_pause_is_ever_shorter_than_seconds_or_longer_than_an_hour(
    attempt: int, share: float, status: int | None
) -> None:
    assert FIRST_PAUSE * 0.75 <= pause(attempt, Answer(status, {}), share) <= LONGEST_PAUSE


@pytest.mark.parametrize(
    ("header", "expected"),
    [("900", timedelta(minutes=15)), ("1", FIRST_PAUSE), ("99999", LONGEST_PAUSE), ("x", FIRST_PAUSE)],
)
def test_a_receiver_may_ask_for_more_time_up_to_an_hour(header: str, expected: timedelta) -> None:
    assert pause(0, Answer(429, {"retry-after": header}), 0) == expected


def test_a_receiver_that_is_gone_is_asked_once_an_hour() -> None:
    assert pause(0, Answer(410, {}), 1) == LONGEST_PAUSE


def test_what_another_message_comes_for_is_left_to_that() -> None:
    waiting = Outbox(7, (TOLD,), NOW + timedelta(minutes=5))
    assert to_tell(waiting, NOW) is None
    assert to_tell(waiting, NOW + timedelta(minutes=5) - AHEAD) is TOLD
    assert to_tell(Outbox(7, (TOLD,)), NOW) is TOLD
    assert to_tell(Outbox(7), NOW) is None
