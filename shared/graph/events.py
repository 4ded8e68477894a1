"""Writing events: created once however often that is repeated, changed, called off, and found again.

Ids are immutable ones: they stay when an event moves to another folder of its mailbox. An event also carries its
transaction as a property of its own, by which it is found where its id is not known.
https://learn.microsoft.com/graph/api/user-post-events
https://learn.microsoft.com/graph/outlook-immutable-id
https://learn.microsoft.com/graph/api/singlevaluelegacyextendedproperty-get
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from shared.errors import AlreadyCreated, Gone, MicrosoftError, TryLater
from shared.graph.calendar import IMMUTABLE, calendar_path
from shared.graph.calendars import listed
from shared.graph.client import Call, Graph, Json
from shared.graph.event_body import TEAMS
from shared.graph.timezones import earliest_instant, latest_instant, wall_time, zone
from shared.graph.wire import read
from shared.model import CalendarKey, MailboxKey, Window

PROPERTY = "String {5c1a3f0e-7d0b-4c55-9d0c-6f1f6c0b2f4e} Name BookingTransaction"
"""The property of an event that holds its transaction."""
SELECT = (
    "id,start,end,isAllDay,isCancelled,showAs,sensitivity,subject,location,attendees,isOnlineMeeting,onlineMeeting"
)
"""What is asked of events that bookings made; nothing of the kind is ever asked of others."""
MOST_SAME = 10
"""Events under one transaction that are looked at; there should be one."""


@dataclass(frozen=True, repr=False)
class BookedEvent:
    """An event of a booking as Outlook shows it. What it is about stays in memory."""

    id: str
    etag: str
    span: Window
    subject: str
    location: str
    attendees: tuple[tuple[str, str], ...]
    """Address in small letters, and the answer in Graph's words."""
    sensitivity: str
    shown_as: str
    is_cancelled: bool
    is_online: bool
    join_url: str | None


class _Moment(msgspec.Struct):
    dateTime: str  # noqa: N815 - Graph's name, like those below
    timeZone: str | None = None  # noqa: N815


class _Place(msgspec.Struct):
    displayName: str | None = None  # noqa: N815


class _Address(msgspec.Struct):
    address: str | None = None


class _Answer(msgspec.Struct):
    response: str | None = None


class _Attendee(msgspec.Struct):
    emailAddress: _Address | None = None  # noqa: N815
    status: _Answer | None = None


class _Meeting(msgspec.Struct):
    joinUrl: str | None = None  # noqa: N815


class _Event(msgspec.Struct):
    """The event resource as far as it is asked for."""

    id: str
    etag: str = msgspec.field(name="@odata.etag")
    start: _Moment
    end: _Moment
    subject: str | None = None
    location: _Place | None = None
    attendees: list[_Attendee] | None = None
    sensitivity: str | None = None
    showAs: str | None = None  # noqa: N815
    isCancelled: bool | None = None  # noqa: N815
    isOnlineMeeting: bool | None = None  # noqa: N815
    onlineMeeting: _Meeting | None = None  # noqa: N815


class _Events(msgspec.Struct):
    value: list[Json]


class _Body(msgspec.Struct):
    body: dict[str, Any] | None = None


class _Abilities(msgspec.Struct):
    allowedOnlineMeetingProviders: list[str] | None = None  # noqa: N815


