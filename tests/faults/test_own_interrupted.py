"""P7 for members' own connections, with the process killed or held up at every request of what they decide.

What was decided holds in the end, or nothing of it is left: no tokens, no mailbox, no subscription, nobody kept out.
Between two requests that are stopped at, the decision is made to its end, and taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from shared.errors import NotFound
from shared.model import ConnectionStatus, Detail
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.personal_customer import PersonalCustomer
from tests.faults.test_decisions_interrupted import MOST_STEPS, STRIDE, Act, dies_at
from tests.faults.workers import told

S = ConnectionStatus
RARELY = 3 * STRIDE - 2
"""Both ways of a decision are stopped; every request where `make interruptions` takes each."""
SECOND = "second"
"""Another account that ann has."""


@pytest.fixture
def customer(new_personal: Callable[..., PersonalCustomer]) -> PersonalCustomer:
    """A customer whose ann is about to connect an account; nobody else does."""
    customer = new_personal(connected=False)
    customer.outlook.hire(SECOND)
    customer.meet(ANN)
    customer.meet(SECOND, hour=15)
    return customer


def connects(customer: PersonalCustomer, account: str = ANN) -> Act:
    return lambda: customer.history.own.connect(ANN, customer.user(account))


def connects_second(customer: PersonalCustomer) -> Act:
    return connects(customer, SECOND)


def disconnects(customer: PersonalCustomer) -> Act:
    def disconnect() -> None:
        with suppress(NotFound):  # nothing may be left to do
            customer.history.own.disconnect(ANN)

    return disconnect


def is_connected(customer: PersonalCustomer, account: str = ANN) -> Act:
    def check() -> None:
        assert customer.is_true(ANN)
        assert customer.connection(ANN).account.object_id == customer.user(account).id
        agrees(customer)

    return check


def is_gone(customer: PersonalCustomer) -> Act:
    def check() -> None:
        assert customer.history.own_connections() == {}
        agrees(customer)

    return check


def has_second(customer: PersonalCustomer) -> Act:
    return is_connected(customer, SECOND)


def agrees(customer: PersonalCustomer) -> None:
    """Everything says the same, whatever that is; and the managed connection is out while the own one is there.

    Whose tokens were replaced and whose row was not is asked to sign in again, and does by and by.
    """
    own = customer.history.own_connections().get(ANN)
    if own is not None and own.status is S.RECONNECT_REQUIRED:
        assert str(own.detail).startswith("tokens_")
        return
    customer.is_at_rest()
    tables, owner = customer.history.observer.tables, customer.owner(ANN)
    choice, managed = tables.choices.get(*owner), tables.connections.get(*owner)
    assert (choice is not None and choice.value.own_instead is not None) is (own is not None)
    if managed is not None:
        is_out = (managed.value.status, managed.value.detail) == (S.USER_DISCONNECTED, Detail.OWN_CONNECTION)
        assert is_out is (own is not None)


CASES = {
    "connecting and disconnecting": (connects, disconnects, is_connected, is_gone),
    "another account and the first one": (connects_second, connects, has_second, is_connected),
}
"""What is decided in turn, and what holds then."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_killed_at_any_request_it_holds_in_the_end_or_nothing_of_it_is_left(
    customer: PersonalCustomer, case: tuple[Callable[[PersonalCustomer], Act], ...]
) -> None:
    act, back, holds, back_holds = (of(customer) for of in case)
    back()
    customer.live(hours=1)
    for step in range(1, MOST_STEPS, RARELY):
        died = [killed(customer, step, act, holds), killed(customer, step, back, back_holds)]
        if not any(died):
            assert step > 20
            return
    raise AssertionError("it never comes to an end")


def killed(customer: PersonalCustomer, step: int, act: Act, holds: Act) -> bool:
    """Decide, and die at that request; whether it came to that. Then whoever decided does it once more."""
    died = dies_at(customer, step, act)
    customer.live(hours=2)
    agrees(customer)
    customer.history.until_done(act)
    customer.live(minutes=10)
    holds()
    return died


