"""Mailboxes in Table Storage: a partition per tenant, with the time each is due as a column to query by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged, EntityUnreadable
from shared.model import SHARDS, Mailbox, MailboxKey, Push
from shared.storage.point_reads import point_reads
from shared.storage.table import Row, Table

NEVER = "~"
"""Sorts behind every time."""
FEW = 200
"""Up to as many mailboxes are read one by one: a point read costs as much as a hundred rows of a scan."""


class Mailboxes:
    """Which mailboxes are connected, and how push and reads stand with each."""

    def __init__(self, service: TableServiceClient) -> None:
        columns = lambda mailbox: {"due": _sortable(mailbox.due_at)}  # noqa: E731 - reads best here
        self._table = Table(service, "Mailboxes", Mailbox, columns, lenient=True)

    def row(self, key: MailboxKey) -> Row[Mailbox] | None:
        """The mailbox, if it is anybody's."""
        return self._table.get(*key)

    def some(self, keys: Collection[MailboxKey]) -> dict[MailboxKey, Mailbox]:
        """Those of the mailboxes that are anybody's; a broken row is nobody's.

        A few are read one by one, several at a time; for many, their tenants are read through.
        """
        if len(keys) > FEW:
            tenants = {key.tenant_id for key in keys}
            return {one.key: one for tenant in tenants for one in self.of_tenant(tenant) if one.key in keys}
        found = point_reads(self._mailbox, keys)
        return {key: mailbox for key, mailbox in found.items() if mailbox}

    def _mailbox(self, key: MailboxKey) -> Mailbox | None:
        with suppress(EntityUnreadable):
            row = self.row(key)
            return row.value if row else None
        return None

    def change(self, key: MailboxKey, decide: Callable[[Mailbox | None], Mailbox | None]) -> Mailbox | None:
        """Read, decide, write, and again if somebody wrote in between."""
        return self._table.change(*key, decide)

    def of_tenant(self, tenant_id: str) -> Iterator[Mailbox]:
        """Every mailbox of the tenant."""
        return (row.value for row in self._table.rows(tenant_id))

    def own(self) -> Iterator[Mailbox]:
        """Every mailbox that a member connected, of all organizations."""
        span = {"first": SHARDS[0], "last": SHARDS[-1]}
        found = self._table.where("PartitionKey ge @first and PartitionKey le @last", span)
        return (row.value for row in found)

    def due(self, tenant_id: str, now: datetime) -> Iterator[Mailbox]:
        """The tenant's mailboxes whose time has come."""
        found = self._table.where("PartitionKey eq @t and due le @now", {"t": tenant_id, "now": _sortable(now)})
        return (row.value for row in found)

    def insert_all(self, tenant_id: str, mailboxes: Iterable[Mailbox]) -> None:
        """Write mailboxes that nobody had yet. Raises `EntityChanged` if somebody has one by now."""
        self._table.save_all(tenant_id, ((None, mailbox.key.object_id, mailbox) for mailbox in mailboxes))

    def update(self, row: Row[Mailbox], decide: Callable[[Mailbox | None], Mailbox | None]) -> Mailbox | None:
        """Like `change`, of a mailbox that was read just now."""
        return self._table.change(row.partition, row.key, decide, row)

    def replace(self, row: Row[Mailbox], mailbox: Mailbox) -> Row[Mailbox]:
        """Write over exactly the version that was read. Raises `EntityChanged`."""
        return self._table.replace(row, mailbox)

    def release(self, key: MailboxKey, now: datetime) -> None:
        """Forget a mailbox whose subscription has ended; one that somebody has joined meanwhile is due instead."""
        while (row := self._table.get(*key)) is not None:
            try:
                if not row.value.members:
                    return self._table.delete_row(row)
                self._table.replace(row, replace(row.value, push=Push(), read_at=None, due_at=now))
            except EntityChanged:
                continue
            return None
        return None


def _sortable(moment: datetime | None) -> str:
    """Text that sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else NEVER