class Events:
    """Writes into mailboxes, one event at a time. Every method raises what `error_for` makes of a refusal."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def create(self, where: CalendarKey, fields: Mapping[str, Any], transaction: str) -> BookedEvent:
        """Put an event into a calendar; attendees are invited at once.

        Repeated with the same transaction it makes no second one: whatever Microsoft answers then, the event there
        is comes back. Raises `TryLater` where it is not certain what happened.
        """
        body = {**fields, "transactionId": transaction, "singleValueExtendedProperties": [marked(transaction)]}
        try:
            return booked(self._in(where, "POST", "/events", body))
        except AlreadyCreated as problem:
            found = self.find(where.mailbox, transaction)
            if found is None:
                raise TryLater(problem.code) from None
            return found

    def find(self, mailbox: MailboxKey, transaction: str) -> BookedEvent | None:
        """The event that was created with the transaction, in whichever calendar of the mailbox it is now.

        Nothing that was deleted is in a calendar, though its id may still be answered. Lists without a calendar show
        the default one first of all, so the others are asked for where it is not in there.
        """
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{transaction}')"
        query = urlencode(
            {"$filter": condition, "$select": SELECT, "$top": MOST_SAME}, safe="$,:/'()", quote_via=quote
        )
        found = read(self._call(mailbox, "GET", f"/events?{query}"), _Events).value
        found = found or self._in_other_calendars(mailbox, query)
        return booked(found[0]) if found else None

    def _in_other_calendars(self, mailbox: MailboxKey, query: str) -> list[Json]:
        """In those that events can be filed into. Raises what keeps one from being looked into."""
        others = [one.id for one in listed(self._graph, mailbox) if one.takes_bookings and not one.is_default]
        paths = (calendar_path(mailbox.object_id, one) for one in others)
        calls = [Call("GET", f"{path}/events?{query}", headers=IMMUTABLE) for path in paths]
        found: list[Json] = []
        for answer in self._graph.batch(mailbox.tenant_id, calls):
            if isinstance(answer, Gone):
                # It was listed a moment ago: that one cannot be looked into says nothing of the event.
                raise TryLater(answer.code)
            if isinstance(answer, MicrosoftError):
                raise answer
            found += read(answer, _Events).value
        return found

    def get(self, mailbox: MailboxKey, event_id: str) -> BookedEvent:
        """The event. Raises `Gone`."""
        return booked(self._call(mailbox, "GET", f"/events/{quote(event_id)}?$select={SELECT}"))

    def body(self, mailbox: MailboxKey, event_id: str) -> str:
        """The event's text as Outlook keeps it, to be changed around what others put there. Raises `Gone`."""
        sent = read(self._call(mailbox, "GET", f"/events/{quote(event_id)}?$select=body"), _Body)
        return str((sent.body or {}).get("content") or "")

    def change(self, mailbox: MailboxKey, event_id: str, fields: Mapping[str, Any], etag: str | None) -> BookedEvent:
        """Change parts of an event; attendees are told where it concerns them.

        Raises `ChangedMeanwhile` where it is not the version of the `etag` any more, `Gone`.
        """
        extra = {"If-Match": etag} if etag else {}
        return booked(self._call(mailbox, "PATCH", f"/events/{quote(event_id)}", dict(fields), extra))

    def cancel(self, mailbox: MailboxKey, event_id: str, message: str) -> None:
        """Call a meeting off and tell its attendees, with the message. Raises `Gone`."""
        self._call(mailbox, "POST", f"/events/{quote(event_id)}/cancel", {"comment": message})

    def delete(self, mailbox: MailboxKey, event_id: str) -> None:
        """Remove an event. Raises `Gone`."""
        self._call(mailbox, "DELETE", f"/events/{quote(event_id)}")

    def look(self, tenant_id: str, events: Iterable[tuple[str, str]]) -> list[BookedEvent | MicrosoftError]:
        """Many events of a tenant at once, each named by its mailbox's object id and its own; in their order."""
        calls = [
            Call("GET", f"/users/{quote(owner)}/events/{quote(event)}?$select={SELECT}", headers=IMMUTABLE)
            for owner, event in events
        ]
        return [_looked_at(answer) for answer in self._graph.batch(tenant_id, calls)]

    def takes_teams(self, where: CalendarKey) -> bool:
        """Whether meetings of the calendar can be Teams meetings; elsewhere Outlook makes them plain ones."""
        path = "" if where.calendar else "/calendar"
        sent = read(self._in(where, "GET", f"{path}?$select=allowedOnlineMeetingProviders"), _Abilities)
        return TEAMS in (sent.allowedOnlineMeetingProviders or ())

    def _in(self, where: CalendarKey, method: str, path: str, body: Json | None = None) -> Json:
        url = calendar_path(where.mailbox.object_id, where.calendar) + path
        return self._graph.request(where.mailbox.tenant_id, method, url, body, IMMUTABLE)

    def _call(
        self,
        mailbox: MailboxKey,
        method: str,
        path: str,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        url = f"/users/{quote(mailbox.object_id)}{path}"
        return self._graph.request(mailbox.tenant_id, method, url, body, {**IMMUTABLE, **(headers or {})})


def marked(transaction: str) -> dict[str, str]:
    """The property that an event is found by."""
    return {"id": PROPERTY, "value": transaction}


def booked(sent: Json) -> BookedEvent:
    """An event resource. Raises `TryLater` for anything else."""
    event = read(sent, _Event)
    try:
        start = earliest_instant(wall_time(event.start.dateTime), zone(event.start.timeZone))
        end = latest_instant(wall_time(event.end.dateTime), zone(event.end.timeZone))
    except ValueError:
        raise TryLater("an event with unreadable times") from None
    meeting = event.onlineMeeting
    return BookedEvent(
        event.id,
        event.etag,
        Window(start, end),
        event.subject or "",
        (event.location and event.location.displayName) or "",
        tuple(_attendee(one) for one in event.attendees or ()),
        event.sensitivity or "normal",
        event.showAs or "",
        event.isCancelled is True,
        event.isOnlineMeeting is True,
        meeting.joinUrl if meeting else None,
    )


def _attendee(sent: _Attendee) -> tuple[str, str]:
    address = sent.emailAddress.address if sent.emailAddress else None
    return (address or "").lower(), (sent.status.response if sent.status else None) or "none"


def _looked_at(answer: Json | MicrosoftError) -> BookedEvent | MicrosoftError:
    try:
        return answer if isinstance(answer, MicrosoftError) else booked(answer)
    except TryLater as problem:
        return problem
