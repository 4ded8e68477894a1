"""P7 and the end of a tenant, with the process killed at every step: what was decided holds in the end.

Each decision is made again and again, the process dying at the first request, then at the second, and so on until
one run comes to its end; between two of them it is taken back, without a kill. Whoever called may give up: what was
written of the decision is carried out, or nothing was written. Then they repeat the call.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from local.soak import checks
from shared.callers import Caller
from shared.model import ConnectionStatus, Policy, Role, Scope
from shared.policy import kept_out
from tests.faults.customer import ANN, BEN, Customer

S = ConnectionStatus
STRIDE = int(os.environ.get("STEPS_BETWEEN_KILLS", "9"))
"""Every so many steps only, to keep the suite short; `make interruptions` takes each."""
MOST_STEPS = 100

Act = Callable[[], object]


@pytest.fixture
def customer(managed: Customer) -> Customer:
    """Policies, tenants and choices are about managed connections; own ones are in `test_own_interrupted`."""
    return managed


def person(customer: Customer, role: Role, subject: str) -> Caller:
    return Caller(subject, customer.history.org, "Acme", role, "enterprise", frozenset({"outlook-admin"}))


def admin(customer: Customer) -> Caller:
    return person(customer, Role.ADMIN, "boss")


def in_every_run(customer: Customer, act: Act, undo: Act, holds: Act, undone: Act, agrees: Act | None = None) -> int:
    """Interrupt the decision and what follows from it at each request; how many there were."""
    history = customer.history
    agrees = agrees or (lambda: assert_told_the_same(customer))
    for step in range(1, MOST_STEPS, STRIDE):
        died = dies_at(customer, step, act)
        customer.live(hours=2)
        agrees()
        history.until_done(act)
        customer.live(hours=2)
        holds()
        history.until_done(undo)
        customer.live(hours=2)
        undone()
        if not died:
            return step
    raise AssertionError("it never comes to an end")


def dies_at(customer: Customer, step: int, act: Act) -> bool:
    """Act, and carry out what follows from it, until the process dies at that request; whether it came to that."""
    host = customer.history.host
    host.interrupt(step, None, afterwards=True)
    host.attempt(act)
    while host.interruptions.is_waiting and (visible := host.visible()):
        host.run(visible[0])
    return not host.interruptions.forget()


def assert_told_the_same(customer: Customer) -> None:
    """Connections, calendars, mailboxes and subscriptions agree with what was decided, whatever that is."""
    tables, org = customer.history.observer.tables, customer.history.org
    policy, connections = tables.policies.of(org), checks.connections_of(customer.history)
    for name in (ANN, BEN):
        member, choice = tables.members.get(org, name), tables.choices.get(org, name)
        assert member is not None
        reason = kept_out(member.value, choice.value if choice else None, policy)
        connection = connections[name]
        if reason is not None:
            assert (connection.status, connection.detail) == reason
        cached = bool(tables.calendars.named(customer.owner(name)))
        assert cached is (connection.active_mailbox is not None), name
        assert bool(customer.subscriptions(name)) is cached, name
    checks.check_books(customer.history, {(org, name): c for name, c in connections.items()})


def is_out(customer: Customer, name: str, status: S) -> Act:
    def check() -> None:
        assert customer.status(name) is status
        assert_told_the_same(customer)

    return check


def is_back(customer: Customer) -> Act:
    def check() -> None:
        assert (customer.status(ANN), customer.status(BEN)) == (S.CONNECTED, S.CONNECTED)
        assert customer.is_true(ANN)
        assert customer.is_true(BEN)
        assert_told_the_same(customer)

    return check


def test_a_member_disconnects_and_comes_back(customer: Customer) -> None:
    ann = person(customer, Role.USER, ANN)
    disconnect = lambda: customer.history.host.process.choices.disconnect(ann)  # noqa: E731
    reconnect = lambda: customer.history.host.process.choices.reconnect(ann)  # noqa: E731
    out = is_out(customer, ANN, S.USER_DISCONNECTED)
    assert in_every_run(customer, disconnect, reconnect, out, is_back(customer)) > 20
    disconnect()
    customer.live(hours=2)
    assert in_every_run(customer, reconnect, disconnect, is_back(customer), out) > 20


def test_a_policy_takes_somebody_out_and_in_again(customer: Customer) -> None:
    boss = admin(customer)

    def set_scope(scope: Scope | None) -> Act:
        change = lambda policy: replace(policy, scope=scope)  # noqa: E731
        return lambda: customer.history.host.process.governance.change(boss, change)

    out = is_out(customer, ANN, S.EXCLUDED)
    assert (
        in_every_run(customer, set_scope(Scope(members=frozenset({BEN}))), set_scope(None), out, is_back(customer))
        > 20
    )
    assert customer.history.observer.governance.policy(boss.org) == Policy()


@pytest.mark.parametrize("again", [False, True], ids=["disconnected", "connected again"])
def test_a_tenant_is_disconnected_and_connected_again(customer: Customer, again: bool) -> None:
    history, boss = customer.history, admin(customer)
    tenants = history.observer.tables.tenants

    def disconnect() -> None:
        if tenants.get(history.org, customer.outlook.tenant.id) is not None:
            history.host.process.tenants.disconnect(boss, customer.outlook.tenant.id)

    def connect() -> None:
        if tenants.get(history.org, customer.outlook.tenant.id) is None:
            history.connect()

    def is_gone() -> None:
        assert list(tenants.rows(history.org)) == []
        assert (customer.status(ANN), customer.status(BEN)) == (S.NOT_MATCHED, S.NOT_MATCHED)
        assert_told_the_same(customer)

    if again:
        disconnect()
        customer.live(hours=2)
        is_gone()
        assert in_every_run(customer, connect, disconnect, is_back(customer), is_gone) > 20
    else:
        assert in_every_run(customer, disconnect, connect, is_gone, is_back(customer)) > 20
