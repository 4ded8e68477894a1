"""Lists of an organization's members: page by page, all at once, and counted.

A member is on the roster (`Members`), the state of the connection in `Connections`, of an account of their own in
`OwnConnections`, all under the same keys; when the calendar is read, in `Mailboxes`. There is no index beside them
that could say something else.

1. A page begins behind the key that the page before ended with, so members who come and go move nobody else.
2. A state or a tenant is filtered by storage. Only who has no connection is found by reading both tables through.
3. Who is listed is decided by `member_filter`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from shared.member_filter import Counts, Listed, Pair, Wanted, chosen, counted, merged, unlooked
from shared.model import Connection, ConnectionStatus, Member, Tenant
from shared.storage.lazy_rows import LazyRow, LazyRows
from shared.storage.tables import Tables

WORTH_A_POINT_READ = 40
"""Rows read in passing for each one sought, before the rest are sought one by one."""
CHUNK = 1_000
"""Members looked at together where all may have to be."""

T = TypeVar("T")


class MemberList:
    """Reads what lists and counts need, and no more."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def page(
        self, org: str, wanted: Wanted, tenants: Mapping[str, Tenant], after: str | None, limit: int
    ) -> tuple[list[Listed], str | None]:
        """The next `limit` wanted members behind `after` in order of id, and where the following page begins."""
        found = list(islice(self._found(org, wanted, unlooked(tenants), after, limit + 1), limit + 1))
        page = found[:limit]
        return self._completed(org, page), page[-1].member.id if len(found) > limit else None

    def everybody(self, org: str, wanted: Wanted, tenants: Mapping[str, Tenant]) -> list[Listed]:
        """All wanted members in order of id."""
        return self._completed(org, list(self._found(org, wanted, unlooked(tenants), None, CHUNK)))

    def one(self, org: str, member: Member) -> Listed:
        """A member who is known already."""
        row = self._tables.connections.get(org, member.id)
        return self.of(org, member, row.value if row else None)

    def of(self, org: str, member: Member, connection: Connection | None) -> Listed:
        """A member whose connection is known too."""
        return self._completed(org, [Listed(member, connection)])[0]

    def _completed(self, org: str, page: list[Listed]) -> list[Listed]:
        """The same with the mailboxes that are read for them, and accounts of their own."""
        if not page:
            return page
        mailboxes = self._tables.mailboxes.some({key for one in page if (key := one.mailbox_key)})
        rows = _near(self._tables.own_connections.lazy, org, [one.member.id for one in page])
        own = {row.key: row.value for row in rows if not row.value.is_over}
        read = [mailboxes.get(key) if (key := one.mailbox_key) else None for one in page]
        return [
            one._replace(mailbox=mailbox, own=own.get(one.member.id)) for one, mailbox in zip(page, read, strict=True)
        ]

    def counts(self, org: str, tenants: Mapping[str, Tenant]) -> Counts:
        """How many members are in which state."""
        states, own = (
            dict(table.lazy.keys(org, "status")) for table in (self._tables.connections, self._tables.own_connections)
        )
        return counted((key for key, _ in self._tables.members.lazy.keys(org)), states, own, unlooked(tenants))

    def _found(
        self, org: str, wanted: Wanted, otherwise: ConnectionStatus, after: str | None, most: int
    ) -> Iterator[Listed]:
        """The wanted members; about `most` of them are going to be taken."""
        size = CHUNK if wanted.text else most
        if wanted.own_state is not None:
            pairs = self._by_own(org, wanted.own_state, after, size)
        elif wanted.tenant is not None or wanted.state not in (None, otherwise):
            pairs = self._by_connection(org, wanted, after, size)
        elif wanted.state is None:
            pairs = self._all(org, after, size)
        else:
            pairs = self._all(org, after, CHUNK)
        return chosen(pairs, wanted, otherwise)

    def _all(self, org: str, after: str | None, size: int) -> Iterator[Pair]:
        """Everybody behind `after`, so many at a time with the connections of the same range."""
        for some in _chunks(self._tables.members.lazy.rows(org, after=after, page=size), size):
            first, last = some[0].key, some[-1].key
            yield from merged(some, self._tables.connections.lazy.rows(org, first=first, last=last, page=size + 1))

    def _by_connection(self, org: str, wanted: Wanted, after: str | None, size: int) -> Iterator[Pair]:
        """Who has a connection of that state and tenant."""
        columns = {"status": wanted.state and wanted.state.value, "tenant": wanted.tenant}
        given = {name: value for name, value in columns.items() if value is not None}
        connections = self._tables.connections.lazy.rows(org, after=after, page=size, **given)
        for some in _chunks(connections, size):
            yield from merged(_near(self._tables.members.lazy, org, [row.key for row in some]), some)

    def _by_own(self, org: str, state: ConnectionStatus, after: str | None, size: int) -> Iterator[Pair]:
        """Who has an account of their own in that state."""
        found = self._tables.own_connections.lazy.rows(org, after=after, page=size, status=state.value)
        for some in _chunks((row for row in found if not row.value.is_over), size):
            keys = [row.key for row in some]
            members, connections = self._tables.members.lazy, self._tables.connections.lazy
            yield from merged(_near(members, org, keys), _near(connections, org, keys))


def _near(table: LazyRows[T], org: str, keys: Sequence[str]) -> Iterator[LazyRow[T]]:
    """The rows of these keys, which come in order: read in passing where they lie close, or one by one."""
    wanted, enough = dict.fromkeys(keys), WORTH_A_POINT_READ * len(keys)
    passed = list(islice(table.rows(org, first=keys[0], last=keys[-1], page=enough), enough))
    yield from (row for row in passed if row.key in wanted)
    if len(passed) == enough:
        yield from table.find(org, [key for key in wanted if key > passed[-1].key])


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """So many at a time."""
    return iter(lambda: list(islice(items, size)), [])
