"""One table of typed rows over Azure Table Storage.

A row is one value, kept as JSON in one property (more only where it is long), so that a read costs the SDK one
property to walk instead of twenty; what a query must filter by stands beside it as a column. Concurrency is
optimistic: a row read here carries the ETag that its next write is checked against.
https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import (
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableClient, TableServiceClient, TableTransactionError, UpdateMode

from shared.errors import EntityChanged, EntityExists, EntityUnreadable, StorageError
from shared.storage.lazy_rows import LazyRows, text_of

T = TypeVar("T")
R = TypeVar("R")

PART = 16_000
"""Characters in one property: some count twice in its 32,768 UTF-16 units."""
MOST_PARTS = 30
"""Keeps a row under the one MiB that Azure allows (the emulator does not check)."""
TRANSACTION = 100
"""Rows one transaction may touch, all in one partition."""

Columns = Mapping[str, Any]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row(Generic[T]):
    """A value as it was stored, with what is needed to replace exactly this version."""

    partition: str
    key: str
    value: T
    etag: str


class Table(Generic[T]):
    """Rows of one kind. Tables are created when first written to.

    A row that holds nothing of ours raises `EntityUnreadable`; lists of a `lenient` table pass it over, so that one
    broken row does not keep all others from being seen.
    """

    def __init__(
        self,
        service: TableServiceClient,
        name: str,
        kind: type[T],
        columns: Callable[[T], Columns] = lambda _: {},
        parts: int = 1,
        *,
        lenient: bool = False,
    ) -> None:
        self._client: TableClient = service.get_table_client(name)
        self._decoder = msgspec.json.Decoder(kind)
        self._columns = columns
        self._lenient = lenient
        self._parts = [f"json{number}" for number in range(parts)]
        self.lazy = LazyRows(self._client, self._parts, self._value)
        """The same rows, to look through many."""
        self._columns_read = ["PartitionKey", "RowKey", *self._parts] if parts == 1 else None

    def get(self, partition: str, key: str) -> Row[T] | None:
        """The row, or None where there is none."""
        try:
            return self._row(self._client.get_entity(partition, key))
        except ResourceNotFoundError:
            return None

    def rows(self, partition: str, *, after: str | None = None, most: int | None = None) -> Iterator[Row[T]]:
        """A partition's rows in order of key, from just behind `after`, at most `most` of them."""
        condition = "PartitionKey eq @p" + (" and RowKey gt @k" if after else "")
        return self._query(condition, {"p": partition, "k": after}, most)

    def everything(self) -> Iterator[Row[T]]:
        """Every row of every partition."""
        try:
            yield from self._rows(self._client.list_entities(select=self._columns_read))
        except ResourceNotFoundError:
            return

    def where(self, condition: str, parameters: Mapping[str, Any], page: int | None = None) -> Iterator[Row[T]]:
        """Rows that meet an OData condition over keys and columns, with `@name` parameters.

        `page` is how many one request brings, where not all of them are going to be looked at.
        """
        return self._query(condition, parameters, None, page)

    def insert(self, partition: str, key: str, value: T) -> Row[T]:
        """Add a row. Raises `EntityExists`."""
        entity = self._entity(partition, key, value)
        try:
            done = self._creating(lambda: self._client.create_entity(entity))
        except ResourceExistsError:
            raise EntityExists(key) from None
        return Row(partition, key, value, done["etag"])

    def put(self, partition: str, key: str, value: T) -> Row[T]:
        """Write a row whatever was there."""
        entity = self._entity(partition, key, value)
        done = self._creating(lambda: self._client.upsert_entity(entity, mode=UpdateMode.REPLACE))
        return Row(partition, key, value, done["etag"])

    def replace(self, row: Row[T], value: T) -> Row[T]:
        """Write over exactly the version that was read. Raises `EntityChanged` if it is no longer the current one."""
        entity = self._entity(row.partition, row.key, value)
        try:
            done = self._client.update_entity(
                entity, mode=UpdateMode.REPLACE, etag=row.etag, match_condition=MatchConditions.IfNotModified
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            raise EntityChanged(row.key) from None
        return Row(row.partition, row.key, value, done["etag"])

    def change(
        self, partition: str, key: str, decide: Callable[[T | None], T | None], known: Row[T] | None = None
    ) -> T | None:
        """Read, decide, write, and again if somebody wrote in between. Deciding None leaves things as they are.

        A row `known` from just now saves the first read.
        """
        row = known
        while True:
            row = row or self.get(partition, key)
            value = decide(row.value if row else None)
            if value is None:
                return row.value if row else None
            try:
                return (self.replace(row, value) if row else self.insert(partition, key, value)).value
            except (EntityChanged, EntityExists):
                row = None

    def save_all(self, partition: str, changes: Iterable[tuple[Row[T] | None, str, T]]) -> None:
        """Write many rows of one partition, a hundred to a transaction: each over the version read, or as new.

        Raises `EntityChanged` when one of a hundred was written by somebody else; hundreds before it are saved.
        """
        self._submit([self._save(row, self._entity(partition, key, value)) for row, key, value in changes])

    def exchange(
        self, partition: str, changes: Iterable[tuple[Row[T] | None, str, T]], gone: Iterable[Row[T]]
    ) -> None:
        """The same, together with rows that go, each in the version that was read."""
        saved = [self._save(row, self._entity(partition, key, value)) for row, key, value in changes]
        self._submit(
            [*saved, *(("delete", {"PartitionKey": partition, "RowKey": row.key}, _version(row)) for row in gone)]
        )

    def _save(self, row: Row[T] | None, entity: dict[str, Any]) -> Any:
        if row is None:
            return ("create", entity)
        return ("update", entity, {"mode": UpdateMode.REPLACE, **_version(row)})

    def delete(self, partition: str, key: str) -> None:
        """Remove a row; one that is not there is as good as removed."""
        self._client.delete_entity(partition, key)

    def delete_row(self, row: Row[T]) -> None:
        """Remove exactly the version that was read. Raises `EntityChanged` if there is another one now."""
        try:
            self._client.delete_entity(
                row.partition, row.key, etag=row.etag, match_condition=MatchConditions.IfNotModified
            )
        except ResourceModifiedError:
            raise EntityChanged(row.key) from None

    def delete_all(self, partition: str, keys: Iterable[str]) -> None:
        """Remove many rows of one partition. Raises `EntityChanged` when one of them is gone already."""
        self._submit([("delete", {"PartitionKey": partition, "RowKey": key}) for key in keys])

    def _submit(self, operations: list[Any]) -> None:
        for start in range(0, len(operations), TRANSACTION):
            some = operations[start : start + TRANSACTION]
            try:
                self._creating(lambda some=some: self._client.submit_transaction(some))  # type: ignore[misc]
            except TableTransactionError as problem:
                if problem.status_code in (404, 409, 412):
                    raise EntityChanged(some[0][1]["PartitionKey"]) from None
                raise

    def _query(
        self, condition: str, parameters: Mapping[str, Any], most: int | None, page: int | None = None
    ) -> Iterator[Row[T]]:
        pages = self._client.query_entities(
            condition,
            parameters=dict(parameters),
            select=self._columns_read,
            results_per_page=page or most,
        )
        try:
            yield from self._rows(islice(pages, most))
        except ResourceNotFoundError:
            return

    def _creating(self, write: Callable[[], R]) -> R:
        """Do the write; where the table is missing, create it and do it again."""
        try:
            return write()
        except (ResourceNotFoundError, TableTransactionError) as problem:
            # The SDK decodes no code where an insert meets no table.
            if getattr(problem, "error_code", "TableNotFound") != "TableNotFound":
                raise
        with suppress(ResourceExistsError):
            self._client.create_table()
        return write()

    def _entity(self, partition: str, key: str, value: T) -> dict[str, Any]:
        text = msgspec.json.encode(value).decode()
        parts = [text[start : start + PART] for start in range(0, len(text), PART)]
        if len(parts) > len(self._parts):
            raise StorageError(f"row {key} is larger than a row may be")
        named = dict(zip(self._parts, parts, strict=False))
        return {"PartitionKey": partition, "RowKey": key, **named, **self._columns(value)}

    def _rows(self, entities: Iterable[Any]) -> Iterator[Row[T]]:
        for entity in entities:
            try:
                yield self._row(entity)
            except EntityUnreadable as problem:
                if not self._lenient:
                    raise
                log.error("passed over: %s", problem)  # noqa: TRY400 - no trace needed

    def _row(self, entity: Any) -> Row[T]:
        value = self._value(entity["RowKey"], text_of(entity, self._parts))
        return Row(entity["PartitionKey"], entity["RowKey"], value, entity.metadata["etag"])

    def _value(self, key: str, text: str) -> T:
        try:
            return self._decoder.decode(text)
        except msgspec.DecodeError:
            raise EntityUnreadable(f"row {key} of {self._client.table_name}") from None


def _version(row: Row[Any]) -> dict[str, Any]:
    """What has a transaction touch exactly the version that was read."""
    return {"etag": row.etag, "match_condition": MatchConditions.IfNotModified}
