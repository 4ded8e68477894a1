"""Bookings that a process left half done are settled: finished where everything is there, taken back where not.

What the meeting is about is nowhere kept, so what is missing cannot be written by anybody but the caller who repeats
the request. Whoever settles without one looks at what is in Outlook:

- a creation whose every event is there is confirmed; any other is taken back, and looked for once more later on;
- a move whose every event is at the new time is done; any other is moved back. Other changes count as not made,
  so that repeating the request makes them;
- a cancellation is finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.bookings import steps
from shared.bookings.holds import Holds
from shared.bookings.rows import Rows
from shared.bookings.writing import Found, Writing
from shared.errors import EntityChanged, Gone, MicrosoftError, TryLater
from shared.mailbox_reading import wait_for
from shared.messages import BookingCheck
from shared.model import Booking, BookingStatus, Change, Doing, Hosted, MailboxKey, MemberKey
from shared.storage.queue import Queues
from shared.storage.table import Row

if TYPE_CHECKING:
    from shared.graph.events import BookedEvent

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(hours=1)
MOST_LOOKS = 48
"""How often a mailbox that cannot be looked into is tried before what may have come late is left there."""
NOBODY = timedelta(days=1)
"""After its end, a booking that Microsoft lets nobody look at is given up."""


class Settlement:
    """Carries out `BookingCheck` messages, and settles for callers who repeat a request."""

    def __init__(
        self, rows: Rows, holds: Holds, writing: Writing, queues: Queues, now: Callable[[], datetime]
    ) -> None:
        self._rows = rows
        self._holds = holds
        self._writing = writing
        self._queues = queues
        self._now = now

    def run(self, message: BookingCheck) -> None:
        """Settle the booking, once nobody is at it any more."""
        row = self._rows.get(MemberKey(message.org, message.lead), message.booking)
        if message.stragglers:
            self._remove_stragglers(message, row.value if row else None)
        elif row is not None:
            self._settle(message, row)

    def _settle(self, message: BookingCheck, row: Row[Booking]) -> None:
        try:
            if row.value.work is not None and steps.is_worked_on(row.value, self._now()):
                self._queues.send(message, row.value.work.until - self._now() + steps.GRACE)
            else:
                self._rows.deliver(self.settled(message.org, row))
        except EntityChanged:
            self._queues.send(message, steps.GRACE)
        except MicrosoftError as problem:
            self._later(message, row, problem)

    def _later(self, message: BookingCheck, row: Row[Booking], problem: MicrosoftError) -> None:
        """Come back when Microsoft answers; what nobody can look at once it is over is given up."""
        if self._now() > row.value.end + NOBODY:
            self._give_up(message.org, row)
        else:
            self._put_back(message, problem)

    def _put_back(self, message: BookingCheck, problem: MicrosoftError) -> None:
        log.info("bookings: one put back (%s)", problem.code)
        wait = wait_for(problem, message.attempt) if isinstance(problem, TryLater) else LONGEST_WAIT
        again = msgspec.structs.replace(message, attempt=message.attempt + 1)
        self._queues.send(again, min(wait, LONGEST_WAIT))

    def _give_up(self, org: str, row: Row[Booking]) -> None:
        current = self._rows.get(MemberKey(org, row.value.lead.member), row.value.id)
        if current is not None and current.value.status is not BookingStatus.HELD:
            self._rows.save(current, steps.resting(current.value))
        elif current is not None:
            failed = steps.ended(current.value, BookingStatus.FAILED, self._now())
            self._rows.save(current, steps.told(failed, Change.FAILED, failed.lead.member, self._now()))
            self._holds.release(org, failed)

    def settled(self, org: str, row: Row[Booking]) -> Row[Booking]:
        """The booking with nothing half done. Raises `EntityChanged`, and the `MicrosoftError` that prevents it."""
        work = row.value.work
        if work is None:
            self._tidy(org, row.value)
            return row
        row = self._rows.take_over(org, row, steps.working(row.value, work.doing, self._now()))
        match work.doing:
            case Doing.CREATE:
                return self._created(org, row)
            case Doing.UNDO:
                return self.undone(org, row)
            case Doing.CANCEL:
                return self.cancelled(org, row, "")
            case Doing.LINK:
                return self.linked(row)
            case Doing.CHANGE | Doing.REVERT:
                return self._changed(org, row)

    def _tidy(self, org: str, booking: Booking) -> None:
        """Agendas say what the booking says; who wrote it may have died before they did."""
        if booking.status is BookingStatus.CONFIRMED:
            self._holds.write_down(org, booking)
        else:
            self._holds.release(org, booking)

    def _created(self, org: str, row: Row[Booking]) -> Row[Booking]:
        found = self._writing.find(row.value)
        if not is_whole(row.value, found):
            return self.undone(org, self._rows.save(row, steps.working(row.value, Doing.UNDO, self._now())))
        done = steps.confirmed(row.value, found, self._now())
        row = self._rows.save(row, steps.told(done, Change.CONFIRMED, done.lead.member, self._now()))
        self._holds.write_down(org, row.value)
        return self.linked(row)

    def undone(self, org: str, row: Row[Booking], *, tell: bool = True) -> Row[Booking]:
        """Take back a creation: no event, no time held. With `tell`, the platform hears of it."""
        self._writing.remove(row.value, row.value.hosts)
        self._rows.second_look(org, row.value)
        failed = steps.ended(row.value, BookingStatus.FAILED, self._now())
        if tell:
            failed = steps.told(failed, Change.FAILED, failed.lead.member, self._now())
        row = self._rows.save(row, failed)
        self._holds.release(org, failed)
        return row

    def cancelled(self, org: str, row: Row[Booking], message: str) -> Row[Booking]:
        """Call it off in every calendar where it still is."""
        if row.value.status is not BookingStatus.CANCELLED:
            row = self.withdrawn(org, row, message)
        return self.cleared(org, row)

    def withdrawn(self, org: str, row: Row[Booking], message: str) -> Row[Booking]:
        """Take it out of the calendar of the host who invites: from then on it is called off, whoever else has it."""
        booking = row.value
        if booking.status is BookingStatus.HELD or self._now() - booking.changed_at < steps.SECOND_LOOK:
            self._rows.second_look(org, booking)
        self._writing.remove(booking, booking.hosts[:1], message)
        done = steps.called_off(booking, self._now())
        return self._rows.save(row, replace(done, work=booking.work) if len(booking.hosts) > 1 else done)

    def cleared(self, org: str, row: Row[Booking]) -> Row[Booking]:
        """Take what was called off out of the other hosts' calendars too."""
        if row.value.work is not None:
            self._writing.remove(row.value, row.value.hosts[1:])
            row = self._rows.save(row, steps.resting(row.value))
        self._holds.release(org, row.value)
        return row

    def linked(self, row: Row[Booking]) -> Row[Booking]:
        """Tell the other hosts where the meeting is online, if that is still to be done."""
        if row.value.work is None:
            return row
        found = self._writing.place(row.value)
        return self._rows.save(row, steps.resting(steps.with_events(row.value, found)))

    def linked_if_possible(self, row: Row[Booking]) -> Row[Booking]:
        """Tell the other hosts where to meet; the booking stands whatever becomes of that, and it is done later."""
        try:
            return self.linked(row)
        except (MicrosoftError, EntityChanged):
            return row

    def leave(self, row: Row[Booking], *, certain: bool) -> None:
        """Nothing more is done about it here: whoever comes next may go on at once."""
        rest = steps.resting(row.value) if certain else steps.left_open(row.value, self._now())
        try:
            self._rows.save(row, rest)
        except EntityChanged:
            return

    def _changed(self, org: str, row: Row[Booking]) -> Row[Booking]:
        booking = row.value
        found = self._writing.find(booking)
        target = booking.work.span if booking.work else None
        if target is None or not found:
            return self._unchanged(org, row)
        is_change = booking.work is not None and booking.work.doing is Doing.CHANGE
        if is_change and all(event.span == target for event in found.values()):
            row = self._rows.save(row, steps.changed(booking, found, self._now(), contents=False))
            self._holds.write_down(org, row.value)
            return self.linked(row)
        return self.reverted(org, row, found)

    def reverted(self, org: str, row: Row[Booking], found: Found) -> Row[Booking]:
        """Move back whoever was moved already, and let go of the time that was held.

        Whoever was not moved is not to be any more either, though Microsoft may still carry it out. Once begun, this
        is gone through with whatever Outlook shows then: it may be carried out late as well.
        """
        if row.value.work and row.value.work.doing is not Doing.REVERT:
            row = self._rows.save(row, steps.working(row.value, Doing.REVERT, self._now()))
        booking = row.value
        target = booking.work.span if booking.work else None
        for host in (host for host in booking.hosts if host.member in found):
            event = found[host.member]
            if event.span != target:
                event = self._outdated(booking, host) or event
            if event.span == target != host.span:
                with suppress(Gone):
                    self._writing.move(booking, [host], host.span or booking.span)
        return self._unchanged(org, row)

    def _outdated(self, booking: Booking, host: Hosted) -> BookedEvent | None:
        try:
            return self._writing.outdate(booking, host)
        except TryLater:
            raise
        except MicrosoftError as problem:
            # Where nothing can be written, nothing is carried out late.
            log.info("bookings: not outdated (%s)", problem.code)
            return None

    def _unchanged(self, org: str, row: Row[Booking]) -> Row[Booking]:
        """Forget the change. Etags stay as they were, so that the next read of the calendar looks closely."""
        booking = row.value
        row = self._rows.save(row, steps.resting(booking))
        self._holds.restore(org, booking)
        return row

    def _remove_stragglers(self, message: BookingCheck, booking: Booking | None) -> None:
        """Remove what was carried out after it had been given up or called off, whoever hosts the booking by now."""
        alive = {host.transaction for host in booking.hosts} if booking and not is_over(booking) else set()
        try:
            for one in message.stragglers:
                if one.transaction not in alive:
                    self._remove_straggler(Hosted("", MailboxKey(one.tenant, one.mailbox), one.transaction))
        except MicrosoftError as problem:
            if message.attempt < MOST_LOOKS:
                self._put_back(message, problem)

    def _remove_straggler(self, host: Hosted) -> None:
        event = self._writing.lookup(host)
        if event is not None:
            log.warning("bookings: an event that came late was removed")
            with suppress(Gone):
                self._writing.discard(host, event)


def is_over(booking: Booking) -> bool:
    """Whether nothing of it is to be in Outlook any more."""
    return booking.status in (BookingStatus.CANCELLED, BookingStatus.FAILED)


def is_whole(booking: Booking, found: Found) -> bool:
    """Whether every host has the event, and everybody was invited."""
    lead = found.get(booking.lead.member)
    return len(found) == len(booking.hosts) and lead is not None and len(lead.attendees) >= len(booking.invited)
