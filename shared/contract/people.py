"""The roster, and members with the state of their connection."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import MOST_MEMBERS, Address, Cursor, Identifier, Zone
from shared.model import ConnectionStatus


class MemberInput(Struct, forbid_unknown_fields=True):
    """A person on the platform's roster."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    addresses: Annotated[list[Address], Meta(min_length=1, max_length=20)]
    time_zone: Zone | None = None
    """IANA name, e.g. Europe/Berlin."""


class RosterMember(MemberInput, kw_only=True, forbid_unknown_fields=True):
    """A person in a whole roster."""

    id: Identifier


class RosterInput(Struct, forbid_unknown_fields=True):
    """The whole roster: whoever is not in it is no member any more."""

    members: Annotated[list[RosterMember], Meta(max_length=MOST_MEMBERS)]


class MemberQuery(Struct, forbid_unknown_fields=True):
    """Which members to list: those of whom everything given is true."""

    state: ConnectionStatus | None = None
    """The state of the connection."""
    tenant: Annotated[str, Meta(max_length=64)] | None = None
    """The id of the tenant in which the member's directory user is."""
    own_state: ConnectionStatus | None = None
    """The state of an account that the member connected."""
    q: Annotated[str, Meta(max_length=200)] | None = None
    """Occurs in the id, the name, an address or the mailbox, in capitals or not."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    """Members in one page. Every page but the last has as many."""
    cursor: Cursor | None = None


class MemberOutput(Struct):
    """A member and the state of their Outlook connection."""

    id: str
    name: str
    addresses: tuple[str, ...]
    state: ConnectionStatus
    state_text: str
    next_step: str
    detail: str | None = None
    tenant: str | None = None
    mailbox: str | None = None
    source: str | None = None
    """By whose doing the mailbox is connected: `admin_managed`, or nobody's."""
    last_read: datetime | None = None
    """When the calendar was last read with success."""
    next_due: datetime | None = None
    """When it is read next, even if nobody tells of a change."""
    changed_at: datetime | None = None
    also_found_in: tuple[str, ...] = ()
    """Other tenants in which the member was seen; the first one keeps them, unless an admin chooses."""
    own_state: ConnectionStatus | None = None
    """How an account that the member connected stands; null where there is none. Which one it is, is not said."""
    own_state_text: str | None = None
    own_next_step: str | None = None
    own_changed_at: datetime | None = None
    """Since when it is in that state."""
    own_instead: bool = False
    """Whether it stands in place of the managed connection, which stays out until it ends."""


class MemberList(Struct):
    """A page of members; `next` is the cursor of the following page."""

    members: list[MemberOutput]
    next: str | None


class RosterOutput(Struct):
    """What a roster change did."""

    added: int
    changed: int
    removed: int
    unchanged: int
