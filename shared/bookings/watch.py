"""What people do to bookings in Outlook is noticed by the reads of calendars, and becomes state of the booking.

Which bookings to look at is decided in `sightings`, what becomes of them in `outlook_changes`. What is looked at is
the event as it is now, not the read: by its id, all of a message's bookings together, and where that id is gone by
its transaction, under which a moved event is found.

1. The booking is read first, then the event, and the booking is written over the version that was read. Whatever we
   do ourselves is in the booking before it is in Outlook, so it is never taken for somebody else's.
2. Before that write a message is sent which tells the platform and mends the agendas, should the process die.
3. What could not be looked at, or is being worked on, keeps its old mark: another read looks again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.bookings import steps
from shared.bookings.holds import Holds
from shared.bookings.outlook_changes import after_look
from shared.bookings.rows import Rows
from shared.bookings.sightings import Sighting, as_known, is_shown, is_too_early, may_be_deleted, suspects
from shared.errors import EntityChanged, EntityUnreadable, Gone, MicrosoftError, TryLater
from shared.model import Booking, BookingStatus, Claim, Hosted, MemberKey
from shared.storage.table import Row

if TYPE_CHECKING:
    from shared.graph.events import BookedEvent, Events

log = logging.getLogger(__name__)

Unfinished = dict[str, TryLater]
"""Why mailboxes are to be read again soon, by object id."""


class Look(NamedTuple):
    """One host's event that is to be looked at."""

    seen: Sighting
    claim: Claim
    row: Row[Booking]
    host: Hosted


