import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.stack import Stack
from tests.scenarios.company import Company
from tests.scenarios.in_clear import found_in_clear

LEASE_SECONDS = 5


@pytest.fixture(scope="session")
def log_file() -> Iterator[Path]:
    """Where the service under test writes its log."""
    with tempfile.NamedTemporaryFile("w", prefix="service-", suffix=".log") as log:
        yield Path(log.name)


@pytest.fixture(scope="session")
def stack(log_file: Path) -> Iterator[Stack]:
    """The whole local world, the service in a process of its own."""
    with log_file.open("a") as output, Stack(lease_seconds=LEASE_SECONDS, output=output) as running:
        yield running


@pytest.fixture(scope="module")
def nothing_in_clear(stack: Stack, log_file: Path) -> Iterator[None]:
    """Behind the tests of a module, no token, code, verifier or nonce can be read in any table, queue or the log."""
    yield
    assert found_in_clear(stack, log_file) == set()


@pytest.fixture
def company(stack: Stack) -> Iterator[Company]:
    """A customer of its own for the test."""
    made = Company(stack)
    yield made
    made.retire()


class Supply:
    """Connected customers, several made at a time: connecting is mostly waiting for queues to be looked at."""

    AT_ONCE = 6

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ready: list[Company] = []

    def take(self, wanted: int) -> Company:
        """One that nobody had; `wanted` is how many can be of use at most."""
        if not self._ready:
            count = min(wanted, self.AT_ONCE)
            with ThreadPoolExecutor(count) as pool:
                self._ready = list(pool.map(lambda _: connected_company(self._stack), range(count)))
        return self._ready.pop()


def connected_company(stack: Stack) -> Company:
    company = Company(stack)
    company.add("ann", "ben")
    company.connect()
    return company


@pytest.fixture(scope="session")
def supply(stack: Stack) -> Supply:
    return Supply(stack)


@pytest.fixture
def connected(supply: Supply, request: pytest.FixtureRequest) -> Iterator[Company]:
    """A customer of the test's own whose tenant is connected, with two members."""
    taken = supply.take(sum("connected" in item.fixturenames for item in request.session.items))
    yield taken
    taken.retire()


@pytest.fixture(scope="session")
def untouched(stack: Stack) -> Company:
    """Such a customer for tests that only look, or whose every wish is refused."""
    return connected_company(stack)
