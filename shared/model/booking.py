"""Bookings: meetings that the platform writes into its members' calendars. What they are about is never kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.model.announcement import Outbox, State
from shared.model.calendar import Window
from shared.model.selection import DEFAULT, CalendarKey
from shared.model.tenant import MailboxKey


class BookingStatus(StrEnum):
    """How a booking stands."""

    HELD = "held"
    """Its time is held; whether it is in Outlook is not certain yet."""
    CONFIRMED = "confirmed"
    """It is in every host's calendar."""
    CANCELLED = "cancelled"
    """It was called off, by the platform or in Outlook."""
    FAILED = "failed"
    """It was not to be had, and nothing is left of it."""


class Doing(StrEnum):
    """What is being done about a booking in Outlook."""

    CREATE = "create"
    CHANGE = "change"
    CANCEL = "cancel"
    UNDO = "undo"
    """Taking back a creation that could not be finished."""
    REVERT = "revert"
    """Taking back a change that could not be finished."""
    LINK = "link"
    """Telling the other hosts' events where the online meeting is."""


@dataclass(frozen=True)
class Work:
    """What a process is doing about a booking. Until then nobody else does; afterwards its process has died."""

    doing: Doing
    until: datetime
    span: Window | None = None
    """Where a change moves it."""
    content: Mapping[str, str] = field(default_factory=dict)
    """What a change makes of its contents, as digests."""
    buffers: tuple[timedelta, timedelta] = (timedelta(), timedelta())


@dataclass(frozen=True)
class Hosted:
    """A booking's event in the calendar of one of its hosts."""

    member: str
    mailbox: MailboxKey
    transaction: str
    """What its creation is known by, however often it is repeated; also a property of the event to be found by."""
    event_id: str | None = None
    """Immutable id; None until it is known to exist."""
    etag: str | None = None
    """Of the last version that was written or looked at."""
    span: Window | None = None
    """Where it lies."""
    looks: Mapping[str, str] = field(default_factory=dict)
    """Digests of what Outlook showed of it then."""
    gone: bool = False
    """Whether its owner deleted it in Outlook."""
    calendar: str = DEFAULT
    """Of the mailbox, which it was written into."""

    @property
    def place(self) -> CalendarKey:
        """The calendar it was written into."""
        return CalendarKey(self.mailbox, self.calendar)

    @property
    def mark(self) -> str:
        """What changes with every version of the event."""
        return mark(self.event_id or "", self.etag or "")


def mark(event_id: str, etag: str) -> str:
    """A short name of a version of an event."""
    return hashlib.sha256(f"{event_id}\n{etag}".encode()).hexdigest()[:16]


class Response(StrEnum):
    """What an invitee answered; Graph's words."""

    NONE = "none"
    ORGANIZER = "organizer"
    TENTATIVE = "tentativelyAccepted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NOT_RESPONDED = "notResponded"


class Invited(NamedTuple):
    """An invitee, by a digest of the address, and the answer."""

    digest: str
    response: Response = Response.NONE


class Change(StrEnum):
    """What happened to a booking that the platform did not do itself."""

    CONFIRMED = "confirmed"
    """A booking whose request was cut short came about after all."""
    FAILED = "failed"
    """A booking whose request was cut short came to nothing."""
    DELETED = "deleted"
    """The host who invites deleted or cancelled it in Outlook."""
    HOST_DELETED = "host_deleted"
    """Another host deleted it from their own calendar; it stays for the rest."""
    MOVED = "moved"
    """`host` moved it to another time; only where the host who invites did, is that the booking's."""
    EDITED = "edited"
    """`host` changed what it says, where it is, whom it invites, or how it is shown (as free, say)."""
    RESPONDED = "responded"
    """Somebody who is invited gave another answer."""


@dataclass(frozen=True)
class News:
    """Something about a booking that the platform did not do, and is to be told."""

    number: int
    change: Change
    member: str
    """In whose calendar."""
    at: datetime


@dataclass(frozen=True)
class Booking:
    """A meeting in the calendars of its hosts, the one who invites first."""

    id: str
    start: datetime
    end: datetime
    hosts: tuple[Hosted, ...]
    changed_at: datetime
    salt: str
    """Of its digests."""
    status: BookingStatus = BookingStatus.HELD
    version: int = 1
    """Grows with every change, whoever made it."""
    content: Mapping[str, str] = field(default_factory=dict)
    """Digests of what was asked for."""
    buffers: tuple[timedelta, timedelta] = (timedelta(), timedelta())
    """Time kept free before and after."""
    invited: tuple[Invited, ...] = ()
    """In the order they were asked for."""
    online: bool = False
    join_url: str | None = None
    work: Work | None = None
    cancelled_by: str | None = None
    """`platform` or `outlook`."""
    news: News | None = None
    outbox: Outbox = field(default=Outbox(), compare=False)

    @property
    def span(self) -> Window:
        """When it is."""
        return Window(self.start, self.end)

    @property
    def lead(self) -> Hosted:
        """The host who invites."""
        return self.hosts[0]

    @property
    def present(self) -> tuple[Hosted, ...]:
        """The hosts who did not delete it from their calendars."""
        return tuple(host for host in self.hosts if not host.gone)

    @property
    def next_version(self) -> int:
        """The version that comes of what is being done: while the time is only held, this one."""
        return self.version if self.status is BookingStatus.HELD else self.version + 1

    @property
    def state(self) -> State | None:
        """What the platform is told of: only what it did not do itself."""
        if self.news is None:
            return None
        facts = {
            "change": self.news.change,
            "host": self.news.member,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "version": str(self.version),
            "responses": packed(one.response for one in self.invited),
            "cancelled_by": self.cancelled_by or "",
        }
        return State(self.status, None, None, facts, self.news.number)


_RESPONSES = tuple(Response)
"""Stored by place: new ones go to the end, and there are never more than ten."""


def packed(responses: Iterable[Response]) -> str:
    """Many answers in few characters: fifty events of a meeting of hundreds may wait in one row."""
    return "".join(str(_RESPONSES.index(one)) for one in responses)


def unpacked(text: str) -> list[Response]:
    """The answers as they were packed."""
    return [_RESPONSES[int(place)] for place in text]
