"""P6 and P7 where somebody decides in the middle of other work: what was read by then is not answered or kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local.soak.interruptions import Killed
from shared.errors import InvalidInput, NotFound
from shared.messages import DirectorySync
from shared.model import ConnectionStatus, Freshness, Role, Scope
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.test_decisions_interrupted import admin, person
from tests.faults.workers import Happens, process, told, while_reading


def disconnect(customer: Customer, name: str = ANN) -> None:
    customer.history.host.process.choices.disconnect(person(customer, Role.USER, name))


def cached(customer: Customer) -> list[tuple[str, str]]:
    return customer.history.calendar_rows(customer.history.org)


def test_who_disconnects_during_a_read_is_not_answered_though_the_process_dies_when_it_has_written(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.meet(ANN)
    worker = process(customer)
    calendars = worker.tables.calendars
    real = calendars.replace

    def written_and_dead(*args: object) -> None:
        real(*args)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(calendars, "replace", written_and_dead)
    while_reading(worker, lambda: disconnect(customer))
    with pytest.raises(Killed):
        worker.calendar_syncs.run(told(customer), "first")
    assert customer.busy(ANN).freshness is Freshness.UNKNOWN
    process(customer).calendar_syncs.run(told(customer), "first")  # delivered again
    assert [member for member, _ in cached(customer)] == [BEN]
    customer.live(hours=1)
    customer.is_at_rest()


def test_a_tenant_disconnected_in_the_middle_of_its_first_pass_binds_nobody(new_customer: Make) -> None:
    customer = new_customer(connected=False)
    customer.history.connect()
    meanwhile_of_pass(customer, lambda: take_down(customer))
    customer.live(hours=2)
    assert list(customer.history.observer.tables.tenants.rows(customer.history.org)) == []
    assert {customer.status(name) for name in (ANN, BEN)} == {ConnectionStatus.NOT_MATCHED}
    assert cached(customer) == []
    customer.is_at_rest()


def take_down(customer: Customer) -> None:
    """An admin disconnects the tenant, and another worker carries that out to the end."""
    customer.history.host.process.tenants.disconnect(admin(customer), customer.outlook.tenant.id)
    for envelope in customer.history.host.visible():
        if envelope.kind is DirectorySync:
            customer.history.host.run(envelope)


def meanwhile_of_pass(customer: Customer, happens: Happens) -> None:
    """Run the next pass, in which something happens once the directory has been read."""
    users = customer.history.host.process.directory_syncs._users
    real = users.changes

    def changes(*args: object) -> object:
        users.changes = real  # type: ignore[method-assign]
        yield from real(*args)  # type: ignore[arg-type]
        happens()

    users.changes = changes  # type: ignore[method-assign, assignment]
    customer.run()


def test_a_subscription_that_was_just_made_ends_with_its_tenant(customer: Customer) -> None:
    table = customer.history.observer.tables.mailboxes
    key = customer.mailbox(ANN).key
    customer.outlook.do(lambda: customer.world.subscriptions.pop(customer.subscriptions(ANN)[0].id))
    made = customer.history.host.process._pushes._subscriptions.create(
        key.tenant_id, [key.object_id], customer.outlook.now()
    )
    assert made
    assert table.row(key) is not None
    take_down(customer)
    customer.live(hours=2)
    assert customer.subscriptions(ANN) == []


def test_a_call_repeated_after_a_kill_leaves_no_answer_to_who_reads_meanwhile(customer: Customer) -> None:
    customer.meet(ANN)
    host, worker = customer.history.host, process(customer)

    def cut_short_and_repeated() -> None:
        mailboxes = host.process.tables.mailboxes
        real, calls = mailboxes.change, []

        def dies_second_time(*args: object) -> object:
            calls.append(args)
            if len(calls) == 2:  # the first one loosens the mailbox, the second one leaves it
                raise Killed
            return real(*args)  # type: ignore[arg-type]

        mailboxes.change = dies_second_time  # type: ignore[method-assign, assignment]
        assert not host.attempt(lambda: disconnect(customer))
        disconnect(customer)

    while_reading(worker, cut_short_and_repeated)
    worker.calendar_syncs.run(told(customer), "first")
    assert customer.busy(ANN).freshness is Freshness.UNKNOWN
    customer.live(hours=3)
    customer.is_at_rest()


def test_who_is_checked_while_they_disconnect_stays_out(customer: Customer) -> None:
    rematch = customer.history.host.process._rematch
    real = rematch.roster

    def roster(*args: object) -> object:
        rematch.roster = real  # type: ignore[method-assign]
        disconnect(customer)
        return real(*args)  # type: ignore[arg-type]

    rematch.roster = roster  # type: ignore[method-assign, assignment]
    customer.history.host.process.checks.run(customer.history.org, "boss", ANN)
    assert customer.status(ANN) is ConnectionStatus.USER_DISCONNECTED
    assert customer.busy(ANN).freshness is Freshness.UNKNOWN


def test_who_leaves_the_roster_while_they_are_checked_is_not_there(customer: Customer) -> None:
    rematch = customer.history.host.process._rematch
    real = rematch.roster

    def roster(*args: object) -> object:
        customer.history.remove_member(ANN)
        return real(*args)  # type: ignore[arg-type]

    rematch.roster = roster  # type: ignore[method-assign, assignment]
    with pytest.raises(NotFound):
        customer.history.host.process.checks.run(customer.history.org, "boss", ANN)


def test_a_policy_takes_members_out_at_once_though_the_directory_is_to_be_left_alone(customer: Customer) -> None:
    customer.fault("/users/delta", status=429, retry_after=3600, times=None)
    customer.tick()
    change = lambda policy: replace(policy, scope=Scope(members=(BEN,)))  # noqa: E731
    customer.history.host.process.governance.change(admin(customer), change)
    customer.run()
    assert customer.status(ANN) is ConnectionStatus.EXCLUDED
    assert customer.busy(ANN).freshness is Freshness.UNKNOWN
    assert customer.status(BEN) is ConnectionStatus.CONNECTED


def test_nobody_is_named_in_a_tenant_that_goes(customer: Customer) -> None:
    process, key = customer.history.host.process, customer.mailbox(BEN).key
    chosen = process.candidates.one(customer.history.org, *key)
    take_down(customer)
    with pytest.raises(InvalidInput):
        process.candidates.one(customer.history.org, *key)
    customer.live(hours=2)
    process.choices.name(admin(customer), ANN, chosen)
    customer.run()
    choice = customer.history.observer.tables.choices.get(customer.history.org, ANN)
    assert choice is not None
    assert choice.value.mailbox is None
