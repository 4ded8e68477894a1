"""What people do to a booking's event in Outlook, and what becomes of the booking: pure decisions.

- **Deleted** by the host who invites, the booking is cancelled and taken out of the other hosts' calendars. Deleted
  by another host, it stays without that host.
- **Moved** by the host who invites, the booking is at the new time. Another host's event that was moved is known to
  be elsewhere; the booking stays where it is.
- **Edited** in what it is about, where, for whom, or how it is shown. An event shown as free takes no time any more,
  as in Outlook; the booking stays.
- **Answered** by somebody who was invited.

One look may find several of these: the platform is told once, of the first of them in this order, and the event says
how the rest stands. A version that differs in none of it (a category, a reminder, a link that Teams took its time to
make) is remembered and not told.

We may write upon what somebody did a moment ago. That is not ours: it stays unknown until the next read looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared.bookings import steps
from shared.model import Booking, BookingStatus, Change, Doing, Hosted, Work

if TYPE_CHECKING:
    from shared.graph.events import BookedEvent


def after_look(booking: Booking, host: Hosted, event: BookedEvent | None, now: datetime) -> Booking:
    """The booking once a host's event was looked at; the same where it is known like this.

    None is an event that is nowhere in the mailbox.
    """
    if event is None or event.is_cancelled:
        return _deleted(booking, host, now)
    after = _known(booking, host, event, now)
    change = change_of(booking, after, host)
    if change is None:
        return after
    return steps.told(replace(after, version=booking.version + 1, changed_at=now), change, host.member, now)


def change_of(before: Booking, after: Booking, host: Hosted) -> Change | None:
    """What the platform is to be told of; None where nothing of it differs."""
    now = next(one for one in after.hosts if one.member == host.member)
    if host.span not in (None, now.span):
        return Change.MOVED
    if is_edited(host.looks, now.looks):
        return Change.EDITED
    return Change.RESPONDED if after.invited != before.invited else None


def is_edited(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether something looks different that was looked at before."""
    return any(name in before and before[name] != now for name, now in after.items())


def beside_ours(before: Booking, after: Booking, parts: Collection[str], *, moved: bool) -> Booking:
    """The booking after a change of ours, known as far as we made it: of these parts of its contents, or its time."""
    ours = {_LOOKS_OF[part] for part in parts if part in _LOOKS_OF}
    hosts = tuple(_as_far(*both, ours, moved) for both in zip(before.hosts, after.hosts, strict=True))
    answers = {} if moved else {one.digest: one.response for one in before.invited}
    invited = tuple(one._replace(response=answers.get(one.digest, one.response)) for one in after.invited)
    if invited != after.invited:
        hosts = (replace(hosts[0], etag=None), *hosts[1:])
    return replace(after, hosts=hosts, invited=invited)


_LOOKS_OF = {
    "subject": "subject",
    "location": "location",
    "online": "location",
    "invitees": "attendees",
    "sensitivity": "sensitivity",
}
"""What parts of contents change of an event's looks. Outlook may name a Teams meeting as the place."""


def _as_far(before: Hosted, after: Hosted, ours: Collection[str], moved: bool) -> Hosted:
    others = {name: look for name, look in before.looks.items() if name not in ours}
    known = replace(after, looks={**after.looks, **others}, span=after.span if moved else before.span)
    return after if known == after else replace(known, etag=None)


def _known(booking: Booking, host: Hosted, event: BookedEvent, now: datetime) -> Booking:
    """The booking with the event as it is now."""
    after = steps.with_events(booking, {host.member: event})
    if host.member != booking.lead.member:
        return after
    after = replace(after, start=event.span.start, end=event.span.end)
    is_new = after.join_url is not None and booking.join_url is None
    # The others were not told where to meet, because nobody knew.
    return replace(after, work=Work(Doing.LINK, now)) if is_new and len(after.hosts) > 1 else after


def _deleted(booking: Booking, host: Hosted, now: datetime) -> Booking:
    hosts = tuple(replace(one, gone=True) if one.member == host.member else one for one in booking.hosts)
    after = replace(booking, hosts=hosts)
    if host.member != booking.lead.member:
        after = replace(after, version=booking.version + 1, changed_at=now)
        return steps.told(after, Change.HOST_DELETED, host.member, now)
    ended = steps.ended(after, BookingStatus.CANCELLED, now, by="outlook")
    left = any(not one.gone for one in hosts)
    return steps.told(
        replace(ended, work=Work(Doing.CANCEL, now) if left else None), Change.DELETED, host.member, now
    )
