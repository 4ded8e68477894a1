from __future__ import annotations

from typing import Any

import pytest

from tests.local.microsoft.graph.conftest import ADELE, Graph

ADDRESS = f"/users/{ADELE}/calendar/getSchedule"


def ask(**fields: Any) -> dict[str, Any]:
    return {
        "schedules": ["adele@contoso.com"],
        "startTime": {"dateTime": "2026-03-10T08:00:00", "timeZone": "UTC"},
        "endTime": {"dateTime": "2026-03-10T12:00:00", "timeZone": "UTC"},
        "availabilityViewInterval": 60,
        **fields,
    }


def test_view_shows_the_busiest_status_per_interval(graph: Graph) -> None:
    graph.add_event(start="2026-03-10T08:30:00", end="2026-03-10T09:30:00", showAs="tentative")
    graph.add_event(start="2026-03-10T09:00:00", end="2026-03-10T09:15:00", showAs="oof")
    graph.add_event(start="2026-03-10T10:00:00", end="2026-03-10T11:00:00", showAs="workingElsewhere")
    assert graph.post(ADDRESS, ask()).json()["value"][0]["availabilityView"] == "1300"
    graph.world.switches.working_elsewhere_digit = "4"
    assert graph.post(ADDRESS, ask()).json()["value"][0]["availabilityView"] == "1340"


def test_private_items_hide_their_subject(graph: Graph) -> None:
    graph.add_event(subject="Open")
    graph.add_event(subject="Secret", sensitivity="private")
    items = graph.post(ADDRESS, ask()).json()["value"][0]["scheduleItems"]
    assert [(item["isPrivate"], item.get("subject")) for item in sorted(items, key=lambda i: i["isPrivate"])] == [
        (False, "Open"),
        (True, None),
    ]
    assert all("id" not in item for item in items)


def test_unknown_address_fails_alone(graph: Graph) -> None:
    response = graph.post(ADDRESS, ask(schedules=["adele@contoso.com", "nobody@contoso.com"]))
    assert response.status_code == 200
    known, unknown = response.json()["value"]
    assert "error" not in known
    assert unknown["error"]["responseCode"] == "ErrorMailRecipientNotFound"


@pytest.mark.parametrize(
    "fields",
    [
        {"schedules": ["adele@contoso.com"] * 21},
        {"endTime": {"dateTime": "2026-05-11T08:00:00", "timeZone": "UTC"}},
        {"endTime": {"dateTime": "2026-03-10T07:00:00", "timeZone": "UTC"}},
        {"availabilityViewInterval": 4},
        {"availabilityViewInterval": 1441},
        {"startTime": None},
    ],
)
def test_limits(graph: Graph, fields: dict[str, Any]) -> None:
    assert graph.post(ADDRESS, ask(**fields)).status_code == 400
