"""Bookings: meetings that the platform's backend has written into members' calendars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.bookings.steps import Wanted
from shared.contract.bookings import (
    MOST_PEOPLE,
    AttendeeInput,
    AttendeeOutput,
    BookingInput,
    BookingOutput,
    CancelInput,
    HostOutput,
    HostState,
)
from shared.contract.parsing import span_from
from shared.contract.versions import ANY_VERSION
from shared.errors import Conflict, InvalidInput, NotFound, NotWritable, OutOfDate, TimeTaken
from shared.functions.endpoints import Answer, Api, Asked, Nothing, Who
from shared.model import Booking, BookingStatus, Content, Hosted, Invitee, MemberKey, Window

if TYPE_CHECKING:
    from shared.bookings.bookings import Bookings

ROUTE = "api/members/{member}/bookings/{booking}"
LONGEST = timedelta(hours=24)
PROBLEMS = (Conflict, NotWritable)


def bookings(api: Api) -> None:
    """Meetings in members' Outlook calendars, each written exactly once."""
    services = api.services

    @api.endpoint(
        "PUT",
        ROUTE,
        Who.SERVICE,
        {200: BookingOutput, 201: BookingOutput},
        body=BookingInput,
        problems=(*PROBLEMS, TimeTaken),
        versioned=True,
    )
    def put_booking(ask: Asked[Nothing, BookingInput]) -> Answer:
        """Book, move or change a meeting in the calendars of one member or several.

        The id is the platform's own. Sent again it changes nothing, so whatever has no answer, or the answer 503, is
        to be sent again as it was: there will be one event. Outlook is looked at before anything is written; a host
        who is not free then is a 409 that says when. The time is busy in the next answer about these members.
        """
        lead = _lead(ask)
        wanted = wanted_from(ask.body, lead.member, services.now())
        if ask.version == ANY_VERSION:
            _require_there(services.bookings, lead, ask.path["booking"])
        booked = services.bookings.put(lead, ask.path["booking"], wanted, ask.version or None)
        return shown(booked.booking, 201 if booked.is_new else 200)

    @api.endpoint("GET", ROUTE, Who.SERVICE, BookingOutput, problems=(NotFound,), versioned=True)
    def read_booking(ask: Asked[Nothing, None]) -> Answer:
        """A booking as it stands.

        What people did to the event in Outlook is in it too, and what attendees have answered, as of the last read of
        the calendar. Never what the meeting is about: that is in Outlook only.
        """
        return shown(services.bookings.get(_lead(ask), ask.path["booking"]))

    @api.endpoint(
        "DELETE", ROUTE, Who.SERVICE, BookingOutput, body=CancelInput, problems=(NotFound, *PROBLEMS), versioned=True
    )
    def cancel_booking(ask: Asked[Nothing, CancelInput]) -> Answer:
        """Call a meeting off in every host's calendar.

        Attendees get Microsoft's cancellation, with the message if there is one. Sent again it changes nothing.
        """
        booking, version = ask.path["booking"], ask.version or None
        return shown(services.bookings.cancel(_lead(ask), booking, ask.body.message, version))


def _lead(ask: Asked[Nothing, Any]) -> MemberKey:
    return MemberKey(ask.caller.org, ask.path["member"])


def _require_there(known: Bookings, lead: MemberKey, booking: str) -> None:
    """Raises `OutOfDate` where there is no version at all."""
    try:
        known.get(lead, booking)
    except NotFound:
        raise OutOfDate("There is no such booking yet.") from None


def wanted_from(asked: BookingInput, lead: str, now: datetime) -> Wanted:
    """What is asked for, checked. `lead` is the member in the address. Raises `InvalidInput` naming the field."""
    span = _span(asked, now)
    _require_all_different([lead, *asked.hosts], "hosts", "", 1)
    _require_all_different([one.email.lower() for one in asked.attendees], "attendees", ".email", 0)
    if len(asked.attendees) + len(asked.hosts) > MOST_PEOPLE:
        raise InvalidInput(f"Invite at most {MOST_PEOPLE} people, further hosts included.", field="attendees")
    buffers = timedelta(minutes=asked.buffer_before_minutes), timedelta(minutes=asked.buffer_after_minutes)
    return Wanted(span, _content(asked), tuple(asked.hosts), buffers)


def _span(asked: BookingInput, now: datetime) -> Window:
    span = span_from(asked.start, asked.end)
    for field, moment in (("start", span.start), ("end", span.end)):
        if moment.microsecond:
            raise InvalidInput("Outlook takes whole seconds.", field=field)
    if span.end - span.start > LONGEST:
        raise InvalidInput("A meeting lasts at most 24 hours.", field="end")
    if span.end <= now:
        raise InvalidInput("This time is over.", field="end")
    return span


def _require_all_different(values: Sequence[str], field: str, within: str, before: int) -> None:
    """Raises `InvalidInput` naming the first that was there before; `before` values are not of the field."""
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            raise InvalidInput("This one is in it already.", field=f"{field}[{number - before}]{within}")
        seen.add(value)


def _content(asked: BookingInput) -> Content:
    reminder = None if asked.reminder_minutes is None else timedelta(minutes=asked.reminder_minutes)
    return Content(
        asked.subject,
        asked.description,
        asked.location,
        tuple(_invitee(one) for one in asked.attendees),
        asked.teams_meeting,
        reminder,
        asked.sensitivity,
    )


def _invitee(asked: AttendeeInput) -> Invitee:
    return Invitee(asked.email, asked.name, asked.optional)


def shown(booking: Booking, status: int = 200) -> Answer:
    """A booking as it is answered, with its version as `ETag`."""
    answer = BookingOutput(
        id=booking.id,
        member=booking.lead.member,
        state=booking.status,
        start=booking.start,
        end=booking.end,
        version=booking.version,
        teams_meeting=booking.online,
        join_url=booking.join_url,
        hosts=[HostOutput(host.member, host_state(booking, host)) for host in booking.hosts],
        attendees=[AttendeeOutput(one.response) for one in booking.invited],
        changed_at=booking.changed_at,
        cancelled_by=booking.cancelled_by,
    )
    return Answer(answer, status, booking.version)


def host_state(booking: Booking, host: Hosted) -> HostState:
    """How the booking stands in one host's calendar."""
    if host.gone:
        return HostState.DELETED
    if booking.status in (BookingStatus.CANCELLED, BookingStatus.FAILED):
        return HostState.REMOVED
    return HostState.PENDING if host.event_id is None else HostState.WRITTEN
