"""Reads of calendars as members' snapshots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from shared.bookings.sightings import Sighting
from shared.freebusy import UNTOLD_FRESH_FOR, clip, differs, rolling_window
from shared.graph.calendar import Read, placed
from shared.model import Snapshot


@dataclass
class Shown:
    """What came of a read for everybody whose calendar it is."""

    differs: bool = False
    """Whether anybody's said something else until now."""
    sightings: list[Sighting] = field(default_factory=list)
    """Of those with bookings in it."""


def snapshot_of(read: Read, owner_zone: tzinfo | None, began: datetime, *, untold: bool = False) -> Snapshot:
    """The read as one member's snapshot: all-day events lie in the member's own zone.

    `untold` is a calendar that nobody tells the changes of.
    """
    window = rolling_window(began)
    blocks = (block for _, block in placed(read, owner_zone))
    fresh_until = began + UNTOLD_FRESH_FOR if untold else None
    return Snapshot(window, clip(blocks, window), began, fresh_until=fresh_until)


def says_otherwise(before: Snapshot | None, snapshot: Snapshot) -> bool:
    """Whether a read says something else than the one that was believed until now."""
    if before is None or before.unreadable_since is not None or before.read_at >= snapshot.read_at:
        return False
    return differs(before, snapshot)
