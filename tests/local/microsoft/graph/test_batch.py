from __future__ import annotations

import time
from typing import Any

import pytest

from local.microsoft.faults import Fault
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, UNLICENSED, Graph, event

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"


def view(identity: str, user: str = ADELE, **fields: Any) -> dict[str, Any]:
    return {"id": identity, "method": "GET", "url": f"/users/{user}/calendarView?{WINDOW}", **fields}


def create(identity: str, **fields: Any) -> dict[str, Any]:
    body = {"id": identity, "method": "POST", "url": f"/users/{ADELE}/events", "body": event()}
    return {**body, "headers": {"Content-Type": "application/json"}, **fields}


def run(graph: Graph, *requests: dict[str, Any]) -> dict[str, dict[str, Any]]:
    response = graph.post("/$batch", {"requests": list(requests)})
    assert response.status_code == 200, response.text
    return {item["id"]: item for item in response.json()["responses"]}


def test_items_succeed_and_fail_each_on_its_own(graph: Graph) -> None:
    graph.world.faults.add(Fault(where="/users/*/calendarView", user=BRUNO, status=429, retry_after=7))
    found = run(graph, view("1"), view("2", BRUNO), view("3", UNLICENSED), create("4"))
    assert {identity: item["status"] for identity, item in found.items()} == {"1": 200, "2": 429, "3": 404, "4": 201}
    assert found["2"]["headers"]["Retry-After"] == "7"
    assert found["2"]["body"]["error"]["code"] == "ApplicationThrottled"
    assert found["3"]["body"]["error"]["code"] == "MailboxNotEnabledForRESTAPI"


def test_answers_come_in_another_order(graph: Graph) -> None:
    requests = [view(str(number)) for number in range(20)]
    answers = graph.post("/$batch", {"requests": requests}).json()["responses"]
    order = [item["id"] for item in answers]
    assert sorted(order, key=int) == [request["id"] for request in requests]
    assert order != [request["id"] for request in requests]


@pytest.mark.parametrize(
    "requests",
    [
        [view(str(number)) for number in range(21)],
        [view("a"), view("A")],
        [view("1", dependsOn=["2"]), view("2")],
        [{"id": "1", "method": "GET"}],
        [],
    ],
)
def test_impossible_batches_are_refused_as_a_whole(graph: Graph, requests: list[dict[str, Any]]) -> None:
    assert graph.post("/$batch", {"requests": requests}).status_code == 400


def test_dependants_of_a_failure_are_not_run(graph: Graph) -> None:
    found = run(graph, view("1", UNLICENSED), create("2", dependsOn=["1"]), create("3", dependsOn=["2"]), view("4"))
    assert [found[identity]["status"] for identity in "1234"] == [404, 424, 424, 200]
    assert graph.get(f"/users/{ADELE}/events").json()["value"] == []


def test_a_body_needs_a_content_type(graph: Graph) -> None:
    assert run(graph, create("1", headers={}))["1"]["status"] == 400


def test_items_are_logged_one_by_one(graph: Graph) -> None:
    run(graph, view("1"), view("2", BRUNO))
    inside = [entry for entry in graph.world.requests if entry["batch"] is not None]
    assert len(inside) == 2
    assert {entry["path"] for entry in inside} == {f"/v1.0/users/{user}/calendarView" for user in (ADELE, BRUNO)}
    assert graph.world.requests[-1]["path"] == "/v1.0/$batch"


def test_at_most_four_are_on_their_way_so_one_mailbox_is_safe(graph: Graph) -> None:
    graph.world.switches.outlook_service_seconds = 0.02
    started = time.monotonic()
    found = run(graph, *[view(str(number)) for number in range(20)])
    assert {item["status"] for item in found.values()} == {200}
    assert time.monotonic() - started >= 5 * 0.02
