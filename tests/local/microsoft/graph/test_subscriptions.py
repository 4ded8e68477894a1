from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.microsoft.graph.subscriptions import PER_MAILBOX
from local.microsoft.world import Subscription
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, CLIENT, TENANT, UNLICENSED, Graph, Listener


def wish(graph: Graph, listener: Listener, user: str = ADELE, **fields: Any) -> dict[str, Any]:
    """A subscription's body with a day of life."""
    expiry = graph.world.clock.now() + timedelta(days=1)
    return {
        "changeType": "created,updated,deleted",
        "notificationUrl": f"{listener.url}?site=a%20b",
        "lifecycleNotificationUrl": f"{listener.url}/lifecycle",
        "resource": f"users/{user}/events",
        "expirationDateTime": expiry.isoformat(),
        "clientState": "secret",
        "latestSupportedTlsVersion": "v1_2",
        **fields,
    }


def expiry(resource: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(resource["expirationDateTime"])


def test_create_validates_both_urls_and_echoes_the_subscription(graph: Graph, listener: Listener) -> None:
    body = wish(graph, listener)
    response = graph.post("/subscriptions", body)
    created = response.json()
    assert response.status_code == 201
    assert [url.partition("?")[0] for url in listener.handshakes] == ["/webhooks/graph", "/webhooks/graph/lifecycle"]
    assert "site=a" in listener.handshakes[0]
    assert created["clientState"] == "secret"
    assert created["applicationId"] == CLIENT
    assert created["includeResourceData"] is None
    assert graph.get(f"/subscriptions/{created['id']}").json()["resource"] == body["resource"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda token: (200, "text/plain", token + "!"),
        lambda token: (200, "text/html", token),
        lambda token: (202, "text/plain", token),
        lambda token: (401, "text/plain", token),
    ],
)
def test_wrong_handshake_answers_fail_the_creation(graph: Graph, listener: Listener, answer: Any) -> None:
    listener.handshake_answer = answer
    response = graph.post("/subscriptions", wish(graph, listener))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "ValidationError")
    assert graph.get("/subscriptions").json()["value"] == []