class Watch:
    """Compares reads of calendars with the bookings in them."""

    def __init__(self, rows: Rows, holds: Holds, events: Events, now: Callable[[], datetime]) -> None:
        self._rows = rows
        self._holds = holds
        self._events = events
        self._now = now

    def compare(self, tenant_id: str, sightings: Iterable[Sighting]) -> Unfinished:
        """Notice what was done in Outlook to bookings that were read. Raises nothing of Microsoft's."""
        unfinished: Unfinished = {}
        looks = [look for seen in sightings for look in self._looks(seen, unfinished)]
        for look, event in zip(looks, self._found(tenant_id, looks), strict=True):
            problem = self._take_in(look, event)
            if problem is not None:
                _read_again(unfinished, look, problem)
        return unfinished

    def caught_up(self, org: str, row: Row[Booking]) -> Row[Booking]:
        """The booking with what was done to its events up to now, before we write over them.

        Raises `EntityChanged`, and the `MicrosoftError` of a calendar that cannot be looked at.
        """
        before = row
        for host in row.value.present:
            event = self._now_is(host)
            if isinstance(event, MicrosoftError):
                event.member = host.member
                raise event
            if row.value.work is None and (event is None or not _is_known(host, event)):
                row = self._kept(org, row, after_look(row.value, host, event, self._now()))
        if row is not before:
            self._holds.write_down(org, row.value)
        return row

    def _now_is(self, host: Hosted) -> BookedEvent | MicrosoftError | None:
        (event,) = self._events.look(host.mailbox.tenant_id, [(host.mailbox.object_id, host.event_id or "")])
        return self._elsewhere(host) if isinstance(event, Gone) else event

    def _looks(self, seen: Sighting, unfinished: Unfinished) -> Iterator[Look]:
        """What is to be looked at; what is known already is only written down."""
        if is_too_early(seen):
            unfinished[seen.mailbox.object_id] = TryLater("a booking was just written")
        for claim in suspects(seen):
            row = self._row(seen.owner, claim)
            host = _host(row.value, seen.owner.member) if row else None
            if row is None or host is None:
                continue
            look = Look(seen, claim, row, host)
            if row.value.work is not None:
                self._see_to(look, unfinished)
            elif host.mark in seen.marks:
                self._follow(look, row.value)
            else:
                yield look

    def _row(self, owner: MemberKey, claim: Claim) -> Row[Booking] | None:
        try:
            return self._rows.get(MemberKey(owner.org, claim.lead), claim.booking)
        except EntityUnreadable as problem:
            log.error("passed over: %s", problem)  # noqa: TRY400 - no trace needed
            return None

    def _see_to(self, look: Look, unfinished: Unfinished) -> None:
        """Leave a booking to whoever is at it; where that process died, see that somebody comes."""
        if look.seen.scheduled and not steps.is_worked_on(look.row.value, self._now()):
            self._rows.look_after(look.seen.owner.org, look.row.value, timedelta())
        _read_again(unfinished, look, TryLater("a booking is worked on"))

    def _found(self, tenant_id: str, looks: list[Look]) -> list[BookedEvent | MicrosoftError | None]:
        """Each event as it is now; None for one that is gone."""
        if not looks:
            return []
        ids = [(look.seen.mailbox.object_id, look.host.event_id or "") for look in looks]
        try:
            answers = self._events.look(tenant_id, ids)
        except MicrosoftError as problem:
            return [problem] * len(looks)
        return [self._checked(look, answer) for look, answer in zip(looks, answers, strict=True)]

    def _checked(self, look: Look, answer: BookedEvent | MicrosoftError) -> BookedEvent | MicrosoftError | None:
        """The event, looked for in every calendar where its id alone does not tell whether it is in any."""
        if isinstance(answer, MicrosoftError):
            return self._elsewhere(look.host) if isinstance(answer, Gone) else answer
        doubtful = may_be_deleted(look.seen, look.claim, look.host, answer)
        return self._elsewhere(look.host) if doubtful else answer

    def _elsewhere(self, host: Hosted) -> BookedEvent | MicrosoftError | None:
        """The event in whichever calendar and under whichever id it is; None where it is in none."""
        try:
            return self._events.find(host.mailbox, host.transaction)
        except MicrosoftError as problem:
            return problem

    def _take_in(self, look: Look, event: BookedEvent | MicrosoftError | None) -> TryLater | None:
        """Write what the event makes of the booking; why not, where that is not done."""
        if isinstance(event, MicrosoftError):
            return event if isinstance(event, TryLater) else TryLater(event.code)
        try:
            self._write(look, event)
        except EntityChanged:
            return TryLater("a booking changed meanwhile")
        return None

    def _write(self, look: Look, event: BookedEvent | None) -> None:
        org = look.seen.owner.org
        after = self._kept(org, look.row, after_look(look.row.value, look.host, event, self._now())).value
        self._follow(look, after)
        if after.work is not None:
            self._rows.look_after(org, after, timedelta())

    def _kept(self, org: str, row: Row[Booking], after: Booking) -> Row[Booking]:
        """Write what was noticed, having made sure that the platform is told."""
        if after == row.value:
            return row
        if after.news != row.value.news or after.work is not None:
            self._rows.look_after(org, after)
        return self._rows.save(row, after)

    def _follow(self, look: Look, booking: Booking) -> None:
        """Have the owner's agenda say what the booking says."""
        host = _host(booking, look.seen.owner.member)
        if booking.status is not BookingStatus.CONFIRMED:
            self._holds.release(look.seen.owner.org, booking)
        elif host is None:
            self._holds.follow(look.seen.owner, look.claim, None)
        else:
            after = replace(as_known(look.seen, look.claim, host, self._now()), version=booking.version)
            self._holds.follow(look.seen.owner, look.claim, after)


def _is_known(host: Hosted, event: BookedEvent) -> bool:
    return (host.event_id, host.etag) == (event.id, event.etag)


def _host(booking: Booking, member: str) -> Hosted | None:
    """The member's part of a booking that stands."""
    if booking.status is not BookingStatus.CONFIRMED:
        return None
    return next((host for host in booking.hosts if host.member == member and not host.gone), None)


def _read_again(unfinished: Unfinished, look: Look, problem: TryLater) -> None:
    """Have another read look again; what no read shows waits for the schedule."""
    if is_shown(look.seen, look.claim):
        unfinished.setdefault(look.seen.mailbox.object_id, problem)
