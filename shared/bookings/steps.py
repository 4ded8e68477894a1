"""What becomes of a booking step by step: pure decisions, each of which makes another version of its row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.model import (
    Booking,
    BookingStatus,
    CalendarKey,
    Change,
    Content,
    Doing,
    Hosted,
    Invited,
    News,
    Response,
    Window,
    Work,
)
from shared.model.meeting import digest

if TYPE_CHECKING:
    from shared.graph.events import BookedEvent

LEASE = timedelta(minutes=2)
"""How long a process has for one thing; well over what Microsoft may take to answer it."""
LAST_WRITE = timedelta(seconds=40)
"""No write is begun later than this before the time is over: its answer might come when others have taken over."""
GRACE = timedelta(seconds=5)
"""How much later than that somebody else looks."""
SECOND_LOOK = timedelta(minutes=10)
"""When what was given up is looked for once more: Microsoft may have carried out late what it did not answer."""

Buffers = tuple[timedelta, timedelta]


@dataclass(frozen=True)
class Wanted:
    """A booking as it is asked for."""

    span: Window
    content: Content
    others: tuple[str, ...] = ()
    """Members who host it too."""
    buffers: Buffers = (timedelta(), timedelta())

    @property
    def kept_free(self) -> Window:
        """The time that must be free."""
        return kept_free(self.span, self.buffers)


def kept_free(span: Window, buffers: Buffers) -> Window:
    """A meeting's time with its buffers."""
    return Window(span.start - buffers[0], span.end + buffers[1])


def begun(
    identity: str, wanted: Wanted, calendars: Mapping[str, CalendarKey], transactions: Mapping[str, str], salt: str,
    now: datetime,
) -> Booking:  # fmt: skip
    """A booking whose time is about to be held. `calendars` has the host who invites first."""
    return Booking(
        identity,
        wanted.span.start,
        wanted.span.end,
        tuple(_hosted(member, where, transactions[member]) for member, where in calendars.items()),
        now,
        salt,
        content=wanted.content.digests(salt),
        buffers=wanted.buffers,
        invited=tuple(Invited(digest(salt, one.address.lower())) for one in wanted.content.invitees),
        online=wanted.content.online,
        work=Work(Doing.CREATE, now + LEASE),
    )


def _hosted(member: str, where: CalendarKey, transaction: str) -> Hosted:
    return Hosted(member, where.mailbox, transaction, calendar=where.calendar)


def instead_of(failed: Booking, booking: Booking) -> Booking:
    """A booking that is asked for again after one that failed: versions and news go on where that one ended."""
    return replace(booking, version=failed.version + 1, news=failed.news)


def is_worked_on(booking: Booking, now: datetime) -> bool:
    """Whether somebody is doing something about it now."""
    return booking.work is not None and booking.work.until > now


def is_as_wanted(booking: Booking, wanted: Wanted) -> bool:
    """Whether this very booking was asked for before."""
    return (
        booking.span == wanted.span
        and booking.content == wanted.content.digests(booking.salt)
        and booking.buffers == wanted.buffers
        and tuple(host.member for host in booking.hosts[1:]) == wanted.others
    )


def changed_parts(booking: Booking, wanted: Wanted) -> list[str]:
    """The parts of its contents that are asked for otherwise now."""
    now = wanted.content.digests(booking.salt)
    return [name for name, part in now.items() if booking.content.get(name) != part]


def working(booking: Booking, doing: Doing, now: datetime, wanted: Wanted | None = None) -> Booking:
    """The booking while a process does something about it."""
    if wanted is None:
        before = booking.work
        kept = (before.span, before.content, before.buffers) if before else (None, {}, booking.buffers)
        return replace(booking, work=Work(doing, now + LEASE, *kept))
    work = Work(doing, now + LEASE, wanted.span, wanted.content.digests(booking.salt), wanted.buffers)
    return replace(booking, work=work)


def resting(booking: Booking) -> Booking:
    """The booking once nothing is being done about it any more."""
    return replace(booking, work=None)


def left_open(booking: Booking, now: datetime) -> Booking:
    """The booking where it is not certain what Outlook did: whoever comes next goes on at once."""
    return replace(booking, work=booking.work and replace(booking.work, until=now))


