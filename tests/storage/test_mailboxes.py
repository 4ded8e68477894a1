"""Mailboxes in storage: when each is due, to the second, and per tenant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey
from shared.storage.mailboxes import Mailboxes

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def mailboxes(service: TableServiceClient) -> Mailboxes:
    return Mailboxes(service)


def mailbox(tenant: str, due_at: datetime | None = NOON, name: str = "u1") -> Mailbox:
    return Mailbox(MailboxKey(tenant, name), (MemberKey("acme", "m-1"),), due_at=due_at)


def test_a_mailbox_of_nobody_is_none(mailboxes: Mailboxes, fresh: str) -> None:
    assert mailboxes.get(MailboxKey(fresh, "u1")) is None
    assert list(mailboxes.of_tenant(fresh)) == []
    assert list(mailboxes.due(fresh, NOON)) == []
    mailboxes.delete(MailboxKey(fresh, "u1"))


def test_a_mailbox_is_read_as_it_was_written(mailboxes: Mailboxes, fresh: str) -> None:
    full = Mailbox(
        MailboxKey(fresh, "u1"),
        (MemberKey("acme", "m-1"), MemberKey("acme", "m-2")),
        "s1",
        NOON + timedelta(days=6),
        NOON - SECOND,
        NOON,
        ConnectionStatus.OUT_OF_SCOPE,
        3,
    )
    mailboxes.insert_all(fresh, [full])
    assert mailboxes.get(full.key) == full
    assert list(mailboxes.of_tenant(fresh)) == [full]
    mailboxes.delete(full.key)
    assert mailboxes.get(full.key) is None


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
