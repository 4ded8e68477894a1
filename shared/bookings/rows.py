"""Bookings in Table Storage: every version is written over the one before, after a message that looks after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.bookings.steps import GRACE, LEASE, SECOND_LOOK
from shared.errors import EntityChanged, EntityExists, Unavailable
from shared.messages import BookingCheck, EventDelivery, Straggler, Subject
from shared.model import Booking, MemberKey
from shared.storage.announced import AnnouncedTable
from shared.storage.queue import Queues
from shared.storage.table import Row

AT_IT = "Another request for this booking is being carried out."


class Rows:
    """Reads and writes the bookings of hosts."""

    def __init__(self, table: AnnouncedTable[Booking], queues: Queues, now: Callable[[], datetime]) -> None:
        self._table = table
        self._queues = queues
        self._now = now

    def get(self, lead: MemberKey, booking: str) -> Row[Booking] | None:
        """The booking as it is now."""
        return self._table.get(lead.org, row_key(lead.member, booking))

    def begin(self, org: str, before: Row[Booking] | None, booking: Booking) -> Row[Booking]:
        """Write that something is being done, having made sure that somebody looks after it should we die.

        Raises `Unavailable` where somebody else was faster.
        """
        try:
            return self._write_looked_after(org, before, booking)
        except (EntityChanged, EntityExists):
            raise Unavailable(AT_IT, timedelta(seconds=2)) from None

    def take_over(self, org: str, before: Row[Booking], booking: Booking) -> Row[Booking]:
        """The same for what somebody else left undone. Raises `EntityChanged` where it is not left any more."""
        return self._write_looked_after(org, before, booking)

    def _write_looked_after(self, org: str, before: Row[Booking] | None, booking: Booking) -> Row[Booking]:
        sent_at = self._now()
        self.look_after(org, booking)
        if before is not None:
            row = self._table.replace(before, booking)
        else:
            row = self._table.insert(org, row_key(booking.lead.member, booking.id), booking)
        if self._now() >= sent_at + LEASE:
            # This took so long that the message may have come before there was anything to see.
            self.look_after(org, booking)
        return row

    def look_after(self, org: str, booking: Booking, delay: timedelta = LEASE + GRACE) -> None:
        """Have the booking settled later, whatever becomes of this process."""
        self._queues.send(BookingCheck(org, booking.lead.member, booking.id), delay)

    def second_look(self, org: str, booking: Booking) -> None:
        """Have events removed that appear late, of a creation that was given up."""
        given_up = tuple(Straggler(*host.mailbox, host.transaction) for host in booking.hosts)
        self._queues.send(BookingCheck(org, booking.lead.member, booking.id, stragglers=given_up), SECOND_LOOK)

    def save(self, before: Row[Booking], booking: Booking) -> Row[Booking]:
        """Write over the version that was read. Raises `EntityChanged`."""
        return self._table.replace(before, booking)

    def drop(self, row: Row[Booking]) -> None:
        """Forget a booking of which nothing was ever written. Raises `EntityChanged`."""
        self._table.delete_row(row)

    def deliver(self, row: Row[Booking]) -> None:
        """Have the platform told what it was not told yet."""
        if row.value.outbox.pending:
            self._queues.send(EventDelivery(row.partition, Subject.BOOKING, (row.key,)))


def row_key(lead: str, booking: str) -> str:
    """A booking's key in its organization's partition."""
    return f"{lead}|{booking}"
