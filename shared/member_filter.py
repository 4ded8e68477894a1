"""Which members a list shows, as pure functions over rows of members and connections.

1. Members and connections are merged in order of key. A member nobody has looked for has no connection, and is in
   the state that `unlooked` says; a connection without a member is of somebody just removed, and not listed.
2. Text is sought in what people would read of a member, folded as `folded` says. The address of an account of the
   member's own is not: who searches could try out whose it is.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from shared.model import Connection, ConnectionStatus, Mailbox, MailboxKey, Member, OwnConnection, Tenant

V_co = TypeVar("V_co", covariant=True)


class Undecoded(Protocol[V_co]):
    """A stored value that is decoded only when it is asked for."""

    @property
    def key(self) -> str:
        """The member's id."""

    @property
    def text(self) -> str:
        """The value as JSON."""

    @property
    def value(self) -> V_co:
        """The value."""


Pair = tuple[Undecoded[Member], Undecoded[Connection] | None]


@dataclass(frozen=True)
class Wanted:
    """Which members to list; everything given must hold."""

    state: ConnectionStatus | None = None
    tenant: str | None = None
    text: str = ""
    """As `folded` leaves it; occurs in what people would read of the member."""
    own_state: ConnectionStatus | None = None
    """Of an account of the member's own; storage filters by it."""

    @classmethod
    def of(
        cls,
        state: ConnectionStatus | None,
        tenant: str | None,
        text: str | None,
        own_state: ConnectionStatus | None = None,
    ) -> Wanted:
        """What somebody asks for."""
        return cls(state, tenant, folded(text or "").strip(), own_state)


class Listed(NamedTuple):
    """A member with the connection and, while their calendar is read, its mailbox; and an account of their own."""

    member: Member
    connection: Connection | None
    mailbox: Mailbox | None = None
    own: OwnConnection | None = None

    @property
    def mailbox_key(self) -> MailboxKey | None:
        """The mailbox that is read for the member."""
        return self.connection.active_mailbox if self.connection else None


def folded(text: str) -> str:
    """Text as it is compared: Unicode-composed, without the difference of capitals."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def unlooked(tenants: Mapping[str, Tenant]) -> ConnectionStatus:
    """The state of a member nobody has looked for: they will be, as soon as there is a tenant to look in."""
    waiting = any(not known.status.is_lost for known in tenants.values())
    return ConnectionStatus.CONNECTING if waiting else ConnectionStatus.NOT_MATCHED


def merged(members: Iterable[Undecoded[Member]], connections: Iterable[Undecoded[Connection]]) -> Iterator[Pair]:
    """Each member with the connection of the same key; both come in order of key."""
    rest = iter(connections)
    current = next(rest, None)
    for member in members:
        while current is not None and current.key < member.key:
            current = next(rest, None)
        yield member, current if current is not None and current.key == member.key else None


def chosen(pairs: Iterable[Pair], wanted: Wanted, otherwise: ConnectionStatus) -> Iterator[Listed]:
    """Those that are wanted; `otherwise` is the state of who has no connection."""
    sought = wanted.text
    for member, connection in pairs:
        if sought and not (_may_say(member, sought) or (connection and _may_say(connection, sought))):
            continue
        listed = Listed(member.value, connection.value if connection else None)
        if _is_like(listed, wanted, otherwise) and (not sought or _says(listed, sought)):
            yield listed


def _may_say(row: Undecoded[object], sought: str) -> bool:
    """Whether it is worth decoding the row; what JSON writes with a backslash always is."""
    return sought in folded(row.text) or "\\" in row.text


def _says(listed: Listed, sought: str) -> bool:
    member, connection = listed.member, listed.connection
    mailbox = connection.mailbox_address if connection else None
    return any(sought in folded(text) for text in (member.id, member.name, *member.addresses, mailbox or ""))


def _is_like(listed: Listed, wanted: Wanted, otherwise: ConnectionStatus) -> bool:
    connection = listed.connection
    state, tenant = (connection.status, connection.tenant_id) if connection else (otherwise, None)
    return wanted.state in (None, state) and wanted.tenant in (None, tenant)


_OVER = ConnectionStatus.USER_DISCONNECTED.value
"""An own connection of which nothing is left but to tell so."""


class Counts(NamedTuple):
    """How many members are in which state: of the connection, and of accounts of their own."""

    managed: Counter[str]
    own: Counter[str]


def counted(
    members: Iterable[str], states: Mapping[str, str], own: Mapping[str, str], otherwise: ConnectionStatus
) -> Counts:
    """How many members are in which state, by the states of those who have a connection, or one of their own."""
    counts = Counts(Counter(), Counter())
    for member in members:
        counts.managed[states.get(member, otherwise.value)] += 1
        if own.get(member, _OVER) != _OVER:
            counts.own[own[member]] += 1
    return counts
