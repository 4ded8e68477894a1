"""P2: killed at the worst moment, nothing is lost. These tests have a world of their own to kill."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.client import wait_for
from local.kills.interruptions import Kind
from local.kills.run import NO_SCHEDULE, Scale, run
from local.stack import Stack
from tests.scenarios.company import PATIENCE, Company
from tests.scenarios.test_webhook import genuine_item, post

NAMES = [f"person{number}" for number in range(12)]
SHORT = Scale(changes=150, kills=3, restarts=1, mailboxes=30)
LEASE_SECONDS = 3


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data: Path = tmp_path_factory.mktemp("azurite")
    with Stack(lease_seconds=LEASE_SECONDS, settings=NO_SCHEDULE, data=data) as running:
        yield running


def test_killed_in_the_middle_of_a_burst_while_storage_restarts_nothing_is_lost(mortal: Stack) -> None:
    outcome = run(mortal, SHORT)
    assert outcome.findings == []
    assert (outcome.changes, outcome.delivery["acknowledged"]) == (150, 150)
    assert outcome.interruptions == {Kind.KILL: 3, Kind.STORAGE: 1}


def test_a_notification_that_meets_no_storage_is_sent_again_by_graph(mortal: Stack) -> None:
    company = Company(mortal)
    company.add("ann")
    company.connect()
    item = genuine_item(company, "ann")
    mortal.azurite.stop()
    refused = post(company, {"value": [item]})
    company.meet("ann")
    mortal.azurite.start()
    assert refused.status_code >= 500
    assert "Traceback" not in refused.text
    company.microsoft.wait_until_idle()
    for _ in range(3):
        company.microsoft.advance(20)
        company.microsoft.wait_until_idle()
    assert company.becomes_true("ann")
    assert len(company.busy("ann")["busy"]) == 1
    assert post(company, {"value": [item]}).status_code == 202


def test_killed_while_a_tenant_connects_it_ends_connected(mortal: Stack) -> None:
    company = Company(mortal)
    company.add(*NAMES)
    company.activate()
    assert wait_for(lambda: bool(company.calendar_requests()), PATIENCE, pause=0.005) is not None
    mortal.stop_service(signal.SIGKILL)
    mortal.start_service()
    assert wait_for(lambda: set(company.states().values()) == {"connected"}, PATIENCE, pause=0.2) is not None
    assert wait_for(lambda: all(company.is_true(name) for name in NAMES), PATIENCE, pause=0.3) is not None
    resources = [s["resource"] for s in company.microsoft.subscriptions(company.tenant)]
    assert len(resources) == len(set(resources)) == len(NAMES)
