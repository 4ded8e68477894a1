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
    """`admin_managed`: made by the organization."""
    state: str
    state_text: str
    next_step: str
    detail: str | None
    mailbox: str | None
    changed_at: datetime | None
    may_disconnect: bool
    may_reconnect: bool
    why_not: str | None
    """Why the member may do neither."""


class MyConnections(Struct):
    """A member's connections, and what the organization lets them decide."""

    connections: list[MyConnection]
    busy_statuses: tuple[BusyStatus, ...]
    """What counts as busy."""
    may_choose_busy: bool
    may_connect_personal: bool


class BusyChoice(Struct, forbid_unknown_fields=True):
    """What counts as busy for the member; null leaves it to the organization."""

    busy_statuses: Statuses | None
