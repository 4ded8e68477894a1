"""When somebody is not free, and how far that can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.model.connection import ConnectionStatus


class BusyStatus(StrEnum):
    """How a block of time is taken; Graph's `showAs` without `free`."""

    BUSY = "busy"
    TENTATIVE = "tentative"
    OOF = "oof"
    WORKING_ELSEWHERE = "workingElsewhere"
    UNKNOWN = "unknown"
    """Not known to be free."""


class Window(NamedTuple):
    """A half-open span of time, UTC."""

    start: datetime
    end: datetime


class BusyBlock(NamedTuple):
    """A span in which somebody is not free, and nothing else about it."""

    start: datetime
    end: datetime
    status: BusyStatus


@dataclass(frozen=True)
class Snapshot:
    """One complete read of a calendar."""

    window: Window
    blocks: tuple[BusyBlock, ...]
    read_at: datetime
    """When the read began."""
    unreadable_since: datetime | None = None
    """Set when a later read failed; the blocks are then the last that were seen."""
    reason: ConnectionStatus | None = None
    """Why the later read failed."""
    fresh_until: datetime | None = None
    """Set where it is not to be believed as long as others: nobody tells of changes to this calendar."""


class Freshness(StrEnum):
    """How far an answer about somebody's time can be believed."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"


class Combine(StrEnum):
    """How members combine."""

    EVERYONE = "everyone"
    """All of them take part."""
    ANYONE = "anyone"
    """One of them takes part."""
    AT_LEAST = "at_least"
    """So many of them take part."""
