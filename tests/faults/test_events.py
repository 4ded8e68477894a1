"""The platform hears of every change, in order, whoever dies or refuses; hours pass in milliseconds here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from local.soak import checks, own_checks
from local.soak.host import Envelope
from local.soak.platform import about
from shared.messages import EventDelivery
from shared.model import TenantStatus
from tests.faults.customer import ANN, BEN, Customer


def deliveries(customer: Customer) -> list[Envelope]:
    return [e for e in customer.history.host.queue if isinstance(e.message, EventDelivery)]


def states(customer: Customer, key: str = ANN) -> list[str]:
    return [data["state"] for data in customer.history.platform.heard[customer.heard_as(key)]]


def is_told(customer: Customer) -> None:
    """The platform has heard of everything there is, in an unbroken chain."""
    checks.check_told(customer.history, checks.connections_of(customer.history))
    for name, own in customer.history.own_connections().items():
        own_checks.check_told(customer.history, name, own)


def switch_account(customer: Customer, name: str = ANN) -> None:
    """A change of state: the account, or what is needed of it, goes off, or on again."""
    customer.switches(name)


def test_connecting_is_told_step_by_step(customer: Customer) -> None:
    assert states(customer) == ["connecting", "connected"]
    is_told(customer)


def test_connecting_a_tenant_is_told_step_by_step(managed: Customer) -> None:
    assert states(managed, managed.outlook.tenant.id) == ["connecting", "connected"]
    is_told(managed)


def pass_of(customer: Customer) -> Envelope:
    """What the timer asks for next, by which the change is noticed."""
    customer.history.host.tick()
    return next(e for e in customer.history.host.queue if isinstance(e.message, customer.notices))


def test_whoever_dies_at_any_step_of_a_pass_that_changes_a_state_the_platform_hears_of_it(managed: Customer) -> None:
    kills = managed.history.census.kills
    for step in range(3, 22):
        switch_account(managed)
        envelope = pass_of(managed)
        managed.history.host.interrupt(step, None, afterwards=True)
        managed.history.run(envelope)
        managed.ticks(minutes=15)
        is_told(managed)
    assert managed.history.census.kills - kills > 15
    assert states(managed).count("disabled_in_directory") == 10


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
def test_whoever_dies_at_any_step_of_telling_tells_again_and_goes_on(customer: Customer, afterwards: bool) -> None:
    kills = customer.history.census.kills
    for step in range(1, 7):
        for _ in range(2):
            switch_account(customer)
            customer.history.run(pass_of(customer))
        (envelope,) = deliveries(customer)
        customer.history.host.interrupt(step, None, afterwards=afterwards)
        customer.history.run(envelope)
        customer.ticks(minutes=15)
        is_told(customer)
    assert customer.history.census.kills - kills == 6
    assert states(customer).count(customer.off) == 6


def test_a_receiver_that_is_away_for_a_day_is_asked_rarely_and_hears_everything(customer: Customer) -> None:
    platform = customer.history.platform
    platform.refuse(503, 100_000)
    for _ in range(4):
        switch_account(customer)
        customer.ticks(minutes=30)
    asked = 100_000 - platform.refusals
    customer.live(hours=22)
    assert 100_000 - platform.refusals < asked + 22 * 3
    assert len(deliveries(customer)) <= 2
    platform.refusals = 0
    customer.live(hours=2)
    is_told(customer)
    assert states(customer)[2] == customer.off
    assert customer.history.observer.dead_letters.all() == []


def test_a_refused_member_holds_up_no_other(customer: Customer) -> None:
    platform, listener = customer.history.platform, customer.history._listener

    def hear(body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        if about(msgspec.json.decode(body)["data"]) == customer.heard_as(ANN):
            return 400, {}
        return platform.receive(body, headers)

    listener.hear = hear
    for name in (ANN, BEN):
        switch_account(customer, name)
    customer.tick()
    assert states(customer, BEN)[-1] == customer.off
    assert states(customer) == ["connecting", "connected"]
    listener.hear = platform.receive
    customer.live(hours=1)
    is_told(customer)


def test_where_nobody_answers_the_others_wait_too_and_another_is_asked_next(managed: Customer) -> None:
    platform, asked = managed.history.platform, []

    def hear(body: bytes, _: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        asked.append(msgspec.json.decode(body)["data"].get("member"))
        return 0, {}

    managed.history._listener.hear = hear
    for name in (ANN, BEN):
        switch_account(managed, name)
    managed.tick()
    managed.wait(seconds=6)
    assert asked == [ANN, BEN]
    managed.history._listener.hear = platform.receive
    managed.live(hours=1)
    is_told(managed)


def test_the_time_a_receiver_asks_for_is_kept(managed: Customer) -> None:
    platform = managed.history.platform
    platform.refuse(429, 1, **{"Retry-After": "900"})
    switch_account(managed)
    managed.tick()
    (envelope,) = deliveries(managed)
    assert envelope.visible_at - managed.outlook.now() > timedelta(minutes=14)
    managed.ticks(minutes=10)
    assert states(managed)[-1] == "connected"
    managed.ticks(minutes=10)
    assert states(managed)[-1] == "disabled_in_directory"


def test_a_lost_message_is_sent_again_once(managed: Customer) -> None:
    switch_account(managed)
    managed.history.host.tick()
    (envelope,) = managed.history.host.visible()
    managed.history.run(envelope)
    managed.history.host.queue = [e for e in managed.history.host.queue if e not in deliveries(managed)]
    managed.history.platform.refuse(503, 100_000)
    managed.ticks(minutes=30)
    assert len(deliveries(managed)) == 1
    managed.history.platform.refusals = 0
    managed.live(hours=1)
    is_told(managed)


def test_a_message_delivered_twice_makes_no_second_one(customer: Customer) -> None:
    customer.history.platform.refuse(503, 100_000)
    switch_account(customer)
    customer.tick()
    (envelope,) = deliveries(customer)
    for _ in range(3):
        customer.history.host.send(envelope.message)
    customer.run()
    assert len(deliveries(customer)) == 1


def test_who_left_meanwhile_is_told_of_no_more(customer: Customer) -> None:
    customer.history.platform.refuse(503, 100_000)
    switch_account(customer)
    customer.tick()
    customer.history.remove_member(ANN)
    customer.history.platform.refusals = 0
    customer.rests()
    assert states(customer) == ["connecting", "connected"]


def test_a_redirect_is_not_followed(managed: Customer) -> None:
    managed.history.platform.refuse(302, 1, Location="/events")
    switch_account(managed)
    managed.tick()
    assert states(managed)[-1] == "connected"
    managed.wait(seconds=6)
    assert states(managed)[-1] == "disabled_in_directory"


def test_a_tenant_that_is_disconnected_goes_once_everything_is_told(managed: Customer) -> None:
    switch_account(managed)
    managed.history.host.tick()
    for envelope in managed.history.host.visible():
        managed.history.run(envelope)
    managed.history.host.queue.clear()  # ann's message is lost
    tenants = managed.history.observer.tables.tenants
    tenant_id, org = managed.outlook.tenant.id, managed.history.org
    row = tenants.get(org, tenant_id)
    assert row is not None
    tenants.retire(row, replace(row.value, status=TenantStatus.DISCONNECTED))
    managed.wait(seconds=10)
    assert tenants.get(org, tenant_id) is None
    assert states(managed, tenant_id)[-1] == "disconnected"
    is_told(managed)


def test_one_unreadable_row_keeps_nobody_else_from_being_heard_of(managed: Customer) -> None:
    table = managed.history.storage.get_table_client("Connections")
    for name in (ANN, BEN):
        switch_account(managed, name)
    managed.history.host.tick()
    (envelope,) = managed.history.host.visible()
    managed.history.run(envelope)
    table.update_entity({"PartitionKey": managed.history.org, "RowKey": ANN, "json0": "rubbish"})
    managed.run()
    assert states(managed, BEN)[-1] == "disabled_in_directory"
