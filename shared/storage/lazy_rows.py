"""Rows for looking through many of which few matter: read as light as storage can, decoded only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient

from shared.storage.point_reads import point_reads

T = TypeVar("T")

PAGE = 1_000
"""Rows in one answer at most."""
LIGHT = {"Accept": "application/json;odata=nometadata"}
"""Answers without types and ETags: where neither is needed, a fifth of the SDK's work.

https://learn.microsoft.com/rest/api/storageservices/payload-format-for-table-service-operations
"""


class LazyRow(Generic[T]):
    """A row for looking through many of which few matter: its value is decoded only when asked for."""

    __slots__ = ("_decode", "key", "text")

    def __init__(self, key: str, text: str, decode: Callable[[str, str], T]) -> None:
        self.key = key
        self.text = text
        """The value as JSON."""
        self._decode = decode

    @property
    def value(self) -> T:
        """The value, decoded now. Raises `EntityUnreadable`."""
        return self._decode(self.key, self.text)


class LazyRows(Generic[T]):
    """A table's rows, without ETags: none of them can be replaced by what is read here."""

    def __init__(self, client: TableClient, parts: list[str], decode: Callable[[str, str], T]) -> None:
        self._client = client
        self._parts = parts
        self._decode = decode

    def rows(
        self,
        partition: str,
        *,
        after: str | None = None,
        first: str | None = None,
        last: str | None = None,
        page: int = PAGE,
        **columns: str,
    ) -> Iterator[LazyRow[T]]:
        """Rows to look through in order of key: behind `after`, from `first` to `last`, with these columns.

        `page` is how many one request brings; the next is made when one more row is asked for.
        """
        bounds = {"RowKey gt @a": after, "RowKey ge @f": first, "RowKey le @l": last}
        given = [text for text, key in bounds.items() if key]
        condition = " and ".join(["PartitionKey eq @p", *given, *(f"{name} eq @{name}" for name in columns)])
        known = {"p": partition, "a": after, "f": first, "l": last, **columns}
        return map(self._lazy, self._light(condition, known, ["RowKey", *self._parts], page))

    def find(self, partition: str, keys: Collection[str]) -> list[LazyRow[T]]:
        """The rows of these keys, where there are any, in the keys' order; each is a request of its own."""
        return [row for row in point_reads(lambda key: self._find(partition, key), keys).values() if row]

    def _find(self, partition: str, key: str) -> LazyRow[T] | None:
        with suppress(ResourceNotFoundError):
            return self._lazy(self._client.get_entity(partition, key))
        return None

    def keys(self, partition: str, column: str | None = None) -> Iterator[tuple[str, str]]:
        """Every key of a partition in order, with what its row has in the column."""
        wanted = ["RowKey", column] if column else ["RowKey"]
        for entity in self._light("PartitionKey eq @p", {"p": partition}, wanted, PAGE):
            yield entity["RowKey"], entity.get(column) or "" if column else ""

    def _light(
        self, condition: str, parameters: Mapping[str, Any], wanted: list[str], page: int
    ) -> Iterator[Mapping[str, Any]]:
        """Rows without types and ETags, with these properties only."""
        found = self._client.query_entities(
            condition, parameters=dict(parameters), select=wanted, results_per_page=min(page, PAGE), headers=LIGHT
        )
        try:
            yield from found
        except ResourceNotFoundError:
            return

    def _lazy(self, entity: Mapping[str, Any]) -> LazyRow[T]:
        return LazyRow(entity["RowKey"], text_of(entity, self._parts), self._decode)


def text_of(entity: Mapping[str, Any], parts: list[str]) -> str:
    """The value as JSON, from the properties that hold its parts."""
    return "".join(entity.get(part) or "" for part in parts)
