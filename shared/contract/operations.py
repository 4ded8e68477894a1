"""What an operator of the service sees."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class DeadLetterOutput(Struct):
    """Work that failed for good: why, and whose it was."""

    queue: str
    id: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int
    is_replayable: bool
    org: str | None = None
    tenant: str | None = None
    mailboxes: tuple[str, ...] = ()
    """Object ids."""
    member: str | None = None
    """Of a booking, the host who invites."""
    booking: str | None = None


class DeadLetterList(Struct):
    """All dead letters, the latest first."""

    dead_letters: list[DeadLetterOutput]


class ReplayOutput(Struct):
    """How many dead letters were put back into their queues, and how many cannot be."""

    replayed: int
    kept: int
