"""P2 where several messages are about one mailbox: what is told at any moment of a read is seen within seconds.

No schedule runs here, which would mend in hours what was lost. Everything is the product's own; only the moment at
which something happens is arranged.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.soak import checks
from local.soak.interruptions import Killed
from shared.messages import DirectorySync
from shared.model import ConnectionStatus, Freshness
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.workers import die, process, told, while_reading


def test_what_is_told_during_a_read_is_seen_seconds_later(customer: Customer) -> None:
    worker, before = process(customer), customer.reads(ANN)

    def storm() -> None:
        for hour in range(20):
            customer.meet(ANN, hour=hour, minutes=30)
            customer.run()

    while_reading(worker, storm)
    worker.calendar_syncs.run(told(customer), "first")
    assert customer.blocks(ANN) < 20
    for _ in range(3):
        customer.wait(seconds=5)
    assert customer.is_true(ANN)
    assert customer.blocks(ANN) == 20
    assert customer.reads(ANN) - before <= 3


def test_a_read_counted_on_is_made_though_its_process_died_and_an_older_one_ended(customer: Customer) -> None:
    slow, doomed = process(customer), process(customer)
    first = told(customer)
    customer.outlook.advance(timedelta(milliseconds=100))
    second = told(customer)

    def meanwhile() -> None:
        customer.outlook.advance(timedelta(seconds=16))
        customer.meet(ANN)
        while_reading(doomed, die)
        with pytest.raises(Killed):
            doomed.calendar_syncs.run(second, "second")
        customer.run()  # the change's own message counts on the read that has just died

    while_reading(slow, meanwhile)
    slow.calendar_syncs.run(first, "first")
    assert customer.blocks(ANN) == 0
    process(customer).calendar_syncs.run(second, "second")  # delivered again
    customer.wait(seconds=10)
    assert customer.is_true(ANN)


def test_a_message_whose_process_died_reads_though_the_claim_is_fresh(customer: Customer) -> None:
    doomed = process(customer)
    customer.meet(ANN)
    (envelope,) = customer.history.host.visible()
    customer.history.host.queue.remove(envelope)
    while_reading(doomed, die)
    with pytest.raises(Killed):
        doomed.calendar_syncs.run(envelope.message, envelope.id)  # type: ignore[arg-type]
    customer.outlook.advance(timedelta(seconds=3))
    process(customer).calendar_syncs.run(envelope.message, envelope.id)  # type: ignore[arg-type]
    assert customer.is_true(ANN)


def share(customer: Customer) -> None:
    """Another member with another address of ann's directory user."""
    customer.history.put_member("eva", customer.outlook.address("new"))
    queue = customer.history.host.queue
    customer.history.run(next(e for e in queue if isinstance(e.message, DirectorySync)))


@pytest.fixture
def shared(managed: Customer) -> Customer:
    """A customer whose ann has two addresses."""
    managed.outlook.rename(managed.user(ANN), "new", keep=True)
    managed.run()
    managed.tick()
    return managed


