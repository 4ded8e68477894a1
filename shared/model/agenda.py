"""The time of a member that bookings take, held before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shared.model.calendar import Snapshot
from shared.model.selection import DEFAULT, CalendarKey, Selections
from shared.model.tenant import MailboxKey


@dataclass(frozen=True)
class Claim:
    """Time of one member that a booking takes."""

    lead: str
    booking: str
    start: datetime
    end: datetime
    written_at: datetime | None = None
    """When its event was known to be in Outlook; None while the time is only held. A read that began later knows."""
    mark: str = ""
    """Of the version of the event that is known."""
    mailbox: MailboxKey | None = None
    version: int = 0
    """Of the booking: the one that says so, or the one that is to come of it while the time is only held."""
    until: datetime | None = None
    """While the time is only held: until when somebody may be at it."""
    calendar: str = DEFAULT
    """Of the mailbox, which its event goes to."""


@dataclass(frozen=True)
class Agenda:
    """The time of one member that bookings take; at most one of two that overlap is ever let in."""

    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What is kept of a member's time: what was read of which calendars, what bookings take, what was selected."""

    snapshots: tuple[tuple[CalendarKey, Snapshot], ...] = ()
    claims: tuple[Claim, ...] = ()
    selections: Selections = field(default=Selections())
