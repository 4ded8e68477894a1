"""The platform hears of every change, in order, whoever dies or refuses; hours pass in milliseconds here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from local.soak import checks
from local.soak.host import Envelope
from shared.messages import DirectorySync, EventDelivery
from shared.model import TenantStatus
from tests.faults.customer import ANN, BEN, Customer


def deliveries(customer: Customer) -> list[Envelope]:
    return [e for e in customer.history.host.queue if isinstance(e.message, EventDelivery)]


def states(customer: Customer, key: str = ANN) -> list[str]:
    return [data["state"] for data in customer.history.platform.heard[key]]


def is_told(customer: Customer) -> None:
    """The platform has heard of everything there is, in an unbroken chain."""
    checks.check_told(customer.history, checks.connections_of(customer.history))


def switch_account(customer: Customer, name: str = ANN) -> None:
    """A change of state: the directory account goes off, or on again."""
    user = customer.user(name)
    enabled = not user.account_enabled
    place = customer.place(name)
    customer.outlook.do(lambda: directory_change(place, enabled))


def directory_change(place: tuple[object, ...], enabled: bool) -> None:
    from local.microsoft import directory  # noqa: PLC0415

    directory.change_user(*place, {"account_enabled": enabled})  # type: ignore[arg-type]


def test_connecting_is_told_step_by_step(customer: Customer) -> None:
    assert states(customer) == ["connecting", "connected"]
    assert states(customer, customer.outlook.tenant.id) == ["connecting", "connected"]
    is_told(customer)


def pass_of(customer: Customer) -> Envelope:
    """The timer's next pass over the tenant."""
    customer.history.host.tick()
    return next(e for e in customer.history.host.queue if isinstance(e.message, DirectorySync))


def test_whoever_dies_at_any_step_of_a_pass_that_changes_a_state_the_platform_hears_of_it(customer: Customer) -> None:
    kills = customer.history.census.kills
    for step in range(3, 22):
        switch_account(customer)
        envelope = pass_of(customer)
        customer.history.host.interrupt(step, None, afterwards=True)
        customer.history.run(envelope)
        customer.ticks(minutes=15)
        is_told(customer)
    assert customer.history.census.kills - kills > 15
    assert states(customer).count("disabled_in_directory") == 10


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
    assert states(customer).count("disabled_in_directory") == 6


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
    assert states(customer)[2:4] == ["disabled_in_directory", "connecting"]
    assert customer.history.observer.dead_letters.all() == []


def test_a_refused_member_holds_up_no_other(customer: Customer) -> None:
    platform, listener = customer.history.platform, customer.history._listener

    def hear(body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        if msgspec.json.decode(body)["data"].get("member") == ANN:
            return 400, {}
        return platform.receive(body, headers)

    listener.hear = hear
    for name in (ANN, BEN):
        switch_account(customer, name)
    customer.tick()
    assert states(customer, BEN)[-1] == "disabled_in_directory"
    assert states(customer) == ["connecting", "connected"]
    listener.hear = platform.receive
    customer.live(hours=1)
    is_told(customer)


def test_where_nobody_answers_the_others_wait_too_and_another_is_asked_next(customer: Customer) -> None:
    platform, asked = customer.history.platform, []

    def hear(body: bytes, _: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        asked.append(msgspec.json.decode(body)["data"].get("member"))
        return 0, {}

    customer.history._listener.hear = hear
    for name in (ANN, BEN):
        switch_account(customer, name)
    customer.tick()
    customer.wait(seconds=6)
    assert asked == [ANN, BEN]
    customer.history._listener.hear = platform.receive
    customer.live(hours=1)
    is_told(customer)


def test_the_time_a_receiver_asks_for_is_kept(customer: Customer) -> None:
    platform = customer.history.platform
    platform.refuse(429, 1, **{"Retry-After": "900"})
    switch_account(customer)
    customer.tick()
    (envelope,) = deliveries(customer)
    assert envelope.visible_at - customer.outlook.now() > timedelta(minutes=14)
    customer.ticks(minutes=10)
    assert states(customer)[-1] == "connected"
    customer.ticks(minutes=10)
    assert states(customer)[-1] == "disabled_in_directory"


def test_a_lost_message_is_sent_again_once(customer: Customer) -> None:
    switch_account(customer)
    customer.history.host.tick()
    (envelope,) = customer.history.host.visible()
    customer.history.run(envelope)
    customer.history.host.queue = [e for e in customer.history.host.queue if e not in deliveries(customer)]
    customer.history.platform.refuse(503, 100_000)
    customer.ticks(minutes=30)
    assert len(deliveries(customer)) == 1
    customer.history.platform.refusals = 0
    customer.live(hours=1)
    is_told(customer)


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


def test_a_redirect_is_not_followed(customer: Customer) -> None:
    customer.history.platform.refuse(302, 1, Location="/events")
    switch_account(customer)
    customer.tick()
    assert states(customer)[-1] == "connected"
    customer.wait(seconds=6)
    assert states(customer)[-1] == "disabled_in_directory"


def test_a_tenant_that_is_disconnected_goes_once_everything_is_told(customer: Customer) -> None:
    switch_account(customer)
    customer.history.host.tick()
    for envelope in customer.history.host.visible():
        customer.history.run(envelope)
    customer.history.host.queue.clear()  # ann's message is lost
    tenants = customer.history.observer.tables.tenants
    tenant_id, org = customer.outlook.tenant.id, customer.history.org
    row = tenants.get(org, tenant_id)
    assert row is not None
    tenants.retire(row, replace(row.value, status=TenantStatus.DISCONNECTED))
    customer.wait(seconds=10)
    assert tenants.get(org, tenant_id) is None
    assert states(customer, tenant_id)[-1] == "disconnected"
    is_told(customer)


def test_one_unreadable_row_keeps_nobody_else_from_being_heard_of(customer: Customer) -> None:
    table = customer.history.storage.get_table_client("Connections")
    for name in (ANN, BEN):
        switch_account(customer, name)
    customer.history.host.tick()
    (envelope,) = customer.history.host.visible()
    customer.history.run(envelope)
    table.update_entity({"PartitionKey": customer.history.org, "RowKey": ANN, "json0": "rubbish"})
    customer.run()
    assert states(customer, BEN)[-1] == "disabled_in_directory"
