from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local.microsoft.faults import NotificationFault
from local.microsoft.graph import events
from local.microsoft.graph.delivery import Delivery
from local.microsoft.graph.subscriptions import remove_subscription
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, OTHER_TENANT, TENANT, Graph, Listener, wait_until
from tests.local.microsoft.graph.test_subscriptions import wish


def subscribe(graph: Graph, listener: Listener, user: str = ADELE, **fields: Any) -> str:
    response = graph.post("/subscriptions", wish(graph, listener, user=user, **fields))
    assert response.status_code == 201, response.text
    identity: str = response.json()["id"]
    return identity


def delivery(graph: Graph) -> Delivery:
    assert graph.world.delivery is not None
    return graph.world.delivery


def test_changes_arrive_with_the_subscriptions_secret(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    event = graph.add_event()
    graph.settle()
    graph.change(events.update_event, event.id, {"showAs": "free"})
    graph.settle()
    graph.change(events.delete_event, event.id)
    graph.settle()
    assert [item["changeType"] for item in listener.items] == ["created", "updated", "deleted"]
    item = listener.items[0]
    assert (item["subscriptionId"], item["clientState"], item["tenantId"]) == (identity, "secret", TENANT)
    assert item["resource"] == f"Users/{ADELE}/Events/{event.id}"
    assert item["resourceData"]["id"] == event.id
    assert item["resourceData"]["@odata.etag"].startswith('W/"')
    assert delivery(graph).counters[identity] == {"sent": 3, "acknowledged": 3}


def test_only_the_asked_kinds_and_mailboxes_are_announced(graph: Graph, listener: Listener) -> None:
    subscribe(graph, listener, changeType="deleted")
    graph.add_event()
    event = graph.add_event(user=ADELE)
    graph.add_event(user=BRUNO)
    graph.change(events.delete_event, event.id)
    graph.settle()
    assert [item["changeType"] for item in listener.items] == ["deleted"]


def test_one_post_mixes_tenants_and_subscriptions(graph: Graph, other_tenant: Graph, listener: Listener) -> None:
    graph.world.switches.gathering_seconds = 0.2
    for client in (graph, other_tenant):
        for user in (ADELE, BRUNO):
            subscribe(client, listener, user=user)
    for client in (graph, other_tenant):
        for user in (ADELE, BRUNO):
            client.add_event(user=user)
    graph.settle()
    assert len(listener.posts) == 1
    assert {item["tenantId"] for item in listener.items} == {TENANT, OTHER_TENANT}
    assert len({item["subscriptionId"] for item in listener.items}) == 4


@pytest.mark.parametrize(
    ("manner", "announced"),
    [("created_updated", ["created", "updated"]), ("updated_three", ["updated", "updated", "updated"])],
)
def test_one_creation_can_be_announced_several_times(
    graph: Graph, listener: Listener, manner: Any, announced: list[str]
) -> None:
    graph.world.switches.create_notifications = manner
    subscribe(graph, listener)
    graph.add_event()
    graph.settle()
    assert [item["changeType"] for item in listener.items] == announced


def test_other_spelling_of_resources(graph: Graph, listener: Listener) -> None:
    graph.world.switches.resource_spelling = "users@tenant"
    subscribe(graph, listener)
    event = graph.add_event()
    graph.settle()
    assert listener.items[0]["resource"] == f"users/{ADELE}@{TENANT}/events/{event.id}"
    assert listener.items[0]["subscriptionExpirationDateTime"].endswith("Z")


def test_immutable_ids_when_the_subscription_asked_for_them(graph: Graph, listener: Listener) -> None:
    graph.post("/subscriptions", wish(graph, listener), headers={"Prefer": 'IdType="ImmutableId"'})
    event = graph.add_event()
    graph.settle()
    assert listener.items[0]["resourceData"]["id"] == event.immutable_id


def test_faults_duplicate_drop_delay_and_forge(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    kinds: list[tuple[Any, int]] = [
        ("drop", 0),
        ("duplicate", 2),
        ("wrong_client_state", 1),
        ("unknown_subscription", 1),
    ]
    for kind, count in kinds:
        listener.posts.clear()
        graph.world.faults.add(NotificationFault(kind))
        graph.add_event()
        graph.settle()
        assert len(listener.items) == count, kind
    assert listener.items[0]["subscriptionId"] != identity
    listener.posts.clear()
    graph.world.faults.add(NotificationFault("delay", delay_seconds=300))
    graph.add_event()
    graph.settle()
    assert listener.items == []
    graph.world.clock.advance(timedelta(minutes=5))
    graph.settle()
    assert len(listener.items) == 1


def test_reordered_notification_arrives_after_its_successor(graph: Graph, listener: Listener) -> None:
    subscribe(graph, listener)
    graph.world.clock.stop()
    graph.world.faults.add(NotificationFault("reorder"))
    event = graph.add_event()
    graph.change(events.delete_event, event.id)
    graph.settle()
    graph.world.clock.advance(timedelta(seconds=3))
    graph.settle()
    assert [item["changeType"] for item in listener.items] == ["deleted", "created"]


def test_refused_posts_are_retried_when_the_clock_has_moved(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    listener.status = 503
    graph.add_event()
    graph.settle()
    assert len(listener.posts) == 1
    listener.status = 202
    graph.world.clock.advance(timedelta(seconds=11))
    graph.settle()
    assert len(listener.posts) == 2
    assert delivery(graph).counters[identity] == {"sent": 2, "retried": 1, "acknowledged": 1}


def test_retries_end_after_four_hours(graph: Graph, listener: Listener) -> None:
    graph.world.switches.access_token_seconds = 86_400
    graph.sign_in()
    identity = subscribe(graph, listener)
    listener.status = 500
    graph.add_event()
    for _ in range(30):
        graph.settle()
        graph.world.clock.advance(timedelta(minutes=30))
    counters = delivery(graph).counters[identity]
    assert counters["dropped"] == 1
    assert 8 < counters["sent"] < 25
    assert counters["sent"] == len(listener.posts)


def test_answer_after_the_deadline_counts_as_none(graph: Graph, listener: Listener) -> None:
    graph.world.switches.ack_seconds, graph.world.switches.retry_ack_seconds = 0.05, 5
    identity = subscribe(graph, listener)
    listener.delay = 0.15
    graph.add_event()
    graph.settle()
    assert delivery(graph).counters[identity]["acknowledged"] == 0
    graph.world.clock.advance(timedelta(seconds=11))
    graph.settle()
    assert delivery(graph).counters[identity]["acknowledged"] == 1


def test_slow_endpoint_gets_its_notifications_ten_minutes_late(graph: Graph, listener: Listener) -> None:
    graph.world.switches.ack_seconds, graph.world.switches.retry_ack_seconds = 0.05, 5
    graph.world.switches.endpoint_sample = 1
    subscribe(graph, listener)
    listener.delay = 0.1
    graph.add_event()
    graph.settle()
    listener.delay = 0
    listener.posts.clear()
    graph.add_event(subject="second")
    graph.world.clock.advance(timedelta(minutes=9))
    graph.settle()
    assert len(listener.posts) == 1  # the retry of the first
    graph.world.clock.advance(timedelta(minutes=2))
    graph.settle()
    assert len(listener.posts) == 2
    graph.add_event(subject="healthy again")
    graph.settle()
    assert len(listener.posts) == 3


def test_dropped_endpoint_loses_notifications_for_ten_minutes(graph: Graph, listener: Listener) -> None:
    graph.world.switches.ack_seconds, graph.world.switches.retry_ack_seconds = 0.02, 0.05
    graph.world.switches.endpoint_sample = 1
    identity = subscribe(graph, listener)
    listener.delay = 0.2
    graph.add_event()
    graph.settle()
    listener.delay = 0
    graph.add_event()
    assert delivery(graph).counters[identity]["dropped"] == 1
    graph.world.clock.advance(timedelta(minutes=11))
    graph.add_event()
    graph.settle()
    assert delivery(graph).counters[identity]["acknowledged"] >= 1


def test_lapsed_token_holds_deliveries_until_reauthorized(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    graph.world.clock.advance(timedelta(hours=1, minutes=1))
    graph.add_event()
    graph.settle()
    assert [item for item in listener.items if "changeType" in item] == []
    graph.sign_in()
    assert graph("POST", f"/subscriptions/{identity}/reauthorize").status_code == 204
    graph.settle()
    assert [item["changeType"] for item in listener.items if "changeType" in item] == ["created"]


def test_held_deliveries_are_lost_after_four_hours(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    graph.world.clock.advance(timedelta(hours=2))
    graph.add_event(subject="lost")
    graph.settle()
    graph.world.clock.advance(timedelta(hours=3))
    graph.add_event(subject="kept")
    graph.settle()
    graph.world.clock.advance(timedelta(hours=2))
    graph.sign_in()
    graph("POST", f"/subscriptions/{identity}/reauthorize")
    graph.settle()
    assert len([item for item in listener.items if "changeType" in item]) == 1
    assert delivery(graph).counters[identity]["dropped"] == 1


def test_reauthorization_is_asked_for_before_the_token_lapses(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    graph.world.clock.advance(timedelta(minutes=50))
    wait_until(lambda: bool(listener.items))
    assert listener.items[0]["lifecycleEvent"] == "reauthorizationRequired"
    assert listener.items[0]["subscriptionId"] == identity
    assert "resource" not in listener.items[0]


def test_removal_is_announced_and_ends_deliveries(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    graph.simulator.call(lambda: remove_subscription(graph.world, identity))
    graph.add_event()
    graph.settle()
    assert [item.get("lifecycleEvent") for item in listener.items] == ["subscriptionRemoved"]
    assert graph.get(f"/subscriptions/{identity}").status_code == 404


def test_missed_can_be_sent(graph: Graph, listener: Listener) -> None:
    identity = subscribe(graph, listener)
    subscription = graph.world.subscriptions[identity]
    graph.simulator.call(lambda: delivery(graph).lifecycle(subscription, "missed"))
    graph.settle()
    assert listener.items[0]["lifecycleEvent"] == "missed"
    assert listener.items[0]["clientState"] == "secret"
