from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests

from local.microsoft.faults import Fault
from local.microsoft.graph import throttle
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, Graph

CALENDAR = f"/users/{ADELE}/calendar"


def test_fifth_concurrent_call_to_a_mailbox_is_throttled_and_others_flow(graph: Graph) -> None:
    graph.world.switches.outlook_service_seconds = 0.3
    with ThreadPoolExecutor(6) as pool:
        mine = [pool.submit(graph.get, CALENDAR) for _ in range(5)]
        other = pool.submit(graph.get, f"/users/{BRUNO}/calendar")
        answers = [call.result() for call in mine]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 1
    assert refused[0].json()["error"]["code"] == "ApplicationThrottled"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert other.result().status_code == 200


def test_retry_after_can_be_missing(graph: Graph) -> None:
    graph.world.switches.outlook_retry_after = False
    window = throttle.Window(throttle.MAILBOX_WINDOW)
    window.add(graph.world.clock.now(), throttle.MAILBOX_REQUESTS)
    graph.world.throttle.mailboxes[graph_key(graph)] = window
    assert "Retry-After" not in graph.get(CALENDAR).headers


def graph_key(graph: Graph) -> tuple[str, str]:
    assert graph.get(CALENDAR).status_code == 200
    return next(iter(graph.world.throttle.mailboxes))


def test_ten_thousand_calls_in_ten_minutes_and_early_retries_count_too(graph: Graph) -> None:
    graph.world.clock.stop()
    key = graph_key(graph)
    window = throttle.Window(throttle.MAILBOX_WINDOW)
    window.add(graph.world.clock.now(), throttle.MAILBOX_REQUESTS - 1)
    graph.world.throttle.mailboxes[key] = window
    assert graph.get(CALENDAR).status_code == 200
    graph.world.clock.advance(timedelta(minutes=9))
    refused = graph.get(CALENDAR)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "61")
    graph.world.clock.advance(timedelta(minutes=2))
    assert graph.get(CALENDAR).status_code == 200


def test_directory_units_and_headers(graph: Graph) -> None:
    single = graph.get(f"/users/{ADELE}?$select=id")
    assert single.headers["x-ms-resource-unit"] == "1"
    assert graph.get("/users").headers["x-ms-resource-unit"] == "2"
    key = next(iter(graph.world.throttle.directories))
    graph.world.clock.stop()
    graph.world.throttle.directories[key].add(graph.world.clock.now(), 3200)
    assert float(graph.get("/users").headers["x-ms-throttle-limit-percentage"]) >= 0.8
    graph.world.throttle.directories[key].add(graph.world.clock.now(), 400)
    refused = graph.get("/users")
    assert refused.status_code == 429
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    graph.world.clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    assert graph.get("/users").status_code == 200


@pytest.mark.parametrize(
    ("path", "query", "cost"),
    [
        ("/users", {}, 2),
        ("/users", {"$select": "id"}, 1),
        ("/users", {"$top": "5", "$expand": "manager"}, 2),
        ("/users/1", {"$select": "id", "$top": "1"}, 1),
        ("/users/1", {"$expand": "manager"}, 2),
    ],
)
def test_resource_units(path: str, query: dict[str, str], cost: int) -> None:
    assert throttle.resource_units(path, query) == cost


@pytest.mark.parametrize(("users", "limit"), [(49, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_directory_limit_grows_with_the_tenant(users: int, limit: int) -> None:
    assert throttle.directory_limit(users) == limit


@pytest.mark.parametrize("seconds", [None, 12, 300])
def test_unsolicited_429_with_and_without_retry_after(graph: Graph, seconds: int | None) -> None:
    graph.world.faults.add(Fault(where="/users/*/calendar", status=429, retry_after=seconds))
    refused = graph.get(CALENDAR)
    assert refused.status_code == 429
    assert refused.headers.get("Retry-After") == (None if seconds is None else str(seconds))
    assert graph.get(CALENDAR).status_code == 200


def test_html_pages_bare_bodies_and_resets(graph: Graph) -> None:
    graph.world.faults.add(Fault(where="/users/*/calendar", status=503, html=True))
    page = graph.get(CALENDAR)
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html")
    assert page.text.startswith("<html>")
    graph.world.faults.add(Fault(where="/users/*/calendar", status=502, body="upstream"))
    assert graph.get(CALENDAR).text == "upstream"
    graph.world.faults.add(Fault(where="/users/*/calendar", reset=True))
    with pytest.raises(requests.ConnectionError):
        graph.get(CALENDAR)
    assert graph.get(CALENDAR).status_code == 200


def test_errors_carry_the_ids_of_the_request(graph: Graph) -> None:
    refused = graph.get("/users/nobody/calendar", headers={"client-request-id": "mine"})
    inner = refused.json()["error"]["innerError"]
    assert inner["request-id"] == refused.headers["request-id"]
    assert inner["client-request-id"] == refused.headers["client-request-id"] == "mine"


def test_unknown_paths_and_methods(graph: Graph) -> None:
    assert graph.get(f"/users/{ADELE}/calendarViews").json()["error"]["message"].endswith("'calendarViews'.")
    assert graph("DELETE", CALENDAR).status_code == 405
