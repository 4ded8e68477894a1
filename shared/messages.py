"""What travels through the work queues: ids and times, never contents. At least once, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

DIRECTORY_SYNC = "directory-sync"
CALENDAR_SYNC = "calendar-sync"
CALENDAR_BULK = "calendar-bulk"
"""The same messages as in `calendar-sync`, where a tenant brings many at a time: nobody else waits behind them."""

PLATFORM_EVENTS = "platform-events"

BOOKINGS = "bookings"
"""Looks after bookings whose process may have died."""

QUEUES = (DIRECTORY_SYNC, CALENDAR_SYNC, CALENDAR_BULK, PLATFORM_EVENTS, BOOKINGS)

GROUP = 20
"""Mailboxes in one calendar message: what one Graph batch takes."""
SUBJECTS = 50
"""Connections in one message about their events."""


class DirectorySync(msgspec.Struct, frozen=True):
    """Make one tenant of an organization true: directory, matches, calendars due."""

    org: str
    tenant: str
    since: datetime
    """When the reason for this message arose: a pass that began later makes it redundant."""
    attempt: int = 0
    """How often it was put back because something was not ready."""
    once: bool = False
    """Sent by the schedule, which comes again: not to be put back."""


class Reason(StrEnum):
    """Why calendars are to be made true."""

    SCHEDULE = "schedule"
    """Their time has come."""
    NOTIFIED = "notified"
    """Graph says that they changed."""
    REAUTHORIZE = "reauthorize"
    """Graph asks to renew their subscriptions."""
    REMOVED = "removed"
    """Their subscriptions are gone, or were found to tell nothing."""
    CHANGED = "changed"
    """Something changed on our side: who reads them, in which zone, or that we may."""


class CalendarSync(msgspec.Struct, frozen=True):
    """Make these mailboxes' snapshots true: everything up to `since` must be in them."""

    tenant: str
    mailboxes: tuple[str, ...]
    """Object ids."""
    since: datetime | None
    """A read that began later makes the message redundant; while it lies ahead, it is too early.

    None where only those are meant that were never read, and those whose own time has come.
    """
    reason: Reason
    attempt: int = 0
    """How often it was put back because Microsoft said to wait."""
    bulk: bool = False
    """Whether it travels through `calendar-bulk`."""


class Subject(StrEnum):
    """What an event is about."""

    CONNECTION = "connection"
    TENANT = "tenant"
    BOOKING = "booking"
    OWN_CONNECTION = "own_connection"


class EventDelivery(msgspec.Struct, frozen=True):
    """Tell the platform what these connections or tenants of an organization have pending."""

    org: str
    subject: Subject
    ids: tuple[str, ...]
    """Of members, of tenants, or keys of bookings."""
    attempt: int = 0
    """How often in a row it was put back because the platform did not take an event."""


class Straggler(NamedTuple):
    """A creation that was given up, and the mailbox it may still come about in."""

    tenant: str
    mailbox: str
    transaction: str


class BookingCheck(msgspec.Struct, frozen=True):
    """Settle what may have been cut short of a booking, and see that the platform was told of it.

    Sent before anything is written, so that nothing depends on the process that writes.
    """

    org: str
    lead: str
    """The host who invites."""
    booking: str
    attempt: int = 0
    """How often it was put back because Microsoft was away."""
    stragglers: tuple[Straggler, ...] = ()
    """What was given up a while ago: an event that appeared after all is removed."""


Message = DirectorySync | CalendarSync | EventDelivery | BookingCheck


def queue_of(message: Message) -> str:
    """The queue a message belongs into."""
    if isinstance(message, DirectorySync):
        return DIRECTORY_SYNC
    if isinstance(message, EventDelivery):
        return PLATFORM_EVENTS
    if isinstance(message, BookingCheck):
        return BOOKINGS
    return CALENDAR_BULK if message.bulk else CALENDAR_SYNC


def encode(message: Message) -> str:
    """The message as queue text."""
    return msgspec.json.encode(message).decode()


def calendar_syncs(
    tenant: str, mailboxes: Iterable[str], since: datetime | None, reason: Reason, *, bulk: bool = False
) -> Iterator[CalendarSync]:
    """Messages that cover the mailboxes, each once, twenty to a message."""
    for group in _groups(list(dict.fromkeys(mailboxes)), GROUP):
        yield CalendarSync(tenant, tuple(group), since, reason, bulk=bulk)


def event_deliveries(org: str, subject: Subject, ids: Sequence[str]) -> Iterator[EventDelivery]:
    """Messages that cover the subjects, fifty to a message."""
    for group in _groups(ids, SUBJECTS):
        yield EventDelivery(org, subject, tuple(group))


def _groups(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