def test_who_joins_just_before_a_claim_is_read_with_the_others(
    shared: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = process(shared)
    mailboxes = worker.tables.mailboxes
    real = mailboxes.replace

    def joined(*args: Any) -> Any:
        monkeypatch.setattr(mailboxes, "replace", real)
        share(shared)
        return real(*args)

    monkeypatch.setattr(mailboxes, "replace", joined)
    worker.calendar_syncs.run(told(shared, "new"), "first")
    shared.wait(seconds=10)
    assert (shared.status("eva"), shared.busy("eva").freshness) == (ConnectionStatus.CONNECTED, Freshness.FRESH)


def test_who_joins_during_a_read_is_read_seconds_later(shared: Customer) -> None:
    worker = process(shared)

    def join() -> None:
        share(shared)
        shared.run()

    while_reading(worker, join)
    worker.calendar_syncs.run(told(shared, "new"), "first")
    shared.wait(seconds=10)
    assert (shared.status("eva"), shared.busy("eva").freshness) == (ConnectionStatus.CONNECTED, Freshness.FRESH)


def test_somebody_listed_whose_connection_is_not_written_yet_is_read_once_it_is(
    shared: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = shared
    worker = customer.history.host.process
    connections = worker.tables.connections
    real = connections.save_all

    def before_saving(*args: Any) -> Any:
        monkeypatch.setattr(connections, "save_all", real)
        process(customer).calendar_syncs.run(told(customer, "new"), "first")
        return real(*args)

    monkeypatch.setattr(connections, "save_all", before_saving)
    share(customer)
    customer.run()
    customer.wait(seconds=10)
    assert (customer.status("eva"), customer.busy("eva").freshness) == (ConnectionStatus.CONNECTED, Freshness.FRESH)


def test_a_new_time_zone_counts_at_once_for_whole_days(customer: Customer) -> None:
    day = customer.outlook.now().replace(hour=0, minute=0, second=0) + timedelta(days=3)
    customer.meet(ANN, isAllDay=True, start=at(day), end=at(day + timedelta(days=1)))
    customer.run()
    customer.wait(seconds=10)
    before = customer.busy(ANN).blocks[0].start
    member = customer.history.observer.tables.members.get(*customer.owner(ANN))
    assert member is not None
    moved = type(member.value)(ANN, ANN, member.value.addresses, "Asia/Tokyo")
    customer.history.host.process.members.put(customer.history.org, "service", moved)
    customer.run()
    assert customer.busy(ANN).blocks[0].start == before - timedelta(hours=7)


def at(day: Any) -> dict[str, str]:
    return {"dateTime": day.strftime("%Y-%m-%dT00:00:00"), "timeZone": "Europe/Amsterdam"}


def test_subscriptions_that_tell_a_former_address_are_made_anew(managed: Customer) -> None:
    old = managed.subscriptions(ANN)[0]
    managed.outlook.do(lambda: old.fields.update(lifecycleNotificationUrl="https://former.example/lifecycle"))
    managed.ticks(minutes=10)
    (new,) = managed.subscriptions(ANN)
    assert new.id != old.id
    renewals = managed.counted("/subscriptions/*")
    managed.ticks(minutes=30)
    assert renewals() == 0, "once"
    managed.rests()


def test_a_lost_subscription_of_a_mailbox_that_fails_makes_no_storm(customer: Customer) -> None:
    customer.fault("/$batch", status=503, times=None)
    (subscription,) = customer.subscriptions(ANN)
    customer.outlook.do(lambda: setattr(subscription, "expires_at", customer.outlook.now()))
    customer.ticks(minutes=90)
    assert len(customer.history.host.queue) <= 4
    assert customer.mailbox(ANN).failures < 40
    customer.rests()


def test_calendars_are_read_though_the_directory_is_away(managed: Customer) -> None:
    managed.fault("/users/delta", status=503, times=None)
    managed.misdeliver("drop", times=1)
    managed.meet(BEN)
    managed.live(hours=6, minutes=10)
    assert managed.is_true(BEN)
    managed.rests()


def test_one_unreadable_mailbox_keeps_no_other_from_being_read(customer: Customer) -> None:
    broken(customer, "Mailboxes", *customer.key(ANN))
    customer.misdeliver("drop", times=1)
    customer.meet(BEN)
    customer.live(hours=6, minutes=10)
    assert customer.is_true(BEN)


def test_all_denied_stays_said_though_a_probe_fails_in_another_way(managed: Customer) -> None:
    managed.outlook.tenant.denied_mailboxes = {managed.user(name).id for name in (ANN, BEN)}
    for name in (ANN, BEN):
        managed.meet(name)
    managed.run()
    managed.outlook.hire("eva")
    managed.history.put_member("eva", managed.outlook.address("eva"))
    managed.outlook.tenant.denied_mailboxes |= {managed.user("eva").id}
    managed.ticks(minutes=15)
    assert str(managed.tenant_status()) == "permission_missing"
    managed.fault("/users/*/calendarView", user=managed.user(ANN).id, status=503)
    managed.ticks(minutes=10)
    assert str(managed.tenant_status()) == "permission_missing"


STEPS = range(4, 20)
"""Storage and Graph requests of a directory pass that binds a member elsewhere."""


@pytest.mark.parametrize("step", STEPS)
def test_whoever_dies_while_a_member_moves_to_another_mailbox_nobody_is_answered_with_the_old_one(
    managed: Customer, step: int
) -> None:
    managed.outlook.hire("cara")
    managed.meet(ANN, hour=8)
    managed.meet("cara", hour=15)
    managed.run()
    managed.wait(seconds=10)
    managed.history.put_member(ANN, managed.outlook.address("cara"))
    managed.history.host.interrupt(step, None, afterwards=True)
    managed.run()
    managed.history.host.interruptions.forget()
    answer = managed.busy(ANN)
    believed = answer.freshness is Freshness.FRESH
    bound = checks.connections_of(managed.history)[ANN].object_id
    if believed:
        assert [block.start.hour for block in answer.blocks] == [8 if bound == managed.user(ANN).id else 15]
    managed.ticks(minutes=20)
    assert managed.is_true(ANN)
    assert [block.start.hour for block in managed.busy(ANN).blocks] == [15]


def broken(customer: Customer, table: str, partition: str, row: str) -> None:
    """Make a row unreadable."""
    client = customer.history.storage.get_table_client(table)
    client.update_entity({"PartitionKey": partition, "RowKey": row, "json0": "rubbish"})


@pytest.mark.parametrize("row", ["the connection", "the member"])
def test_one_unreadable_row_of_a_member_keeps_no_other_calendar_from_being_read(customer: Customer, row: str) -> None:
    broken(customer, customer.table if row == "the connection" else "Members", customer.history.org, ANN)
    customer.misdeliver("drop", times=1)
    customer.meet(BEN)
    customer.live(hours=6, minutes=10)
    answer = customer.busy(BEN)
    assert (answer.freshness, len(answer.blocks)) == (Freshness.FRESH, 1)


def test_a_member_whose_mailbox_row_is_broken_can_leave(customer: Customer) -> None:
    broken(customer, "Mailboxes", *customer.key(ANN))
    customer.history.host.process.members.remove(customer.history.org, "service", ANN)
    del customer.history.roster[ANN]
    customer.hires("eva")
    customer.run()
    customer.wait(seconds=10)
    assert customer.is_true("eva")


def test_many_changes_of_the_roster_while_the_directory_is_away_are_one_question_at_a_time(
    managed: Customer,
) -> None:
    managed.fault("/users/delta", status=503, times=None)
    for number in range(20):
        managed.history.put_member(f"p{number}", f"p{number}@acme.example")
    managed.run()
    managed.outlook.hire("p7")
    for _ in range(60):
        managed.wait(seconds=10)
    rounds = [r for r in managed.world.requests if r["path"].endswith("/users/delta")]
    assert len(rounds) < 40
    managed.lift()
    managed.ticks(minutes=10)
    assert managed.is_true("p7")


def test_a_short_outage_beside_two_who_are_out_of_scope_is_no_lost_permission(managed: Customer) -> None:
    for name in ("eva", "fin"):
        managed.outlook.hire(name)
        managed.outlook.tenant.denied_mailboxes |= {managed.user(name).id}
        managed.history.put_member(name, managed.outlook.address(name))
    managed.run()
    managed.wait(seconds=10)
    assert {managed.status(name) for name in ("eva", "fin")} == {ConnectionStatus.OUT_OF_SCOPE}
    for name in (ANN, BEN):
        managed.fault("/users/*/calendarView", user=managed.user(name).id, status=503, times=None)
        managed.meet(name)
    managed.run()
    managed.ticks(minutes=10)
    assert managed.status(ANN) is ConnectionStatus.STALE
    assert str(managed.tenant_status()) == "connected"


def test_a_directory_message_that_comes_back_early_to_a_longer_wait_is_not_lost(managed: Customer) -> None:
    managed.fault("/users/delta", status=503, times=2)
    managed.outlook.hire("eva")
    managed.history.put_member("eva", managed.outlook.address("eva"))
    managed.run()
    managed.outlook.advance(timedelta(seconds=1, milliseconds=500))
    managed.history.host.tick()  # fails too, and has everybody wait longer
    tenants = managed.history.observer.tables.tenants
    longer = managed.outlook.now() + timedelta(seconds=5)
    tenants.change(managed.history.org, managed.outlook.tenant.id, lambda t: t and replace(t, not_before=longer))
    for envelope in list(managed.history.host.queue):
        managed.history.run(envelope)  # half a second before its time
    managed.lift()
    for _ in range(4):
        managed.wait(seconds=5)
    assert managed.is_true("eva")
