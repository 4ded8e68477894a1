"""Mailboxes in Table Storage: a partition per tenant, with the time each is due as a column to query by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from azure.data.tables import TableServiceClient

from shared.model import Mailbox, MailboxKey
from shared.storage.table import Table

NEVER = "~"
"""Sorts behind every time."""


class Mailboxes:
    """Which mailboxes are connected, and how push and reads stand with each."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = Table(service, "Mailboxes", Mailbox, lambda mailbox: {"due": _sortable(mailbox.due_at)})

    def get(self, key: MailboxKey) -> Mailbox | None:
        """The mailbox, if it is anybody's."""
        row = self._table.get(*key)
        return row.value if row else None

    def change(self, key: MailboxKey, decide: Callable[[Mailbox | None], Mailbox | None]) -> Mailbox | None:
        """Read, decide, write, and again if somebody wrote in between."""
        return self._table.change(*key, decide)

    def of_tenant(self, tenant_id: str) -> Iterator[Mailbox]:
        """Every mailbox of the tenant."""
        return (row.value for row in self._table.rows(tenant_id))

    def due(self, tenant_id: str, now: datetime) -> Iterator[Mailbox]:
        """The tenant's mailboxes whose time has come."""
        found = self._table.where("PartitionKey eq @t and due le @now", {"t": tenant_id, "now": _sortable(now)})
        return (row.value for row in found)

    def insert_all(self, tenant_id: str, mailboxes: Iterable[Mailbox]) -> None:
        """Write mailboxes that nobody had yet. Raises `EntityChanged` if somebody has one by now."""
        self._table.save_all(tenant_id, ((None, mailbox.key.object_id, mailbox) for mailbox in mailboxes))

    def delete(self, key: MailboxKey) -> None:
        """Forget the mailbox."""
        self._table.delete(*key)


def _sortable(moment: datetime | None) -> str:
    """Text that sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else NEVER
