from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.soak.stage import Stage
from tests.faults.customer import Customer

Make = Callable[..., Customer]


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.fixture
def new_customer(stage: Stage) -> Iterator[Make]:
    """Makes customers that end with the test."""
    with ExitStack() as open_:

        def make(**wishes: bool) -> Customer:
            customer = Customer(stage, **wishes)
            open_.callback(customer.history.close)
            return customer

        yield make


@pytest.fixture
def customer(new_customer: Make) -> Customer:
    """A connected customer of the test's own."""
    return new_customer()
