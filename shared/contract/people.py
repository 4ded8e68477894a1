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
    """Which members to list."""

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
    changed_at: datetime | None = None


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
