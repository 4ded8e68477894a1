"""What a member sees and decides of their own connections."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.contract.policy import Statuses
from shared.model import BusyStatus


class MyConnection(Struct):
    """One of a member's connections."""

    id: str
    source: str
    """`admin_managed`: made by the organization; `personal`: by the member, with an account of their own."""
    state: str
    state_text: str
    next_step: str
    detail: str | None
    mailbox: str | None
    changed_at: datetime | None
    may_disconnect: bool
    may_reconnect: bool
    """Of a personal connection: whether the member may sign in again (`POST /api/me/connections/outlook`)."""
    why_not: str | None
    """Why the member may do neither; of a personal connection: what the organization lets them do no more."""


class MyConnections(Struct):
    """A member's connections, and what the organization lets them decide."""

    connections: list[MyConnection]
    busy_statuses: tuple[BusyStatus, ...]
    """What counts as busy."""
    may_choose_busy: bool
    may_connect_personal: bool
    """Whether the member may connect an account of their own."""


class SignInOutput(Struct):
    """Where the member's browser goes to sign in with an account of their own."""

    url: str
    """At Microsoft, good for a quarter of an hour, in this browser only."""


class BusyChoice(Struct, forbid_unknown_fields=True):
    """What counts as busy for the member; null leaves it to the organization."""

    busy_statuses: Statuses | None
