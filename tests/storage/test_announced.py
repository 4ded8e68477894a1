"""The announcement is in the write that changes the state, and nobody who writes can lose what is pending."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged
from shared.messages import EventDelivery, Message, Subject
from shared.model import Connection, ConnectionStatus, Outbox, Tenant, TenantStatus
from shared.model.announcement import MOST_PENDING
from shared.storage.announced import AnnouncedTable
from shared.storage.announcing import Announcing
from shared.storage.table import Row

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
CONNECTING, CONNECTED, STALE = ConnectionStatus.CONNECTING, ConnectionStatus.CONNECTED, ConnectionStatus.STALE


class Sent(list[EventDelivery]):
    """Stands where the queues stand."""

    def send(self, message: Message) -> None:
        assert isinstance(message, EventDelivery)
        self.append(message)

    @property
    def ids(self) -> list[tuple[str, ...]]:
        return [message.ids for message in self]


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def announcing(sent: Sent) -> Announcing:
    return Announcing(lambda: cast("Any", sent), lambda: NOW)


@pytest.fixture
def table(service: TableServiceClient, announcing: Announcing, fresh: str) -> AnnouncedTable[Connection]:
    return AnnouncedTable(service, fresh, Connection, Subject.CONNECTION, announcing, parts=3)


@pytest.fixture
def tenants(service: TableServiceClient, announcing: Announcing, fresh: str) -> AnnouncedTable[Tenant]:
    over = lambda tenant: tenant.status is TenantStatus.DISCONNECTED  # noqa: E731
    return AnnouncedTable(service, f"{fresh}t", Tenant, Subject.TENANT, announcing, parts=8, is_over=over)


def connection(member: str, status: ConnectionStatus, **more: Any) -> Connection:
    return Connection(member, status, NOW, **more)


def current(table: AnnouncedTable[Connection], key: str = "ann") -> Row[Connection]:
    row = table.get("acme", key)
    assert row is not None
    return row


def told(table: AnnouncedTable[Connection], key: str = "ann") -> list[tuple[str | None, str]]:
    return [(one.before, one.status) for one in current(table, key).value.outbox.pending]


def test_every_way_to_write_announces_a_change(table: AnnouncedTable[Connection]) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    row = table.replace(row, connection("ann", CONNECTED))
    table.change("acme", "ann", lambda c: c and replace(c, status=STALE))
    table.put("acme", "ann", connection("ann", CONNECTED))
    table.save_all(
        "acme", [(current(table), "ann", connection("ann", STALE)), (None, "ben", connection("ben", STALE))]
    )
    chain = [(None, CONNECTING), (CONNECTING, CONNECTED), (CONNECTED, STALE), (STALE, CONNECTED), (CONNECTED, STALE)]
    assert told(table) == chain
    assert told(table, "ben") == [(None, STALE)]


def test_only_the_first_that_is_pending_sends_a_message(table: AnnouncedTable[Connection], sent: Sent) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    row = table.replace(row, connection("ann", CONNECTED))
    assert sent.ids == [("ann",)]
    for one in row.value.outbox.pending:
        table.told([(current(table), one.id)])
    table.replace(current(table), connection("ann", STALE))
    assert sent.ids == [("ann",), ("ann",)]


def test_what_is_no_change_of_state_is_not_announced(table: AnnouncedTable[Connection]) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTED))
    table.replace(row, connection("ann", CONNECTED, mailbox_address="ann@acme.example", object_id="u1"))
    assert len(told(table)) == 1


@pytest.mark.parametrize("more", [{"detail": "sync_failed"}, {"tenant_id": "t-2"}], ids=["detail", "tenant"])
def test_another_detail_or_tenant_is_announced(table: AnnouncedTable[Connection], more: dict[str, str]) -> None:
    row = table.insert("acme", "ann", connection("ann", STALE))
    table.replace(row, connection("ann", STALE, **more))
    assert told(table) == [(None, STALE), (STALE, STALE)]


def test_a_delivery_in_between_does_not_turn_a_writer_back(table: AnnouncedTable[Connection]) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    table.told([(row, row.value.outbox.pending[0].id)])
    replaced = table.replace(row, connection("ann", CONNECTED))
    table.told([(replaced, replaced.value.outbox.pending[0].id)])
    table.save_all("acme", [(replaced, "ann", connection("ann", STALE)), (None, "ben", connection("ben", STALE))])
    assert told(table) == [(CONNECTED, STALE)]


def test_another_writer_in_between_does(table: AnnouncedTable[Connection]) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    table.replace(row, connection("ann", STALE))
    with pytest.raises(EntityChanged):
        table.replace(row, connection("ann", CONNECTED))
    with pytest.raises(EntityChanged):
        table.save_all("acme", [(row, "ann", connection("ann", CONNECTED))])
    with pytest.raises(EntityChanged):
        table.save_all("acme", [(None, "ann", connection("ann", CONNECTED))])
    assert told(table) == [(None, CONNECTING), (CONNECTING, STALE)]


def test_a_change_while_the_oldest_is_told_stays(table: AnnouncedTable[Connection]) -> None:
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    table.replace(row, connection("ann", CONNECTED))
    assert table.told([(row, row.value.outbox.pending[0].id)]) == ["ann"]
    assert table.told([(row, row.value.outbox.pending[0].id)]) == ["ann"], "twice is once"
    assert told(table) == [(CONNECTING, CONNECTED)]


@pytest.mark.parametrize("disturbed", [False, True], ids=["alone", "with another writer"])
def test_what_several_told_is_taken_off_together(table: AnnouncedTable[Connection], disturbed: bool) -> None:
    rows = [table.insert("acme", name, connection(name, CONNECTING)) for name in ("ann", "ben", "eva")]
    rows[1] = table.replace(rows[1], connection("ben", CONNECTED))
    if disturbed:
        table.replace(rows[2], connection("eva", STALE))
    more = table.told([(row, row.value.outbox.pending[0].id) for row in rows])
    assert more == (["ben", "eva"] if disturbed else ["ben"])
    assert told(table) == []
    assert told(table, "ben") == [(CONNECTING, CONNECTED)]
    assert told(table, "eva") == ([(CONNECTING, STALE)] if disturbed else [])


def test_many_that_change_together_are_in_few_messages(
    table: AnnouncedTable[Connection], announcing: Announcing, sent: Sent
) -> None:
    names = [f"p{number:03}" for number in range(120)]
    with announcing.together():
        table.save_all("acme", [(None, name, connection(name, CONNECTING)) for name in names[:110]])
        for name in names[110:]:
            table.insert("acme", name, connection(name, CONNECTING))
        assert sent == []
    assert [len(ids) for ids in sent.ids] == [50, 50, 20]
    assert [name for ids in sent.ids for name in ids] == names


def test_what_was_announced_before_a_failure_is_sent(
    table: AnnouncedTable[Connection], announcing: Announcing, sent: Sent
) -> None:
    def overtaken() -> None:
        with announcing.together():
            table.insert("acme", "ann", connection("ann", CONNECTING))
            table.save_all("acme", [(None, "ann", connection("ann", CONNECTED))])

    with pytest.raises(EntityChanged):
        overtaken()
    assert sent.ids == [("ann",)]


def test_a_row_holds_the_most_that_may_be_pending(table: AnnouncedTable[Connection]) -> None:
    full = connection("a" * 64, CONNECTED, considered=tuple(f"{'x' * 64}{n:02}@{'y' * 200}" for n in range(20)))
    row = table.insert("acme", "ann", full)
    for number in range(MOST_PENDING + 5):
        row = table.replace(row, replace(full, detail=f"a_rather_long_code_{number}", tenant_id="t" * 36))
    assert len(current(table).value.outbox.pending) == MOST_PENDING
    assert sum(1 + one.merged for one in current(table).value.outbox.pending) == MOST_PENDING + 6


def test_overdue_is_what_had_a_message_before_then(table: AnnouncedTable[Connection]) -> None:
    for name in ("ann", "ben", "eva"):
        table.insert("acme", name, connection(name, CONNECTING))
    table.insert("other", "ann", connection("ann", CONNECTING))
    assert table.expect("acme", "ben", NOW + timedelta(hours=1))
    eva = current(table, "eva")
    table.told([(eva, eva.value.outbox.pending[0].id)])
    assert not table.expect("acme", "eva", NOW)
    assert table.overdue("acme", NOW) == []
    assert table.overdue("acme", NOW + timedelta(minutes=1)) == ["ann"]
    assert table.overdue("acme", NOW + timedelta(hours=2)) == ["ann", "ben"]


def test_a_table_that_is_not_there_has_nothing_overdue(table: AnnouncedTable[Connection]) -> None:
    assert table.overdue("acme", NOW) == []


def test_an_unreadable_row_is_written_over_by_put(table: AnnouncedTable[Connection]) -> None:
    table.insert("acme", "ann", connection("ann", CONNECTING))
    table._client.update_entity({"PartitionKey": "acme", "RowKey": "ann", "json0": "rubbish"})
    table.put("acme", "ann", connection("ann", CONNECTED))
    assert told(table) == [(None, CONNECTED)]


def test_without_events_nothing_is_stored_or_sent(service: TableServiceClient, fresh: str) -> None:
    table = AnnouncedTable(service, fresh, Connection, Subject.CONNECTION, None, parts=3)
    row = table.insert("acme", "ann", connection("ann", CONNECTING))
    row = table.replace(row, connection("ann", CONNECTED))
    assert row.value.outbox == Outbox()
    table.retire(row, row.value)
    assert table.get("acme", "ann") is None


def tenant(status: TenantStatus) -> Tenant:
    return Tenant("t-1", status, "admin", NOW)


def test_a_disconnected_tenant_goes_once_that_is_told(tenants: AnnouncedTable[Tenant]) -> None:
    row = tenants.put("acme", "t-1", tenant(TenantStatus.CONNECTED))
    tenants.retire(row, tenant(TenantStatus.DISCONNECTED))
    row = tenants.get("acme", "t-1")
    assert row is not None
    assert [one.status for one in row.value.outbox.pending] == ["connected", "disconnected"]
    first, last = (one.id for one in row.value.outbox.pending)
    assert tenants.told([(row, first)]) == ["t-1"]
    row = tenants.get("acme", "t-1")
    assert row is not None
    assert tenants.told([(row, last)]) == []
    assert tenants.get("acme", "t-1") is None


def test_a_tenant_connected_again_meanwhile_is_not_disconnected(tenants: AnnouncedTable[Tenant]) -> None:
    row = tenants.put("acme", "t-1", tenant(TenantStatus.CONNECTED))
    tenants.put("acme", "t-1", tenant(TenantStatus.CONNECTING))
    with pytest.raises(EntityChanged):
        tenants.retire(row, tenant(TenantStatus.DISCONNECTED))


def test_a_tenant_connected_again_meanwhile_stays(tenants: AnnouncedTable[Tenant]) -> None:
    row = tenants.put("acme", "t-1", tenant(TenantStatus.DISCONNECTED))
    tenants.put("acme", "t-1", tenant(TenantStatus.CONNECTING))
    for _ in range(2):
        tenants.told([(row, row.value.outbox.pending[0].id)])
    kept = tenants.get("acme", "t-1")
    assert kept is not None
    assert [one.status for one in kept.value.outbox.pending] == ["connecting"]
