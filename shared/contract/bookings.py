"""Bookings: what is asked for on its way to Outlook, and what is answered of them.

What a meeting is about, and who is invited, is asked for only: it is never answered, because it is not kept.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.available_times import Minutes
from shared.contract.fields import Address, Identifier, Line, Paragraphs
from shared.contract.times import Moment
from shared.model import BookingStatus, Response, Sensitivity

MOST_PEOPLE = 500
"""Attendees of one event; further hosts count as some."""
MOST_HOSTS = 20

ShortLine = Annotated[Line, Meta(max_length=255)]


class AttendeeInput(Struct, forbid_unknown_fields=True):
    """Somebody who is invited."""

    email: Address
    name: ShortLine = ""
    optional: bool = False


class BookingInput(Struct, forbid_unknown_fields=True):
    """A meeting as it shall be in Outlook. What is left out is none, so send all of it to change a part."""

    start: Moment
    """In whole seconds."""
    end: Moment
    """At most 24 hours behind the start, and not over yet."""
    subject: Annotated[Line, Meta(min_length=1, max_length=255)]
    description: Annotated[Paragraphs, Meta(max_length=20_000)] = ""
    """Plain text; what it looks like as HTML is shown as it is."""
    location: ShortLine = ""
    attendees: Annotated[list[AttendeeInput], Meta(max_length=MOST_PEOPLE)] = []
    """Whoever is invited by mail; with the further hosts at most 500, and nobody twice."""
    teams_meeting: bool = False
    """Whether Outlook makes it a Teams meeting; what is one stays one."""
    reminder_minutes: Annotated[int, Meta(ge=0, le=40_320)] | None = 15
    """Before the start; null for no reminder."""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    buffer_before_minutes: Minutes = 0
    """Time before the start that must be free too; it is not written into the calendar."""
    buffer_after_minutes: Minutes = 0
    hosts: Annotated[list[Identifier], Meta(max_length=MOST_HOSTS)] = []
    """Further members in whose calendars it is written: in all of them, or in none. They cannot be changed."""


class CancelInput(Struct, forbid_unknown_fields=True):
    """What to tell the attendees of a meeting that is called off."""

    message: Annotated[Paragraphs, Meta(max_length=2_000)] = ""


class HostState(StrEnum):
    """How a meeting stands in one host's calendar."""

    PENDING = "pending"
    """It is not known to be there yet."""
    WRITTEN = "written"
    """It is there."""
    DELETED = "deleted"
    """It was deleted in Outlook."""
    REMOVED = "removed"
    """It is not there any more, because the booking was cancelled or failed."""


class HostOutput(Struct):
    """A member in whose calendar a meeting is."""

    member: str
    state: HostState


class AttendeeOutput(Struct):
    """What somebody who was invited has answered."""

    response: Response


class BookingOutput(Struct):
    """A booking as it stands."""

    id: str
    member: str
    """The host who invites."""
    state: BookingStatus
    start: datetime
    end: datetime
    version: int
    """Grows with every change, whoever made it; the `ETag` says the same."""
    teams_meeting: bool
    join_url: str | None
    """Of the Teams meeting, once Microsoft has said."""
    hosts: list[HostOutput]
    """The one who invites first, then the others as they were asked for."""
    attendees: list[AttendeeOutput]
    """In the order they were asked for; their addresses are not kept."""
    changed_at: datetime
    cancelled_by: str | None
    """`platform`, or `outlook` where somebody deleted or cancelled it there."""
