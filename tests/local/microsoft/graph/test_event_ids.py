"""Finding an event again: by its ids in both formats, and by an extended property."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local.microsoft.graph import events
from tests.local.microsoft.graph.conftest import ADELE, Graph, event, weekly

EVENTS = f"/users/{ADELE}/events"
SECOND = "AAMkSecond"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
PROPERTY = "String {9a1b5c1e-0000-4000-8000-000000000000} Name BookingId"
WINDOW = {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-03-25T00:00:00Z"}


@pytest.fixture
def booked(graph: Graph) -> dict[str, Any]:
    """An event of the app's, by its immutable id, in a mailbox with a second calendar."""
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    mailbox.calendars[SECOND] = "Second"
    body = event(singleValueExtendedProperties=[{"id": PROPERTY, "value": "b'17"}])
    created: dict[str, Any] = graph.post(EVENTS, body, headers=IMMUTABLE).json()
    return created


def has_value(value: str, variable: str = "ep") -> str:
    quoted = value.replace("'", "''")
    either = f"{variable}/id eq '{PROPERTY}' and {variable}/value eq '{quoted}'"
    return f"singleValueExtendedProperties/Any({variable}: {either})"


def find(graph: Graph, value: str = "b'17", path: str = EVENTS, **more: str) -> list[dict[str, Any]]:
    answer = graph.get(path, params={"$filter": has_value(value), **more}, headers=IMMUTABLE)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["value"]
    return found


def usual_id(graph: Graph, immutable: str) -> str:
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    return next(e.id for e in mailbox.events.values() if e.immutable_id == immutable)


def batched(graph: Graph, method: str, url: str, **more: Any) -> requests.Response | Any:
    return graph.post("/$batch", {"requests": [{"id": "1", "method": method, "url": url, **more}]}).json()[
        "responses"
    ][0]


def test_every_answer_has_the_id_format_that_was_asked_for(graph: Graph, booked: dict[str, Any]) -> None:
    immutable, usual = booked["id"], usual_id(graph, booked["id"])
    assert immutable != usual
    address = f"{EVENTS}/{immutable}"
    assert graph.get(address).json()["id"] == usual
    assert graph.get(f"{EVENTS}/{usual}", headers=IMMUTABLE).json()["id"] == immutable
    changed = graph("PATCH", address, json={"showAs": "free"}, headers=IMMUTABLE)
    assert (changed.status_code, changed.json()["id"]) == (200, immutable)
    view = graph.get(f"/users/{ADELE}/calendarView", params=WINDOW, headers=IMMUTABLE).json()["value"]
    assert [item["id"] for item in view] == [immutable]
    assert [item["id"] for item in find(graph)] == [immutable]


def test_batched_calls_have_the_id_format_of_their_own_headers(graph: Graph, booked: dict[str, Any]) -> None:
    immutable, usual = booked["id"], usual_id(graph, booked["id"])
    assert batched(graph, "GET", f"{EVENTS}/{immutable}", headers=IMMUTABLE)["body"]["id"] == immutable
    assert batched(graph, "GET", f"{EVENTS}/{immutable}")["body"]["id"] == usual
    headers = {**IMMUTABLE, "Content-Type": "application/json"}
    changed = batched(graph, "PATCH", f"{EVENTS}/{immutable}", headers=headers, body={"showAs": "free"})
    assert changed["body"]["id"] == immutable
    created = batched(graph, "POST", EVENTS, headers=headers, body=event(subject="Other"))
    assert created["body"]["id"] != usual_id(graph, created["body"]["id"])


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_event_is_deleted_and_cancelled_by_its_immutable_id(
    graph: Graph, booked: dict[str, Any], method: str
) -> None:
    address = f"{EVENTS}/{booked['id']}" + ("/cancel" if method == "POST" else "")
    assert graph(method, address, headers=IMMUTABLE).ok
    assert graph(method, address, headers=IMMUTABLE).status_code == 404
    assert graph.get(EVENTS).json()["value"] == []


def test_pages_of_a_view_keep_the_id_format(graph: Graph) -> None:
    graph.post(EVENTS, event(recurrence=weekly("2026-03-03", ["tuesday"])))
    for _ in range(3):
        graph.add_event()
    found = graph.pages(f"/users/{ADELE}/calendarView", params={**WINDOW, "$top": "2"}, headers=IMMUTABLE)
    assert len({item["id"] for item in found}) == len(found) == 7
    assert all(item["id"].startswith("AAkALg") for item in found)


def test_occurrences_and_exceptions_have_the_id_format(graph: Graph) -> None:
    series = graph.post(EVENTS, event(recurrence=weekly("2026-03-10", ["tuesday"])), headers=IMMUTABLE).json()
    one = f"{series['id']}.20260317"
    assert graph("PATCH", f"{EVENTS}/{one}", json={"showAs": "free"}, headers=IMMUTABLE).json()["id"] == one
    read = graph.get(f"{EVENTS}/{series['id']}?$expand=exceptionOccurrences", headers=IMMUTABLE).json()
    assert [item["id"] for item in read["exceptionOccurrences"]] == [one]


