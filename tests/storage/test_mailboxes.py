"""Mailboxes in storage: when each is due, to the second, and per tenant."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.storage.mailboxes import FEW, Mailboxes

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def mailboxes(service: TableServiceClient) -> Mailboxes:
    return Mailboxes(service)


def mailbox(tenant: str, due_at: datetime | None = NOON, name: str = "u1") -> Mailbox:
    return Mailbox(MailboxKey(tenant, name), (MemberKey("acme", "m-1"),), due_at=due_at)


def stored(mailboxes: Mailboxes, tenant: str) -> Mailbox | None:
    row = mailboxes.row(MailboxKey(tenant, "u1"))
    return row and row.value


def test_a_mailbox_of_nobody_is_none(mailboxes: Mailboxes, fresh: str) -> None:
    assert mailboxes.row(MailboxKey(fresh, "u1")) is None
    assert list(mailboxes.of_tenant(fresh)) == []
    assert list(mailboxes.due(fresh, NOON)) == []
    mailboxes.release(MailboxKey(fresh, "u1"), NOON)


MOMENTS = [field.name for field in fields(Mailbox) if field.name.endswith(("_at", "_before", "_since"))]


def test_a_mailbox_is_read_as_it_was_written(mailboxes: Mailboxes, fresh: str) -> None:
    full = Mailbox(
        MailboxKey(fresh, "u1"),
        (MemberKey("acme", "m-1"), MemberKey("acme", "m-2")),
        Push("s1", NOON - SECOND, NOON + timedelta(days=6), NOON + SECOND, "k1"),
        status=ConnectionStatus.OUT_OF_SCOPE,
        claimed_by="m-1",
        failures=3,
        **{moment: NOON + number * SECOND for number, moment in enumerate(MOMENTS)},  # type: ignore[arg-type]
    )
    mailboxes.insert_all(fresh, [full])
    assert stored(mailboxes, fresh) == full
    assert list(mailboxes.of_tenant(fresh)) == [full]


DUE = {
    "just due": (NOON, True),
    "a second ago": (NOON - SECOND, True),
    "a year ago": (NOON - timedelta(days=365), True),
    "in a second": (NOON + SECOND, False),
    "next year": (NOON + timedelta(days=365), False),
    "never": (None, False),
    "now, told in another zone": (NOON.astimezone(timezone(timedelta(hours=14))), True),
    "in a second, told in another zone": ((NOON + SECOND).astimezone(timezone(timedelta(hours=-12))), False),
}


@pytest.mark.parametrize(("due_at", "is_due"), DUE.values(), ids=DUE.keys())
def test_what_is_due_at_noon(mailboxes: Mailboxes, fresh: str, due_at: datetime | None, is_due: bool) -> None:
    mailboxes.insert_all(fresh, [mailbox(fresh, due_at)])
    assert [found.key.object_id for found in mailboxes.due(fresh, NOON)] == (["u1"] if is_due else [])


def test_another_tenants_mailboxes_are_not_due_here(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(f"{fresh}x", [mailbox(f"{fresh}x")])
    assert list(mailboxes.due(fresh, NOON)) == []


def test_a_mailbox_is_due_when_its_change_says(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [mailbox(fresh, NOON)])
    mailboxes.change(MailboxKey(fresh, "u1"), lambda _: mailbox(fresh, NOON + SECOND))
    assert list(mailboxes.due(fresh, NOON)) == []
    mailboxes.change(MailboxKey(fresh, "u1"), lambda _: mailbox(fresh, None))
    assert list(mailboxes.due(fresh, NOON + timedelta(days=3650))) == []


def test_many_are_inserted_at_once(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, (mailbox(fresh, NOON + n * SECOND, f"u{n:03}") for n in range(210)))
    assert len(list(mailboxes.of_tenant(fresh))) == 210
    assert len(list(mailboxes.due(fresh, NOON + 99 * SECOND))) == 100


def test_a_mailbox_somebody_has_by_now_is_not_written_over(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [mailbox(fresh, NOON)])
    with pytest.raises(EntityChanged):
        mailboxes.insert_all(fresh, [mailbox(fresh, None, "u0"), mailbox(fresh, None)])
    assert [found.due_at for found in mailboxes.of_tenant(fresh)] == [NOON]


def later(found: Mailbox | None) -> Mailbox | None:
    return found and replace(found, failures=found.failures + 1)


def test_an_update_of_what_was_read_just_now(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [mailbox(fresh)])
    row = mailboxes.row(MailboxKey(fresh, "u1"))
    assert row is not None
    assert mailboxes.update(row, later) == replace(mailbox(fresh), failures=1)
    assert stored(mailboxes, fresh) == replace(mailbox(fresh), failures=1)


def test_an_update_of_what_was_changed_meanwhile_keeps_both(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [mailbox(fresh)])
    row = mailboxes.row(MailboxKey(fresh, "u1"))
    assert row is not None
    both = (MemberKey("acme", "m-1"), MemberKey("acme", "m-2"))
    mailboxes.change(row.value.key, lambda found: found and replace(found, members=both))
    assert mailboxes.update(row, later) == replace(mailbox(fresh), members=both, failures=1)


def test_an_update_of_what_was_released_meanwhile_brings_nothing_back(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [replace(mailbox(fresh), members=())])
    row = mailboxes.row(MailboxKey(fresh, "u1"))
    assert row is not None
    mailboxes.release(row.value.key, NOON)
    assert mailboxes.update(row, later) is None
    assert stored(mailboxes, fresh) is None


def test_a_mailbox_nobody_uses_is_forgotten(mailboxes: Mailboxes, fresh: str) -> None:
    mailboxes.insert_all(fresh, [replace(mailbox(fresh), members=()), mailbox(fresh, name="u2")])
    mailboxes.release(MailboxKey(fresh, "u1"), NOON)
    assert [found.key.object_id for found in mailboxes.of_tenant(fresh)] == ["u2"]


def test_a_mailbox_somebody_came_back_to_is_due_without_a_subscription(mailboxes: Mailboxes, fresh: str) -> None:
    used = replace(mailbox(fresh, None), push=Push("s1", NOON, NOON + timedelta(days=6)), read_at=NOON)
    mailboxes.insert_all(fresh, [used])
    mailboxes.release(used.key, NOON)
    assert stored(mailboxes, fresh) == replace(used, push=Push(), read_at=None, due_at=NOON)
    assert [found.key for found in mailboxes.due(fresh, NOON)] == [used.key]


@pytest.mark.parametrize("count", [1, 30, FEW + 1])
def test_some_mailboxes_without_those_of_nobody_or_broken(mailboxes: Mailboxes, fresh: str, count: int) -> None:
    known = [mailbox(tenant, name=f"u{number}") for tenant in (fresh, f"{fresh}x") for number in range(count)]
    mailboxes.insert_all(fresh, known[:count])
    mailboxes.insert_all(f"{fresh}x", known[count:])
    client = mailboxes._table._client
    client.upsert_entity({"PartitionKey": fresh, "RowKey": "broken", "json0": "rubbish"})
    others = {MailboxKey(fresh, "broken"), MailboxKey(fresh, "nobody"), MailboxKey("nowhere", "u1")}
    asked = {one.key for one in known[1:]} | others
    assert mailboxes.some(asked) == {one.key: one for one in known[1:]}
    assert mailboxes.some(set()) == {}
