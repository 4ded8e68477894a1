"""P2: killed at the worst moment, nothing is lost. These tests have a world of their own to kill."""

import signal
from collections.abc import Iterator

import pytest

from local.client import wait_for
from local.stack import Stack
from tests.scenarios.company import Company

NAMES = [f"person{number}" for number in range(12)]


@pytest.fixture(scope="module")
def mortal() -> Iterator[Stack]:
    with Stack(lease_seconds=3) as running:
        yield running


def test_killed_in_the_middle_of_a_burst_nothing_is_lost(mortal: Stack) -> None:
    company = Company(mortal)
    company.add(*NAMES)
    company.connect()
    for number in range(60):
        company.meet(NAMES[number % len(NAMES)], days=1 + number, hour=number % 24)
        if number in (20, 40):
            mortal.stop_service(signal.SIGKILL)
            mortal.start_service()
    everybody = lambda: all(company.is_true(name) for name in NAMES)  # noqa: E731 - reads best where it is used
    assert wait_for(everybody, 40, pause=0.3) is not None


def test_killed_while_a_tenant_connects_it_ends_connected(mortal: Stack) -> None:
    company = Company(mortal)
    company.add(*NAMES)
    company.activate()
    assert wait_for(lambda: bool(company.calendar_requests()), 20, pause=0.005) is not None
    mortal.stop_service(signal.SIGKILL)
    mortal.start_service()
    assert wait_for(lambda: set(company.states().values()) == {"connected"}, 30, pause=0.2) is not None
    assert wait_for(lambda: all(company.is_true(name) for name in NAMES), 20, pause=0.3) is not None
    resources = [s["resource"] for s in company.microsoft.subscriptions(company.tenant)]
    assert len(resources) == len(set(resources)) == len(NAMES)