def test_slow_handshake_times_out(graph: Graph, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    graph.world.switches.handshake_seconds = 0.1

    def late(token: str) -> tuple[int, str, str]:
        time.sleep(0.3)
        return 200, "text/plain", token

    listener.handshake_answer = late
    response = graph.post("/subscriptions", wish(graph, listener))
    assert "timed out" in response.json()["error"]["message"]


def test_unreachable_listener_fails_the_creation(graph: Graph, listener: Listener) -> None:
    response = graph.post("/subscriptions", wish(graph, listener, notificationUrl="http://127.0.0.1:9/nobody"))
    assert (response.status_code, response.json()["error"]["code"]) == (400, "ValidationError")


def test_duplicate_is_refused_however_it_is_spelt(graph: Graph, listener: Listener) -> None:
    first = graph.post("/subscriptions", wish(graph, listener)).json()
    again = wish(graph, listener, resource="/Users/adele@contoso.com/Events", changeType="deleted,updated,created")
    response = graph.post("/subscriptions", again)
    assert response.status_code == 409
    assert first["id"] in response.json()["error"]["message"]
    assert graph.post("/subscriptions", wish(graph, listener, user=BRUNO)).status_code == 201


def test_second_subscription_where_switched_to_older_behaviour(graph: Graph, listener: Listener) -> None:
    graph.world.switches.duplicate_subscription = "second"
    codes = [graph.post("/subscriptions", wish(graph, listener)).status_code for _ in range(2)]
    assert codes == [201, 201]


def test_short_lives_are_raised_to_45_minutes(graph: Graph, listener: Listener) -> None:
    now = graph.world.clock.now()
    soon = (now + timedelta(minutes=5)).isoformat()
    created = graph.post("/subscriptions", wish(graph, listener, expirationDateTime=soon)).json()
    assert timedelta(minutes=44) < expiry(created) - now < timedelta(minutes=46)


@pytest.mark.parametrize(("maximum", "minutes", "status"), [
    (10080, 10079, 201), (10080, 10090, 400), (4230, 4229, 201), (4230, 4240, 400),
])  # fmt: skip
def test_lives_over_the_maximum_are_refused(
    graph: Graph, listener: Listener, maximum: Any, minutes: int, status: int
) -> None:
    graph.world.switches.subscription_max_minutes = maximum
    far = (graph.world.clock.now() + timedelta(minutes=minutes)).isoformat()
    assert graph.post("/subscriptions", wish(graph, listener, expirationDateTime=far)).status_code == status


@pytest.mark.parametrize(
    "fields",
    [
        {"clientState": "x" * 129},
        {"changeType": "moved"},
        {"notificationUrl": "mailto:me"},
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
        {"expirationDateTime": "soon"},
        {"resource": "groups"},
    ],
)
def test_impossible_wishes_are_refused(graph: Graph, listener: Listener, fields: dict[str, str]) -> None:
    assert graph.post("/subscriptions", wish(graph, listener, **fields)).status_code == 400


def test_subscription_ends_by_the_clock(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    graph.world.clock.advance(timedelta(days=1, minutes=1))
    graph.sign_in()
    body = {"expirationDateTime": (graph.world.clock.now() + timedelta(days=1)).isoformat()}
    assert graph("PATCH", f"/subscriptions/{created['id']}", json=body).status_code == 404
    assert graph.get(f"/subscriptions/{created['id']}").status_code == 404
    assert graph.post("/subscriptions", wish(graph, listener)).status_code == 201


def test_renewal_moves_the_expiry(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    later = graph.world.clock.now() + timedelta(days=6)
    body = {"expirationDateTime": later.isoformat()}
    renewed = graph("PATCH", f"/subscriptions/{created['id']}", json=body)
    assert renewed.status_code == 200
    assert expiry(renewed.json()) == later.astimezone(UTC)


def test_lifecycle_url_cannot_be_added_later(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    response = graph("PATCH", f"/subscriptions/{created['id']}", json={"lifecycleNotificationUrl": listener.url})
    assert response.status_code == 400


def test_reauthorize_keeps_the_expiry(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    assert graph("POST", f"/subscriptions/{created['id']}/reauthorize").status_code == 204
    assert expiry(graph.get(f"/subscriptions/{created['id']}").json()) == expiry(created)


def test_renewing_and_reauthorizing_at_once_is_counted_or_refused(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    address = f"/subscriptions/{created['id']}"
    body = {"expirationDateTime": created["expirationDateTime"]}
    assert graph("PATCH", address, json=body).status_code == 200
    assert graph("POST", f"{address}/reauthorize").status_code == 204
    assert graph.world.delivery is not None
    assert graph.world.delivery.counters[created["id"]]["renewed_too_soon"] == 1
    graph.world.switches.renewal_conflict = True
    assert graph("PATCH", address, json=body).status_code == 409
    graph.world.clock.advance(timedelta(minutes=11))
    assert graph("PATCH", address, json=body).status_code == 200


def test_deleted_subscriptions_are_gone(graph: Graph, listener: Listener) -> None:
    created = graph.post("/subscriptions", wish(graph, listener)).json()
    assert graph("DELETE", f"/subscriptions/{created['id']}").status_code == 204
    assert graph("DELETE", f"/subscriptions/{created['id']}").status_code == 404


def test_list_holds_only_this_tenant_and_pages(graph: Graph, other_tenant: Graph, listener: Listener) -> None:
    stranger = other_tenant.post("/subscriptions", wish(other_tenant, listener)).json()
    graph.simulator.call(lambda: fill(graph, 150))
    items = graph.pages("/subscriptions")
    assert len(items) == 150
    assert stranger["id"] not in {item["id"] for item in items}
    assert graph.get(f"/subscriptions/{stranger['id']}").status_code == 404


def test_mailbox_holds_a_thousand_over_all_apps(graph: Graph, listener: Listener) -> None:
    graph.simulator.call(lambda: fill(graph, PER_MAILBOX))
    assert graph.post("/subscriptions", wish(graph, listener)).status_code == 403
    assert graph.post("/subscriptions", wish(graph, listener, user=BRUNO)).status_code == 201


def fill(graph: Graph, count: int) -> None:
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    later = graph.world.clock.now() + timedelta(days=1)
    for number in range(count):
        fields = {"changeType": "created", "resource": f"users/{ADELE}/events?n={number}"}
        subscription = Subscription(f"s{number}", CLIENT, TENANT, ADELE, fields, later, later)
        graph.world.subscriptions[subscription.id] = subscription
        mailbox.subscription_ids.add(subscription.id)


def test_subscribing_needs_access_to_the_calendar(graph: Graph, listener: Listener) -> None:
    graph.tenant.denied_mailboxes.add(ADELE)
    denied = graph.post("/subscriptions", wish(graph, listener))
    assert (denied.status_code, denied.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    unlicensed = graph.post("/subscriptions", wish(graph, listener, user=UNLICENSED))
    assert unlicensed.json()["error"]["code"] == "MailboxNotEnabledForRESTAPI"
    graph.tenant.principals[CLIENT].roles = {"User.Read.All"}
    graph.sign_in()
    assert graph.post("/subscriptions", wish(graph, listener, user=BRUNO)).status_code == 403
