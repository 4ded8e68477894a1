"""P6 and P7 where somebody decides in the middle of other work: what was read by then is not answered or kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from local.soak.interruptions import Killed
from shared.errors import InvalidInput, NotFound
from shared.messages import DirectorySync
from shared.model import ConnectionStatus, Freshness, Role, Scope, TenantStatus, Window
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.test_decisions_interrupted import admin, person
from tests.faults.workers import Happens, process, told, while_reading

SPAN = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def customer(managed: Customer) -> Customer:
    """Policies, tenants and choices are about managed connections."""
    return managed


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


def test_a_tenant_disconnected_in_the_middle_of_its_first_pass_binds_nobody(new_managed: Make) -> None:
    customer = new_managed(connected=False)
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
    change = lambda policy: replace(policy, scope=Scope(members=frozenset({BEN})))  # noqa: E731
    customer.history.host.process.governance.change(admin(customer), change)
    customer.run()
    assert customer.status(ANN) is ConnectionStatus.EXCLUDED
    assert customer.busy(ANN).freshness is Freshness.UNKNOWN
    assert customer.status(BEN) is ConnectionStatus.CONNECTED


def test_nobody_is_named_in_a_tenant_that_goes(customer: Customer) -> None:
    customer.outlook.hire("cat")
    process, key = customer.history.host.process, (customer.outlook.tenant.id, customer.user("cat").id)
    chosen = process.candidates.one(customer.history.org, ANN, *key)
    take_down(customer)
    with pytest.raises(InvalidInput):
        process.candidates.one(customer.history.org, ANN, *key)
    customer.live(hours=2)
    process.choices.name(admin(customer), ANN, chosen)
    customer.run()
    choice = customer.history.observer.tables.choices.get(customer.history.org, ANN)
    assert choice is not None
    assert choice.value.mailbox is None


def check(customer: Customer, name: str) -> list[tuple[str, bool]]:
    """What an admin's check comes to, step by step."""
    _, steps = customer.history.host.process.checks.run(customer.history.org, "boss", name)
    return [(step.name.split()[0], step.ok) for step in steps]


def test_a_check_whose_tenant_goes_meanwhile_leaves_nobody_connected(customer: Customer) -> None:
    customer.outlook.hire("cat")
    customer.history.put_member("cat", customer.outlook.address("cat"))
    customer.history.host.queue.clear()
    users = customer.history.host.process._users
    real = users.look_up

    def look_up(*args: object) -> object:
        users.look_up = real  # type: ignore[method-assign]
        found = real(*args)  # type: ignore[arg-type]
        take_down(customer)
        customer.wait(seconds=30)
        return found

    users.look_up = look_up  # type: ignore[method-assign, assignment]
    check(customer, "cat")
    customer.live(hours=2)
    assert list(customer.history.observer.tables.tenants.rows(customer.history.org)) == []
    assert customer.status("cat") is not ConnectionStatus.CONNECTED
    assert cached(customer) == []
    assert customer.subscriptions("cat") == []


def test_nobody_is_looked_for_in_a_tenant_of_which_it_is_not_certain_that_it_is_the_right_one(
    new_managed: Make,
) -> None:
    customer = new_managed(connected=False)
    customer.history.connect()
    tables, key = customer.history.observer.tables, (customer.history.org, customer.outlook.tenant.id)
    tables.tenants.change(*key, lambda tenant: tenant and replace(tenant, expected_domains=("elsewhere.example",)))
    assert check(customer, ANN)[1] == ("directory", False)
    assert customer.reads(ANN) == 0
    customer.run()
    row = tables.tenants.get(*key)
    assert row is not None
    assert row.value.status is TenantStatus.WRONG_TENANT
    process = customer.history.host.process
    assert process.candidates.of(customer.history.org, ANN, customer.outlook.address(BEN)).candidates == ()
    with pytest.raises(InvalidInput):
        process.candidates.one(customer.history.org, ANN, customer.outlook.tenant.id, customer.user(ANN).id)


@pytest.mark.parametrize("step", range(2, 12))
def test_a_removal_from_the_roster_that_is_cut_short_is_finished_by_its_repetition(
    customer: Customer, step: int
) -> None:
    host, org = customer.history.host, customer.history.org
    remove = lambda: host.process.members.remove(org, "backend", ANN)  # noqa: E731
    host.interrupt(step, None, afterwards=True)
    if not host.attempt(remove):
        with suppress(NotFound):  # nothing may be left to do
            remove()
    host.interruptions.forget()
    del customer.history.roster[ANN]
    with pytest.raises(NotFound):
        host.process.availability.known(customer.owner(ANN), SPAN)
    entries = [entry.action for entry in customer.history.observer.tables.audit.of(org)]
    assert "member.removed" in entries
    assert [member for member, _ in cached(customer)] == [BEN]
