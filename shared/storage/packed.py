"""Snapshots as they lie in a table: times as seconds from the window's start, with the status; compressed."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor

import msgspec

from shared.errors import EntityUnreadable
from shared.model import DEFAULT, BusyBlock, BusyStatus, ConnectionStatus, Snapshot, Window

SECOND = timedelta(seconds=1)
_STATUSES = tuple(BusyStatus)
"""Stored by place: new ones go to the end."""


@dataclass(frozen=True)
class StoredSnapshot:
    """A snapshot as it lies in the table."""

    window: Window
    packed: str
    read_at: datetime
    unreadable_since: datetime | None = None
    reason: ConnectionStatus | None = None
    fresh_until: datetime | None = None
    calendar: str = DEFAULT
    """Which of the mailbox's calendars it is of."""


def newer(before: StoredSnapshot | None, after: StoredSnapshot) -> StoredSnapshot | None:
    """The snapshot to store, or None where what is stored was read later. A failure later than both stays."""
    if before is None:
        return after
    if before.read_at > after.read_at:
        return None
    if before.unreadable_since is not None and before.unreadable_since > after.read_at:
        return replace(after, unreadable_since=before.unreadable_since, reason=before.reason)
    return after


def unreadable(before: StoredSnapshot | None, reason: ConnectionStatus, began_at: datetime) -> StoredSnapshot | None:
    """What is stored after a failed read; None where nothing is, or a later read succeeded."""
    if before is None or before.read_at > began_at:
        return None
    return replace(before, unreadable_since=before.unreadable_since or began_at, reason=reason)


def pack(snapshot: Snapshot, calendar: str = DEFAULT) -> StoredSnapshot:
    """The snapshot in few characters."""
    origin = snapshot.window.start
    numbers = [
        [floor((b.start - origin) / SECOND), ceil((b.end - origin) / SECOND), _STATUSES.index(b.status)]
        for b in snapshot.blocks
    ]
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(numbers))).decode()
    return StoredSnapshot(
        snapshot.window,
        packed,
        snapshot.read_at,
        snapshot.unreadable_since,
        snapshot.reason,
        snapshot.fresh_until,
        calendar,
    )


def unpack(stored: StoredSnapshot) -> Snapshot:
    """The snapshot as it was packed; blocks are whole seconds, never shorter than they were.

    Raises `EntityUnreadable`.
    """
    origin = stored.window.start
    try:
        text = zlib.decompress(base64.b64decode(stored.packed))
        numbers = msgspec.json.decode(text, type=list[tuple[int, int, int]])
    except (ValueError, zlib.error):
        raise EntityUnreadable("a snapshot") from None
    blocks = tuple(
        BusyBlock(origin + timedelta(seconds=start), origin + timedelta(seconds=end), _STATUSES[status])
        for start, end, status in numbers
    )
    return Snapshot(stored.window, blocks, stored.read_at, stored.unreadable_since, stored.reason, stored.fresh_until)