def with_events(booking: Booking, events: Mapping[str, BookedEvent]) -> Booking:
    """The booking with its hosts' events as they are known now, by member."""
    hosts = tuple(
        hosted(host, events[host.member], booking.salt) if host.member in events else host for host in booking.hosts
    )
    lead = events.get(booking.lead.member)
    if lead is None:
        return replace(booking, hosts=hosts)
    return replace(
        booking,
        hosts=hosts,
        invited=answered(booking, lead),
        join_url=lead.join_url or booking.join_url,
    )


def hosted(host: Hosted, event: BookedEvent, salt: str) -> Hosted:
    """A host's part with what is known of the event now."""
    return replace(
        host, event_id=event.id, etag=event.etag, span=event.span, looks=looks(event, salt), gone=event.is_cancelled
    )


def looks(event: BookedEvent, salt: str) -> dict[str, str]:
    """Digests of what an owner may edit."""
    parts = {
        "subject": event.subject,
        "location": event.location,
        "attendees": "\n".join(sorted(address for address, _ in event.attendees)),
        "sensitivity": event.sensitivity,
        "shown_as": event.shown_as,
    }
    return {name: digest(salt, part) for name, part in parts.items()}


def answered(booking: Booking, event: BookedEvent) -> tuple[Invited, ...]:
    """The invitees with what they have answered."""
    said = {digest(booking.salt, address): response for address, response in event.attendees}
    known = {response.value for response in Response}
    return tuple(
        one._replace(response=Response(said[one.digest])) if said.get(one.digest) in known else one
        for one in booking.invited
    )


def confirmed(booking: Booking, events: Mapping[str, BookedEvent], now: datetime) -> Booking:
    """The booking once it is in every host's calendar. Other hosts are still to be told where to meet online."""
    done = with_events(booking, events)
    telling = bool(done.join_url) and len(done.hosts) > 1
    return replace(
        done,
        status=BookingStatus.CONFIRMED,
        changed_at=now,
        work=Work(Doing.LINK, now + LEASE) if telling else None,
    )


def changed(booking: Booking, events: Mapping[str, BookedEvent], now: datetime, *, contents: bool = True) -> Booking:
    """The booking once a change is in Outlook; `contents` is whether more than the time is certain."""
    work, done, known_link = booking.work, with_events(booking, events), booking.join_url
    span = (work and work.span) or booking.span
    return replace(
        done,
        start=span.start,
        end=span.end,
        content=work.content if work and contents else booking.content,
        buffers=work.buffers if work else booking.buffers,
        version=booking.version + 1,
        changed_at=now,
        work=Work(Doing.LINK, now + LEASE) if done.join_url and not known_link and len(done.hosts) > 1 else None,
    )


def reinvited(booking: Booking, content: Content) -> Booking:
    """The booking with other invitees; whoever was invited before keeps the answer."""
    before = {one.digest: one for one in booking.invited}
    now = (digest(booking.salt, one.address.lower()) for one in content.invitees)
    return replace(booking, invited=tuple(before.get(one, Invited(one)) for one in now))


def is_under_way(booking: Booking, wanted: Wanted) -> bool:
    """Whether this very change was begun and left."""
    asked = wanted.span, wanted.content.digests(booking.salt), wanted.buffers
    return booking.work is not None and (booking.work.span, booking.work.content, booking.work.buffers) == asked


def ended(booking: Booking, status: BookingStatus, now: datetime, by: str | None = None) -> Booking:
    """The booking once nothing of it is in Outlook any more."""
    return replace(booking, status=status, cancelled_by=by, version=booking.version + 1, changed_at=now, work=None)


def called_off(booking: Booking, now: datetime) -> Booking:
    """The booking once it is in no calendar any more; one that was cancelled in Outlook has been so since then."""
    if booking.status is BookingStatus.CANCELLED:
        return resting(booking)
    return ended(booking, BookingStatus.CANCELLED, now, booking.cancelled_by or "platform")


def told(booking: Booking, change: Change, member: str, now: datetime) -> Booking:
    """The booking once the platform is to hear of something that it did not do itself."""
    number = booking.news.number + 1 if booking.news else 1
    return replace(booking, news=News(number, change, member, now))