def test_a_calendar_is_read_with_a_new_token(customer: PersonalCustomer) -> None:
    customer.world.switches.access_token_seconds = 600
    connects(customer)()
    customer.run()
    for step in range(1, MOST_STEPS, STRIDE):
        customer.outlook.advance(timedelta(minutes=11))
        customer.meet(ANN, hour=step % 24, minutes=20, day=2 + step // 24)
        customer.history.host.queue.clear()
        customer.history.host.send(told(customer))
        died = dies_at(customer, step, lambda: None)
        customer.live(minutes=30)
        assert customer.is_true(ANN)
        customer.is_at_rest()
        if not died:
            assert step > 10
            return
    raise AssertionError("it never comes to an end")


@pytest.mark.parametrize("decision", ["connects", "disconnects"])
def test_held_up_for_minutes_it_holds_all_the_same(customer: PersonalCustomer, decision: str) -> None:
    """Meanwhile the timer and every message run."""
    act, undo, holds = connects(customer), disconnects(customer), is_connected(customer)
    if decision == "disconnects":
        undo()
        act, undo, holds = undo, act, is_gone(customer)
    host = customer.history.host
    for step in range(1, MOST_STEPS, RARELY):
        host.interrupt(step, lambda: customer.ticks(minutes=5), afterwards=False)
        act()
        held = not host.interruptions.forget()
        customer.live(minutes=10)
        holds()
        undo()
        customer.live(minutes=10)
        if not held:
            assert step > 10
            return
    raise AssertionError("it never comes to an end")


def test_killed_while_a_member_is_taken_off_the_roster_nothing_of_them_is_left(customer: PersonalCustomer) -> None:
    for step in range(2, MOST_STEPS, RARELY):
        connects(customer)()
        customer.run()
        kills = customer.history.census.kills
        customer.history.host.interrupt(step, None, afterwards=True)
        customer.history.remove_member(ANN)
        customer.live(hours=1)
        customer.is_at_rest()
        customer.history.put_member(ANN, customer.outlook.address(ANN))
        if customer.history.census.kills == kills:
            assert step > 10
            return
    raise AssertionError("it never comes to an end")


def test_who_leaves_the_roster_and_comes_back_is_not_kept_out_for_what_they_had(customer: PersonalCustomer) -> None:
    connects(customer)()
    customer.run()
    customer.history.remove_member(ANN)
    customer.live(hours=1)
    customer.history.put_member(ANN, customer.outlook.address(ANN))
    customer.history.connect()
    customer.live(hours=1)
    managed = customer.history.observer.tables.connections.get(*customer.owner(ANN))
    assert managed is not None
    assert managed.value.status is S.CONNECTED
    customer.is_at_rest()


def test_dying_before_the_managed_one_is_kept_out_it_is_all_the_same(new_personal: Callable[..., Customer]) -> None:
    """Ann connects her own where she has no managed calendar; then the tenant is connected, which has one for her."""
    customer = new_personal(connected=False)
    tables, owner = customer.history.observer.tables, customer.owner(ANN)
    customer.history.put_member(BEN, customer.outlook.address(BEN))
    for step in range(18, MOST_STEPS):
        customer.history.host.interrupt(step, None, afterwards=True)
        customer.history.host.attempt(lambda: customer.history.own.connect(ANN, customer.user(ANN)))
        if tables.own_connection(owner) is not None:
            break
    choice = tables.choices.get(*owner)
    assert choice is None or choice.value.own_instead is None, "it died in between"
    customer.history.connect()
    customer.live(hours=1)
    managed = tables.connections.get(*owner)
    assert managed is not None
    assert (managed.value.status, managed.value.detail) == (S.USER_DISCONNECTED, Detail.OWN_CONNECTION)
    assert [key.mailbox for key, _ in tables.calendars.named(owner)] == [customer.key(ANN)]
    customer.is_at_rest()
