"""Reads of calendars as members' snapshots."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from shared.bookings.sightings import Sighting, sighting
from shared.calendar_reads import MailboxRead
from shared.connections import Connections
from shared.freebusy import UNTOLD_FRESH_FOR, clip, differs, rolling_window
from shared.graph.calendar import Read, placed
from shared.mailbox_reading import Owners, status_of
from shared.messages import CalendarSync, Reason
from shared.model import ConnectionStatus, Detail, Mailbox, Push, Snapshot
from shared.storage.tables import Tables


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


class Snapshots:
    """Puts what was read in place, for everybody whose calendars it is."""

    def __init__(self, tables: Tables, connections: Connections) -> None:
        self._tables = tables
        self._connections = connections

    def show(
        self,
        message: CalendarSync,
        mailbox: Mailbox,
        read: MailboxRead,
        push: Push | None,
        began: datetime,
        owners: Owners,
    ) -> Shown:
        """Put a mailbox's snapshots in place, each owner's beside what bookings take of their time."""
        began, shown = mailbox.claimed_at or began, Shown()
        has_push = (push or mailbox.push).subscription_id is not None
        scheduled = message.reason is Reason.SCHEDULE and not message.attempt
        for owner in owners.of(mailbox):
            selected = owners.selected(owner, mailbox)
            mine = {one.id: read.calendars[one.id] for one in selected if one.id in read.calendars}
            untold = {one.id for one in selected if one.shared or not has_push}
            snapshots = {
                one: snapshot_of(seen, owners.zones[owner], began, untold=one in untold) for one, seen in mine.items()
            }
            before, claims = self._tables.calendars.replace(owner, mailbox.key, snapshots)
            told = before.keys() - {one.id for one in selected if one.shared}
            shown.differs |= any(says_otherwise(before[one], snapshots[one]) for one in told)
            seen = sighting(owner, mailbox.key, claims, mine, began, scheduled=scheduled)
            shown.sightings += [seen] if seen else []
        return shown

    def tell(self, mailbox: Mailbox, read: MailboxRead, began: datetime, owners: Owners) -> None:
        """Say who is connected, and of which calendars nothing new is known."""
        for owner in owners.of(mailbox):
            refused = [one.id for one in owners.selected(owner, mailbox) if one.id in read.refused]
            for one in refused:
                reason = status_of(read.refused[one], mailbox)
                self._tables.calendars.mark_unreadable(owner, mailbox.key, reason, began, [one])
            detail = Detail.CALENDAR_UNREADABLE if refused else None
            unaware = owners.unaware([owner], ConnectionStatus.CONNECTED, detail)
            self._connections.tell(mailbox.key, unaware, ConnectionStatus.CONNECTED, detail)
