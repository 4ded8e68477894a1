import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack
from tests.scenarios.company import Company

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


@pytest.fixture
def company(stack: Stack) -> Company:
    """A customer of its own for the test."""
    return Company(stack)


@pytest.fixture
def connected(company: Company) -> Company:
    """A customer whose tenant is connected, with two members."""
    company.add("ann", "ben")
    company.connect()
    return company
