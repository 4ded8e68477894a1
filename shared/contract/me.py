"""What a member sees and decides of their own connections."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.contract.policy import Statuses
from shared.model import BusyStatus

CalendarId = Annotated[str, Meta(min_length=1, max_length=1000)]
CheckedIds = Annotated[list[CalendarId], Meta(min_length=1, max_length=10)]


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
    receives_bookings: bool
    """Whether the member's bookings go to it."""
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


class MyCalendar(Struct):
    """A calendar of one of the member's connections, as Outlook lists it now."""

    id: str
    name: str
    is_default: bool
    is_shared: bool
    """Whether it is somebody else's. Then it can be checked, but takes no bookings."""
    is_read_only: bool
    owner: str
    """Whose it is, for people to recognise."""
    is_checked: bool
    """Whether its events make the member's time busy."""
    takes_bookings: bool
    """Whether bookings go to it, where they go to this connection."""
    unreadable_since: datetime | None
    """Since when it could not be read, of a calendar that is checked. Until then its last known times count."""


class MyCalendars(Struct):
    """The calendars of one of the member's connections."""

    connection: str
    calendars: list[MyCalendar]


class CalendarSelection(Struct, forbid_unknown_fields=True):
    """Which calendars of a connection are checked, and which one takes bookings."""

    checked: CheckedIds
    """Ids as listed. The events of these calendars make the member's time busy."""
    bookings: CalendarId
    """The one that bookings go to: one of those checked, neither read-only nor somebody else's."""


class BookingConnection(Struct, forbid_unknown_fields=True):
    """Which of the member's connections takes their bookings."""

    connection: Literal["managed", "personal"]


class SignInOutput(Struct):
    """Where the member's browser goes to sign in with an account of their own."""

    url: str
    """At Microsoft, good for a quarter of an hour, in this browser only."""


class BusyChoice(Struct, forbid_unknown_fields=True):
    """What counts as busy for the member; null leaves it to the organization."""

    busy_statuses: Statuses | None
