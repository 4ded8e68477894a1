"""What becomes of a creation that is sent twice, or whose answer never came."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from local.microsoft.faults import Fault
from local.microsoft.remote import Microsoft
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, TENANT, Graph, code, event, wait_until

EVER = datetime.max.replace(tzinfo=UTC)
EVENTS = f"/users/{ADELE}/events"
BODY = event(transactionId="booking-1")
LOST = {"reset": {"reset": True}, "504": {"status": 504}}


def lose_answer(graph: Graph, **fault: Any) -> None:
    """POST the event, and get no answer to be sure of."""
    graph.world.faults.add(Fault(where="/users/*/events", method="POST", **fault))
    if fault.get("reset"):
        with pytest.raises(requests.ConnectionError):
            graph.post(EVENTS, BODY)
    else:
        assert code(graph.post(EVENTS, BODY)) == (504, "UnknownError")


def ids(graph: Graph) -> list[str]:
    return [item["id"] for item in graph.get(EVENTS).json()["value"]]


def test_retry_with_the_same_transaction_makes_one_event(graph: Graph) -> None:
    first, again = graph.post(EVENTS, BODY), graph.post(EVENTS, BODY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    assert again.json()["transactionId"] == "booking-1"
    assert len(ids(graph)) == 1


@pytest.mark.parametrize("status", ["400", "409"])
def test_transaction_of_another_event_is_refused(graph: Graph, status: Any) -> None:
    graph.world.switches.transaction_reuse = status
    graph.post(EVENTS, BODY)
    assert code(graph.post(EVENTS, event(subject="Other", transactionId="booking-1")))[0] == int(status)
    assert graph.post(f"/users/{BRUNO}/events", BODY).status_code == 201


@pytest.mark.parametrize("lost", LOST)
def test_retry_after_a_lost_answer_is_answered_with_the_event(graph: Graph, lost: str) -> None:
    lose_answer(graph, **LOST[lost], after_write=True)
    again = graph.post(EVENTS, BODY)
    assert (again.status_code, [again.json()["id"]]) == (201, ids(graph))


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("status", ["400", "409"])
def test_retry_after_a_lost_answer_can_be_refused_naming_the_event(graph: Graph, status: Any, lost: str) -> None:
    graph.world.switches.transaction_retry = status
    lose_answer(graph, **LOST[lost], after_write=True)
    again = graph.post(EVENTS, BODY)
    assert code(again) == (int(status), "ErrorDuplicateTransactionId")
    assert [again.json()["error"]["@event.existingEventId"]] == ids(graph)


def test_refused_retry_can_keep_the_event_to_itself(graph: Graph) -> None:
    graph.world.switches.transaction_retry = "409"
    graph.world.switches.transaction_names_event = False
    graph.post(EVENTS, BODY)
    assert "@event.existingEventId" not in graph.post(EVENTS, BODY).json()["error"]


def test_refused_retry_names_the_event_in_the_asked_id_format(graph: Graph) -> None:
    graph.world.switches.transaction_retry = "409"
    immutable = {"Prefer": 'IdType="ImmutableId"'}
    created = graph.post(EVENTS, BODY, headers=immutable).json()
    again = graph.post(EVENTS, BODY, headers=immutable)
    assert again.json()["error"]["@event.existingEventId"] == created["id"] != ids(graph)[0]


def test_simultaneous_posts_with_one_transaction_make_one_event(graph: Graph) -> None:
    graph.world.switches.outlook_service_seconds = 0.05
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: graph.post(EVENTS, BODY), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["id"] for answer in answers} == set(ids(graph))
    assert len(ids(graph)) == 1


@pytest.mark.parametrize("lost", LOST)
def test_write_can_happen_after_its_failure_was_told(graph: Graph, lost: str) -> None:
    graph.world.clock.stop()
    lose_answer(graph, **LOST[lost], late_seconds=30)
    assert ids(graph) == []
    remote = Microsoft(graph.simulator.http_url)
    remote.advance(31)
    assert remote.wait_until_idle()
    assert remote.delivery()["idle"]
    remote.close()
    assert len(ids(graph)) == 1


def test_late_write_after_the_retry_makes_no_second_event(graph: Graph) -> None:
    lose_answer(graph, late_seconds=0.3)
    assert graph.post(EVENTS, BODY).status_code == 201
    wait_until(lambda: graph.simulator.call(lambda: graph.world.late_writes.is_idle(EVER)))
    assert len(ids(graph)) == 1


def test_late_write_without_a_transaction_is_a_second_event(graph: Graph) -> None:
    graph.world.clock.stop()
    graph.world.faults.add(Fault(where="/users/*/events", method="POST", late_seconds=5))
    assert graph.post(EVENTS, event()).status_code == 504
    assert graph.post(EVENTS, event()).status_code == 201
    remote = Microsoft(graph.simulator.http_url)
    remote.advance(6)
    assert remote.wait_until_idle()
    remote.close()
    assert len(ids(graph)) == 2


def test_late_delete_in_a_batch_happens_too(graph: Graph) -> None:
    created = graph.post(EVENTS, BODY).json()
    graph.world.faults.add(Fault(where="/users/*/events/*", method="DELETE", late_seconds=0))
    item = {"id": "1", "method": "DELETE", "url": f"{EVENTS}/{created['id']}"}
    assert graph.post("/$batch", {"requests": [item]}).json()["responses"][0]["status"] == 504
    wait_until(lambda: ids(graph) == [])


def test_late_write_that_would_be_refused_is_lost(graph: Graph) -> None:
    graph.world.clock.stop()
    lose_answer(graph, late_seconds=5)
    owner = graph.world.tenants[TENANT].users[ADELE]
    owner.mailbox, owner.lost_mailbox = None, owner.mailbox
    remote = Microsoft(graph.simulator.http_url)
    remote.advance(6)
    assert remote.wait_until_idle()
    remote.restore_mailbox(TENANT, ADELE)
    remote.close()
    assert ids(graph) == []