def test_extended_property_is_found_with_only_selected_fields(graph: Graph, booked: dict[str, Any]) -> None:
    graph.post(EVENTS, event(subject="Other"))
    assert find(graph, **{"$select": "id,start"}) == [
        {name: booked[name] for name in ("@odata.etag", "id", "start")},
    ]
    assert find(graph, "b17") == []
    other_name = {"$filter": has_value("b'17", "prop")}
    assert len(graph.get(EVENTS, params=other_name).json()["value"]) == 1


def test_extended_property_is_found_in_a_batch(graph: Graph, booked: dict[str, Any]) -> None:
    wanted = requests.Request("GET", "http://x", params={"$filter": has_value("b'17"), "$select": "id"}).prepare()
    answer = batched(graph, "GET", f"{EVENTS}?{(wanted.url or '').partition('?')[2]}", headers=IMMUTABLE)
    assert [item["id"] for item in answer["body"]["value"]] == [booked["id"]]


def test_extended_property_survives_a_change_of_another(graph: Graph, booked: dict[str, Any]) -> None:
    other = {"id": PROPERTY.replace("BookingId", "Other"), "value": "x"}
    graph("PATCH", f"{EVENTS}/{booked['id']}", json={"singleValueExtendedProperties": [other]})
    assert [item["id"] for item in find(graph)] == [booked["id"]]
    changed = {"id": PROPERTY, "value": "b-18"}
    graph("PATCH", f"{EVENTS}/{booked['id']}", json={"singleValueExtendedProperties": [changed]})
    assert (find(graph), len(find(graph, "b-18"))) == ([], 1)


@pytest.mark.parametrize("properties", [[{"id": PROPERTY}], [{"value": "x"}], "x", [7]])
def test_malformed_extended_properties_are_refused(graph: Graph, properties: Any) -> None:
    assert graph.post(EVENTS, event(singleValueExtendedProperties=properties)).status_code == 400


def test_moved_event_has_a_new_id_and_keeps_its_immutable_one(graph: Graph, booked: dict[str, Any]) -> None:
    usual = usual_id(graph, booked["id"])
    graph.change(events.move_event, usual, SECOND)
    assert graph.get(f"{EVENTS}/{usual}").status_code == 404
    moved = graph.get(f"{EVENTS}/{booked['id']}", headers=IMMUTABLE).json()
    assert (moved["id"], moved["iCalUId"]) == (booked["id"], booked["iCalUId"])
    assert moved["@odata.etag"] != booked["@odata.etag"]


def test_moved_event_can_lose_its_immutable_id_and_is_found_by_its_property(
    graph: Graph, booked: dict[str, Any]
) -> None:
    graph.world.switches.move_keeps_immutable_id = False
    graph.change(events.move_event, booked["id"], SECOND)
    assert graph.get(f"{EVENTS}/{booked['id']}", headers=IMMUTABLE).status_code == 404
    found = find(graph)
    assert found[0]["iCalUId"] == booked["iCalUId"]
    assert found[0]["id"] != booked["id"]


def test_events_of_all_calendars_are_listed_or_only_of_the_primary_one(graph: Graph, booked: dict[str, Any]) -> None:
    graph.change(events.move_event, booked["id"], SECOND)
    assert len(find(graph)) == 1
    assert find(graph, path=f"/users/{ADELE}/calendar/events") == []
    assert len(find(graph, path=f"/users/{ADELE}/calendars/{SECOND}/events")) == 1
    graph.world.switches.events_listed = "calendar"
    assert find(graph) == []


def delta(graph: Graph, link: str | None = None) -> tuple[list[dict[str, Any]], str]:
    path = link or f"/users/{ADELE}/calendarView/delta"
    answer = graph.get(path, params=None if link else WINDOW, headers=IMMUTABLE).json()
    return answer["value"], answer["@odata.deltaLink"]


def test_deleted_event_is_told_by_its_immutable_id(graph: Graph, booked: dict[str, Any]) -> None:
    items, link = delta(graph)
    assert [item["id"] for item in items] == [booked["id"]]
    graph.change(events.delete_event, booked["id"])
    items, _ = delta(graph, link)
    assert [(item["id"], "@removed" in item) for item in items] == [(booked["id"], True)]


def test_event_moved_away_and_back_is_not_told_as_gone(graph: Graph, booked: dict[str, Any]) -> None:
    _, link = delta(graph)
    graph.change(events.move_event, booked["id"], SECOND)
    away, later = delta(graph, link)
    assert {item["id"] for item in away} == {booked["id"]}
    assert all("@removed" in item for item in away)
    graph.change(events.move_event, booked["id"], "AAMkCalendar")
    for since in (link, later):
        items, _ = delta(graph, since)
        assert [(item["id"], "@removed" in item) for item in items] == [(booked["id"], False)]
