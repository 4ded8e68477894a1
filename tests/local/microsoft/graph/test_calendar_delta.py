from __future__ import annotations

from typing import Any

import pytest

from local.microsoft.faults import Fault
from local.microsoft.graph import events
from tests.local.microsoft.graph.conftest import ADELE, Graph, weekly

DELTA = f"/users/{ADELE}/calendarView/delta"
MARCH = {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-04-01T00:00:00Z"}


def begin(graph: Graph, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """A whole round: its items and the link to the next one."""
    return follow(graph, graph.get(DELTA, params=MARCH, headers=headers).json())


def follow(graph: Graph, page: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    items = list(page["value"])
    while "@odata.nextLink" in page:
        page = graph.get(page["@odata.nextLink"]).json()
        items += page["value"]
    return items, page["@odata.deltaLink"]


def test_first_round_pages_and_the_next_is_empty(graph: Graph) -> None:
    for _ in range(25):
        graph.add_event()
    first = graph.get(DELTA, params=MARCH, headers={"Prefer": "odata.maxpagesize=7"})
    assert len(first.json()["value"]) == 7
    assert first.headers["preference-applied"] == "odata.track-changes"
    items, link = follow(graph, first.json())
    assert len({item["id"] for item in items}) == 25
    assert graph.get(link).json()["value"] == []


def test_later_rounds_hold_what_changed(graph: Graph) -> None:
    kept, gone = graph.add_event(), graph.add_event()
    _, link = begin(graph)
    graph.change(events.update_event, kept.id, {"showAs": "free"})
    graph.change(events.delete_event, gone.id)
    new = graph.add_event()
    items, _ = follow(graph, graph.get(link).json())
    by_id = {item["id"]: item for item in items}
    assert set(by_id) == {kept.id, gone.id, new.id}
    assert by_id[kept.id]["showAs"] == "free"
    assert by_id[gone.id]["@removed"] == {"reason": "deleted"}


def test_changes_outside_the_window_look_like_removals(graph: Graph) -> None:
    _, link = begin(graph)
    outside = graph.add_event(start="2027-01-01T09:00:00", end="2027-01-01T10:00:00")
    items, _ = follow(graph, graph.get(link).json())
    assert items == [{"@odata.type": "#microsoft.graph.event", "id": outside.id, "@removed": {"reason": "deleted"}}]


def test_occurrences_are_stubs_and_deleted_ones_go_unmentioned(graph: Graph) -> None:
    series = graph.add_event(recurrence=weekly("2026-03-10", ["tuesday"]), showAs="free")
    items, link = begin(graph)
    assert len(items) == 4
    assert set(items[0]) == {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
    graph.change(events.cancel_occurrence, series.id, "2026-03-17")
    again, _ = follow(graph, graph.get(link).json())
    assert [item["id"] for item in again] == [item["id"] for item in items if not item["id"].endswith("0317")]


def test_full_occurrences_and_masters_where_switched_so(graph: Graph) -> None:
    graph.world.switches.delta_occurrences = "full"
    graph.world.switches.delta_masters = True
    graph.add_event(recurrence=weekly("2026-03-10", ["tuesday"]))
    items, _ = begin(graph)
    assert [item["type"] for item in items].count("seriesMaster") == 1
    assert {item["subject"] for item in items} == {"Review"}


@pytest.mark.parametrize("option", ["$select", "$filter", "$expand", "$orderby", "$search"])
def test_query_options_are_refused(graph: Graph, option: str) -> None:
    assert graph.get(DELTA, params={**MARCH, option: "subject"}).status_code == 400


@pytest.mark.parametrize(
    ("manner", "code"), [("410", "SyncStateNotFound"), ("400", "syncStateNotFound"), ("404", "syncStateNotFound")]
)
def test_tokens_expire_on_demand_also_in_the_middle_of_a_round(graph: Graph, manner: Any, code: str) -> None:
    graph.world.switches.calendar_delta_expired = manner
    for _ in range(12):
        graph.add_event()
    page = graph.get(DELTA, params=MARCH).json()
    graph.world.faults.add(Fault(where="/users/*/calendarView/delta", twist="expired"))
    response = graph.get(page["@odata.nextLink"])
    assert (response.status_code, response.json()["error"]["code"]) == (int(manner), code)


def test_empty_pages_duplicates_and_late_changes(graph: Graph) -> None:
    one = graph.add_event()
    for twist in ("empty_page", "duplicates", "late"):
        graph.world.faults.add(Fault(where="/users/*/calendarView/delta", twist=twist))  # type: ignore[arg-type]
    items, link = begin(graph)
    assert [item["id"] for item in items] == [one.id, one.id]
    assert [item["id"] for item in follow(graph, graph.get(link).json())[0]] == [one.id]


def test_garbled_token_is_an_expired_one(graph: Graph) -> None:
    assert graph.get(f"{DELTA}?$deltatoken=garbage").status_code == 410
