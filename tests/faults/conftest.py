"""Customers for the tests of faults, of both kinds of connections.

`customer` and `new_customer` are given twice: with managed connections, and with members' own ones. What is there for
one kind only takes `managed`, `new_managed` or `personal` instead. `docs/faults.md` says for which kinds each fault
is shown, and why not for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TypeVar

import pytest

from local.soak.stage import Stage
from tests.faults.customer import Customer
from tests.faults.personal_customer import MixedCustomer, PersonalCustomer

Make = Callable[..., Customer]
C = TypeVar("C", bound=Customer)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage() as running:
        yield running


@pytest.fixture
def open_() -> Iterator[ExitStack]:
    """What ends with the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def new_managed(stage: Stage, open_: ExitStack) -> Make:
    """Makes customers whose admin connected everybody."""
    return making(Customer, stage, open_)


@pytest.fixture
def new_personal(stage: Stage, open_: ExitStack) -> Callable[..., PersonalCustomer]:
    """Makes customers whose members connected themselves."""
    return making(PersonalCustomer, stage, open_)


@pytest.fixture
def new_mixed(stage: Stage, open_: ExitStack) -> Make:
    """Makes customers of whom one member has an own connection, and another one a managed one."""
    return making(MixedCustomer, stage, open_)


@pytest.fixture(params=["managed", "personal"])
def new_customer(request: pytest.FixtureRequest) -> Make:
    """Makes customers of either kind."""
    make: Make = request.getfixturevalue(f"new_{request.param}")
    return make


@pytest.fixture
def customer(new_customer: Make) -> Customer:
    """A connected customer of the test's own, of either kind."""
    return new_customer()


@pytest.fixture
def managed(new_managed: Make) -> Customer:
    """One with managed connections: for what is about consent, directories, rosters and policies."""
    return new_managed()


@pytest.fixture
def personal(new_personal: Callable[..., PersonalCustomer]) -> PersonalCustomer:
    """One with own connections: for what is about people's own sign-ins."""
    return new_personal()


def making(kind: type[C], stage: Stage, open_: ExitStack) -> Callable[..., C]:
    """Makes customers of this kind, which end with the test."""

    def make(**wishes: bool) -> C:
        customer = kind(stage, **wishes)
        open_.callback(customer.history.close)
        return customer

    return make
