"""What people do to an app's event in Outlook: seen by Graph's readers, and told to its subscribers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from local.microsoft.remote import ControlError, Microsoft
from tests.local.microsoft.graph.conftest import ADELE, TENANT, Graph, Listener, event
from tests.local.microsoft.graph.test_subscriptions import wish

EVENTS = f"/users/{ADELE}/events"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
GUEST = {"emailAddress": {"address": "Gina@example.com", "name": "Gina"}, "type": "required"}
HOST = {"emailAddress": {"address": "hank@example.com", "name": "Hank"}, "type": "optional"}


@pytest.fixture
def booked(graph: Graph) -> dict[str, Any]:
    created: dict[str, Any] = graph.post(EVENTS, event(attendees=[GUEST, HOST]), headers=IMMUTABLE).json()
    return created


def answers(seen: dict[str, Any]) -> list[str]:
    return [attendee["status"]["response"] for attendee in seen["attendees"]]


@pytest.mark.parametrize("answer", ["accepted", "declined", "tentativelyAccepted"])
def test_answer_of_an_attendee_is_in_the_event(
    graph: Graph, remote: Microsoft, booked: dict[str, Any], answer: Any
) -> None:
    assert answers(booked) == ["none", "none"]
    remote.answer_event(TENANT, ADELE, booked["id"], "gina@EXAMPLE.com", answer)
    seen = graph.get(f"{EVENTS}/{booked['id']}", headers=IMMUTABLE).json()
    assert answers(seen) == [answer, "none"]
    assert seen["attendees"][0]["status"]["time"].endswith("Z")
    assert seen["@odata.etag"] != booked["@odata.etag"]


def test_attendees_who_stay_keep_their_answers(graph: Graph, remote: Microsoft, booked: dict[str, Any]) -> None:
    remote.answer_event(TENANT, ADELE, booked["id"], "gina@example.com", "accepted")
    seen = graph("PATCH", f"{EVENTS}/{booked['id']}", json={"attendees": [GUEST]}).json()
    assert answers(seen) == ["accepted"]


def test_nobody_answers_who_was_not_invited(remote: Microsoft, booked: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="no attendee"):
        remote.answer_event(TENANT, ADELE, booked["id"], "other@example.com", "accepted")
    with pytest.raises(ControlError, match="response"):
        remote.answer_event(TENANT, ADELE, booked["id"], "gina@example.com", "maybe")  # type: ignore[arg-type]


def test_owner_of_an_invitation_answers_it_for_themselves(graph: Graph, remote: Microsoft) -> None:
    invited = graph.add_event(isOrganizer=False, attendees=[GUEST])
    remote.answer_event(TENANT, ADELE, invited.id, "adele@contoso.com", "declined")
    assert graph.get(f"{EVENTS}/{invited.id}").json()["responseStatus"]["response"] == "declined"


def test_control_shows_what_graph_shows_only_when_asked(remote: Microsoft, booked: dict[str, Any]) -> None:
    shown = remote.event(TENANT, ADELE, booked["id"])
    assert (shown["immutableId"], shown["calendar"]) == (booked["id"], "AAMkCalendar")
    assert shown["singleValueExtendedProperties"] == []


Act = Callable[[Microsoft, str], Any]
ACTS: dict[str, tuple[Act, list[str]]] = {
    "answers": (lambda r, e: r.answer_event(TENANT, ADELE, e, "hank@example.com", "declined"), ["updated"]),
    "renames": (
        lambda r, e: r.update_event(TENANT, ADELE, e, {"subject": "Mine", "location": {"displayName": "Home"}}),
        ["updated"],
    ),
    "reschedules": (
        lambda r, e: r.reschedule_event(
            TENANT, ADELE, e, datetime(2026, 3, 11, 9, tzinfo=UTC), datetime(2026, 3, 11, 10, tzinfo=UTC)
        ),
        ["updated"],
    ),
    "moves": (lambda r, e: r.move_event(TENANT, ADELE, e), ["created", "deleted"]),
    "deletes": (lambda r, e: r.delete_event(TENANT, ADELE, e), ["deleted"]),
}


@pytest.mark.parametrize("act", ACTS)
def test_everything_people_do_is_announced(
    graph: Graph, remote: Microsoft, booked: dict[str, Any], listener: Listener, act: str
) -> None:
    assert graph.post("/subscriptions", wish(graph, listener), headers=IMMUTABLE).status_code == 201
    do, expected = ACTS[act]
    do(remote, booked["id"])
    assert remote.wait_until_idle()
    assert sorted(item["changeType"] for item in listener.items) == expected
    assert {item["resourceData"]["id"] for item in listener.items} == {booked["id"]}


def test_rescheduled_event_is_where_it_was_dragged(graph: Graph, remote: Microsoft, booked: dict[str, Any]) -> None:
    ACTS["reschedules"][0](remote, booked["id"])
    seen = graph.get(f"{EVENTS}/{booked['id']}").json()
    assert seen["start"]["dateTime"].startswith("2026-03-11T09:00")
    assert remote.outbox(TENANT, ADELE)[-1]["kind"] == "update"


def test_moved_and_archived_event_is_announced_under_its_new_immutable_id(
    graph: Graph, remote: Microsoft, booked: dict[str, Any], listener: Listener
) -> None:
    remote.set_switches(move_keeps_immutable_id=False)
    assert graph.post("/subscriptions", wish(graph, listener), headers=IMMUTABLE).status_code == 201
    moved = remote.event(TENANT, ADELE, remote.move_event(TENANT, ADELE, booked["id"]))
    assert remote.wait_until_idle()
    told = {item["changeType"]: item["resourceData"]["id"] for item in listener.items}
    assert told == {"deleted": booked["id"], "created": moved["immutableId"]}
