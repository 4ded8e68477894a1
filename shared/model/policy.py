"""What an organization allows, and what people decided about single connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.model.calendar import BusyStatus
from shared.model.tenant import MailboxKey


class UnknownRule(StrEnum):
    """What becomes of time of which nothing is known."""

    READ_LIVE = "read_live"
    """Ask Outlook at once; not bookable if that fails too."""
    BLOCK = "block"
    """Not bookable."""
    ALLOW = "allow"
    """Bookable."""


@dataclass(frozen=True)
class Scope:
    """Who takes part while the connection is rolled out step by step: members named, or with an address there."""

    domains: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Policy:
    """What an organization's admins decided for all of its members."""

    members_may_disconnect: bool = True
    members_may_connect_personal: bool = True
    busy_statuses: tuple[BusyStatus, ...] = tuple(BusyStatus)
    """What counts as busy."""
    members_may_choose_busy: bool = False
    """Whether a member's own choice of that goes before."""
    unknown_time: UnknownRule = UnknownRule.READ_LIVE
    scope: Scope | None = None
    """None: everybody."""


@dataclass(frozen=True)
class Decided:
    """Who decided something, and when."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Choice:
    """What people decided about one member's connection.

    Kept apart from the connection, which only follows it: a choice outlives tenants, rosters and every resync,
    until somebody chooses otherwise.
    """

    member: str
    excluded: Decided | None = None
    """An admin keeps the member out."""
    disconnected: Decided | None = None
    """The member disconnected and has not come back."""
    own_instead: datetime | None = None
    """Since when an account of the member's own stands in place of the managed connection."""
    mailbox: MailboxKey | None = None
    """An admin said which directory user the member is."""
    busy_statuses: tuple[BusyStatus, ...] | None = None
    """What counts as busy for this member, where the policy lets them choose."""
