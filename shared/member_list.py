"""Lists of an organization's members: page by page, all at once, and counted.

A member is on the roster (`Members`), the state of the connection in `Connections`, both under the same keys; when
the calendar is read, in `Mailboxes`. There is no index beside them that could say something else.

1. A page begins behind the key that the page before ended with, so members who come and go move nobody else.
2. A state or a tenant is filtered by storage. Only who has no connection is found by reading both tables through.
3. Who is listed is decided by `member_filter`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TypeVar

from shared.member_filter import Listed, Pair, Wanted, chosen, counted, merged, unlooked
from shared.model import Connection, ConnectionStatus, Member, Tenant
from shared.storage.lazy_rows import LazyRow
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
        return self._with_mailboxes(page), page[-1].member.id if len(found) > limit else None

    def everybody(self, org: str, wanted: Wanted, tenants: Mapping[str, Tenant]) -> list[Listed]:
        """All wanted members in order of id."""
        return self._with_mailboxes(list(self._found(org, wanted, unlooked(tenants), None, CHUNK)))

    def one(self, org: str, member: Member) -> Listed:
        """A member who is known already."""
        row = self._tables.connections.get(org, member.id)
        return self.with_mailbox(member, row.value if row else None)

    def with_mailbox(self, member: Member, connection: Connection | None) -> Listed:
        """A member whose connection is known too."""
        return self._with_mailboxes([Listed(member, connection)])[0]

    def _with_mailboxes(self, page: list[Listed]) -> list[Listed]:
        """The same with the mailboxes that are read for them."""
        mailboxes = self._tables.mailboxes.some({key for one in page if (key := one.mailbox_key)})
        return [one._replace(mailbox=mailboxes.get(key)) if (key := one.mailbox_key) else one for one in page]

    def counts(self, org: str, tenants: Mapping[str, Tenant]) -> Counter[str]:
        """How many members are in which state."""
        states = dict(self._tables.connections.lazy.keys(org, "status"))
        return counted((key for key, _ in self._tables.members.lazy.keys(org)), states, unlooked(tenants))

    def _found(
        self, org: str, wanted: Wanted, otherwise: ConnectionStatus, after: str | None, most: int
    ) -> Iterator[Listed]:
        """The wanted members; about `most` of them are going to be taken."""
        size = CHUNK if wanted.text else most
        if wanted.tenant is not None or wanted.state not in (None, otherwise):
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
            yield from merged(self._members_of(org, some), some)

    def _members_of(self, org: str, some: list[LazyRow[Connection]]) -> Iterator[LazyRow[Member]]:
        """The members of these connections, in order: read in passing where they lie close, or one by one."""
        keys = {row.key: None for row in some}
        enough = WORTH_A_POINT_READ * len(keys)
        near = self._tables.members.lazy.rows(org, first=some[0].key, last=some[-1].key, page=enough)
        passed = list(islice(near, enough))
        yield from (row for row in passed if row.key in keys)
        if len(passed) == enough:
            yield from self._tables.members.lazy.find(org, [key for key in keys if key > passed[-1].key])


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """So many at a time."""
    return iter(lambda: list(islice(items, size)), [])
