"""A table whose changes of state the platform is told of: the event is in the very write that changes the state.

1. Every write compares the state before with the one after and adds an announcement to the row's outbox where they
   differ. What a writer says of the outbox does not count, so nobody can lose what is pending there.
2. A write after which something is pending, where nothing was, sends the message that delivers. Others send none: one
   message for a row is under way at a time. A process that dies in between leaves a row which `overdue` finds.
3. Writers do not notice deliveries: a row that only differs in its outbox counts as the version they read.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged, EntityExists, EntityUnreadable
from shared.messages import Subject
from shared.model import Booking, Connection, Outbox, OwnConnection, Tenant
from shared.storage.announcing import Announcing
from shared.storage.table import TRANSACTION, Columns, Row, Table

A = TypeVar("A", bound=Connection | OwnConnection | Tenant | Booking)

log = logging.getLogger(__name__)


class AnnouncedTable(Table[A]):
    """Connections, tenants or bookings, each with its outbox. Without `announcing`, nothing is announced."""

    def __init__(
        self,
        service: TableServiceClient,
        name: str,
        kind: type[A],
        subject: Subject,
        announcing: Announcing | None,
        columns: Callable[[A], Columns] = lambda _: {},
        *,
        parts: int,
        is_over: Callable[[A], bool] = lambda _: False,
        lenient: bool = False,
    ) -> None:
        both = lambda value: {**columns(value), **_columns(value.outbox)}  # noqa: E731 - reads best here
        super().__init__(service, name, kind, both, parts, lenient=lenient)
        self._subject = subject
        self._announcing = announcing
        self._is_over = is_over

    def insert(self, partition: str, key: str, value: A) -> Row[A]:
        """Add a row. Raises `EntityExists`."""
        row = super().insert(partition, key, self._after(None, value))
        self._deliver(partition, [(None, row.key, row.value)])
        return row

    def put(self, partition: str, key: str, value: A) -> Row[A]:
        """Write a row whatever was there; one that holds nothing of ours counts as none."""
        while True:
            try:
                row = self.get(partition, key)
                return self._replace_any(row, value) if row else self.insert(partition, key, value)
            except EntityUnreadable:
                row = super().put(partition, key, self._after(None, value))
                self._deliver(partition, [(None, key, row.value)])
                return row
            except (EntityChanged, EntityExists):
                continue

    def replace(self, row: Row[A], value: A) -> Row[A]:
        """Write over the version that was read; deliveries in between do not count. Raises `EntityChanged`."""
        current = row
        while True:
            try:
                return self._replace_any(current, value)
            except EntityChanged:
                current = self._unchanged(row)

    def save_all(self, partition: str, changes: Iterable[tuple[Row[A] | None, str, A]]) -> None:
        """Write many rows as `Table.save_all` does; deliveries in between do not count. Raises `EntityChanged`."""
        listed = list(changes)
        for start in range(0, len(listed), TRANSACTION):
            self._save_hundred(partition, listed[start : start + TRANSACTION])

    def retire(self, row: Row[A], last: A) -> None:
        """Give the row that was read its last state. Raises `EntityChanged`.

        The row goes once that is told, or at once where nothing is announced.
        """
        if self._announcing is None:
            self.delete_row(row)
        else:
            self.replace(row, last)

    def told(self, told: Sequence[tuple[Row[A], str]]) -> list[str]:
        """Take each row's oldest announcement off it, if it is this one; the keys of rows that have more.

        A row whose last state was told goes with it. All of one partition; in one write unless others write too.
        """
        after = [(row, row.key, without(row.value, announcement)) for row, announcement in told]
        if len(after) > 1 and not any(self._goes(value) for _, _, value in after):
            try:
                super().save_all(after[0][0].partition, after)
                return [key for _, key, value in after if value.outbox.pending]
            except EntityChanged:
                log.info("platform-events: %d rows taken one by one", len(after))
        return [row.key for row, announcement in told if self._told(row, announcement)]

    def _goes(self, value: A) -> bool:
        return self._is_over(value) and not value.outbox.pending

    def _told(self, row: Row[A], announcement: str) -> bool:
        """The same for one row, whatever happened to it since; whether it has more."""
        current: Row[A] | None = row
        while current is not None:
            value = without(current.value, announcement)
            try:
                if self._goes(value):
                    self.delete_row(current)
                elif value.outbox is not current.value.outbox:
                    super().replace(current, value)
                return bool(value.outbox.pending)
            except EntityChanged:
                current = self.get(row.partition, row.key)
        return False

    def expect(self, partition: str, key: str, at: datetime) -> bool:
        """Note when a message comes that delivers what is pending; whether anything is."""
        while (row := self.get(partition, key)) is not None and row.value.outbox.pending:
            try:
                super().replace(row, replace(row.value, outbox=replace(row.value.outbox, expected_at=at)))
            except EntityChanged:
                continue
            return True
        return False

    def overdue(self, partition: str, since: datetime) -> list[str]:
        """Keys of rows whose delivery was due before then."""
        due = {"p": partition, "t": _sortable(since)}
        found = self._client.query_entities(
            "PartitionKey eq @p and undelivered lt @t", parameters=due, select=["RowKey"]
        )
        try:
            return [entity["RowKey"] for entity in found]
        except ResourceNotFoundError:
            return []

    def _after(self, before: A | None, value: A) -> A:
        """The value with what is to be told of it, whatever it says of that itself."""
        outbox = before.outbox if before else Outbox()
        told, state = before.state if before else None, value.state
        if self._announcing is not None and state is not None and state.is_told_after(told):
            identity = f"msg_{secrets.token_hex(16)}"
            outbox = outbox.after(told, state, identity, self._announcing.now())
        return replace(value, outbox=outbox)

    def _replace_any(self, row: Row[A], value: A) -> Row[A]:
        done = super().replace(row, self._after(row.value, value))
        self._deliver(row.partition, [(row.value, row.key, done.value)])
        return done

    def _unchanged(self, row: Row[A]) -> Row[A]:
        """The row as it is now, if it differs in its outbox only."""
        current = self.get(row.partition, row.key)
        if current is None or current.value != row.value:
            raise EntityChanged(row.key)
        return current

    def _save_hundred(self, partition: str, changes: list[tuple[Row[A] | None, str, A]]) -> None:
        current = changes
        while True:
            after = [(row, key, self._after(row.value if row else None, value)) for row, key, value in current]
            try:
                super().save_all(partition, after)
            except EntityChanged:
                current = self._caught_up(partition, current)
            else:
                self._deliver(partition, [(row.value if row else None, key, value) for row, key, value in after])
                return

    def _caught_up(
        self, partition: str, changes: list[tuple[Row[A] | None, str, A]]
    ) -> list[tuple[Row[A] | None, str, A]]:
        """The changes upon the rows as they are now, where all that changed is outboxes. Raises `EntityChanged`."""
        fresh = [(self._unchanged(row) if row else None, key, value) for row, key, value in changes]
        if [row and row.etag for row, *_ in fresh] == [row and row.etag for row, *_ in changes]:
            raise EntityChanged(partition)
        return fresh

    def _deliver(self, partition: str, written: Iterable[tuple[A | None, str, A]]) -> None:
        """Have the platform told of rows that had nothing pending before."""
        if self._announcing is not None:
            first = [key for before, key, after in written if after.outbox.pending and is_empty(before)]
            self._announcing.deliver(partition, self._subject, first)


def without(value: A, announcement: str) -> A:
    """The value once the announcement was told."""
    return replace(value, outbox=value.outbox.without(announcement))


def is_empty(before: Connection | OwnConnection | Tenant | Booking | None) -> bool:
    """Whether nothing of the row is on its way to the platform."""
    return before is None or not before.outbox.pending


def _columns(outbox: Outbox) -> dict[str, Any]:
    return {"undelivered": _sortable(outbox.due_at)} if outbox.due_at else {}


def _sortable(moment: datetime) -> str:
    """Text that sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
