"""Booking, moving and calling off on behalf of the platform. The rules are in words in the package's docstring."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from shared.bookings import steps
from shared.bookings.changes import Changes
from shared.bookings.holds import Holds
from shared.bookings.refusals import REPEAT, caller_error, refusal
from shared.bookings.rows import AT_IT, Rows
from shared.bookings.settlement import Settlement
from shared.bookings.slots import Slots
from shared.bookings.steps import Wanted
from shared.bookings.watch import Watch
from shared.bookings.writing import Found, Writing
from shared.errors import (
    CallerError,
    Conflict,
    EntityChanged,
    MicrosoftError,
    NotFound,
    OutOfDate,
    TryLater,
    Unavailable,
)
from shared.gone_calendars import GoneCalendars
from shared.graph.calendar import CalendarViews
from shared.graph.events import Events
from shared.model import Booking, BookingStatus, Doing, MemberKey
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables


class Booked(NamedTuple):
    """A booking, and whether it was made by this call."""

    booking: Booking
    is_new: bool


class Bookings:
    """Carries out what the platform asks for."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        events: Events,
        views: CalendarViews,
        gone: GoneCalendars,
        now: Callable[[], datetime],
    ) -> None:
        self._rows = Rows(tables.bookings, queues, now)
        self._holds = Holds(tables.calendars, now)
        self._slots = Slots(tables, views, gone)
        self._writing = Writing(events, now)
        self.settlement = Settlement(self._rows, self._holds, self._writing, queues, now)
        self.watch = Watch(self._rows, self._holds, events, now)
        self._changes = Changes(self._rows, self._holds, self._slots, self._writing, self.settlement, self.watch, now)
        self._now = now

    def get(self, lead: MemberKey, booking: str) -> Booking:
        """The booking as it stands. Raises `NotFound`."""
        return self._existing(lead, booking).value

    def put(self, lead: MemberKey, booking: str, wanted: Wanted, version: int | None = None) -> Booked:
        """Book, or make an existing booking what is asked for now; repeated, it changes nothing.

        Raises `TimeTaken`, `NotWritable`, `Conflict`, `OutOfDate` where it is not `version` any more, and
        `Unavailable` where it is to be repeated.
        """
        row = self._rows.get(lead, booking)
        if row is not None:
            if steps.is_under_way(row.value, wanted):
                # This very request, sent again: what it has done by now is no other version to it.
                _require_version(row, version)
                version = None
            row = self._settled(lead, row, wanted)
        if row is not None and row.value.status is BookingStatus.CONFIRMED and steps.is_as_wanted(row.value, wanted):
            self._holds.write_down(lead.org, row.value)
            return Booked(row.value, is_new=False)
        _require_version(row, version)
        if row is None or row.value.status is BookingStatus.FAILED:
            return self._book(lead, booking, wanted, row)
        if row.value.status is BookingStatus.HELD:
            return self._finish(lead.org, row, wanted)
        if row.value.status is BookingStatus.CANCELLED:
            where = "in Outlook" if row.value.cancelled_by == "outlook" else "by the platform"
            raise Conflict(f"This booking was cancelled {where}. Book with a new id.")
        row = self._changes.caught_up(lead, row)
        _require_version(row, version)
        return Booked(self._changes.change(lead.org, row, wanted), is_new=False)

    def cancel(self, lead: MemberKey, booking: str, message: str = "", version: int | None = None) -> Booking:
        """Call a booking off in every calendar; attendees get the message. Repeated, it changes nothing.

        Raises `NotFound`, `OutOfDate`, `NotWritable` where Outlook does not let us, `Unavailable`.
        """
        row = self._existing(lead, booking)
        if steps.is_worked_on(row.value, self._now()):
            raise Unavailable(AT_IT, steps.GRACE)
        if row.value.status in (BookingStatus.CANCELLED, BookingStatus.FAILED):
            return row.value
        _require_version(row, version)
        row = self._rows.begin(lead.org, row, steps.working(row.value, Doing.CANCEL, self._now()))
        try:
            row = self.settlement.withdrawn(lead.org, row, message)
        except MicrosoftError as problem:
            is_held = row.value.status is BookingStatus.HELD
            self.settlement.leave(row, certain=not is_held and not isinstance(problem, TryLater))
            raise refusal(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(REPEAT) from None
        return self._cleared(lead.org, row).value

    def _cleared(self, org: str, row: Row[Booking]) -> Row[Booking]:
        """Call it off in the other hosts' calendars; it is called off whatever becomes of that, and is done later."""
        try:
            return self.settlement.cleared(org, row)
        except (MicrosoftError, EntityChanged):
            return row

    def _existing(self, lead: MemberKey, booking: str) -> Row[Booking]:
        row = self._rows.get(lead, booking)
        if row is None:
            raise NotFound("There is no such booking.")
        return row

    def _settled(self, lead: MemberKey, row: Row[Booking], wanted: Wanted) -> Row[Booking]:
        """The booking with nothing half done, but for a creation that this very request goes on with."""
        booking = row.value
        if steps.is_worked_on(booking, self._now()):
            raise Unavailable(AT_IT, steps.GRACE)
        if booking.work is None:
            return row
        if booking.work.doing is Doing.CREATE and steps.is_as_wanted(booking, wanted):
            return self._rows.begin(lead.org, row, steps.working(booking, Doing.CREATE, self._now()))
        try:
            return self.settlement.settled(lead.org, row)
        except MicrosoftError as problem:
            raise refusal(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(AT_IT, steps.GRACE) from None

    def _book(self, lead: MemberKey, identity: str, wanted: Wanted, before: Row[Booking] | None) -> Booked:
        members = (lead.member, *wanted.others)
        calendars = {member: self._slots.calendar(MemberKey(lead.org, member)) for member in members}
        transactions = {member: secrets.token_hex(16) for member in calendars}
        booking = steps.begun(identity, wanted, calendars, transactions, secrets.token_hex(8), self._now())
        booking = steps.instead_of(before.value, booking) if before else booking
        row = self._rows.begin(lead.org, before, booking)
        try:
            self._holds.take(lead.org, booking, wanted.span, wanted.buffers)
            self._slots.check(lead.org, booking, wanted.kept_free)
        except (CallerError, MicrosoftError) as problem:
            self._holds.release(lead.org, booking)
            self._forget(row, before)
            raise caller_error(problem, lead.member) from None
        return self._written(lead.org, row, wanted, {})

    def _forget(self, row: Row[Booking], before: Row[Booking] | None) -> None:
        """Nothing was written: there is no such booking, or the one that failed is as it was."""
        try:
            if before is None:
                self._rows.drop(row)
            else:
                self._rows.save(row, replace(before.value, version=row.value.version))
        except EntityChanged:
            raise Unavailable(REPEAT) from None

    def _finish(self, org: str, row: Row[Booking], wanted: Wanted) -> Booked:
        """Go on with a creation that was cut short."""
        booking = row.value
        lead = MemberKey(org, booking.lead.member)
        try:
            found = self._writing.find(booking)
            if lead.member not in found:
                self._holds.take(org, booking, wanted.span, wanted.buffers)
                self._slots.check(org, steps.with_events(booking, found), wanted.kept_free)
        except (CallerError, MicrosoftError) as problem:
            self._fail(org, row, problem)
            raise caller_error(problem, lead.member) from None
        return self._written(org, row, wanted, found)

    def _written(self, org: str, row: Row[Booking], wanted: Wanted, found: Found) -> Booked:
        """Write the events, and the booking as confirmed."""
        lead = MemberKey(org, row.value.lead.member)
        try:
            events = self._writing.create(row.value, wanted.content, found)
        except (CallerError, MicrosoftError) as problem:
            self._fail(org, row, problem)
            raise caller_error(problem, lead.member) from None
        try:
            row = self._rows.save(row, steps.confirmed(row.value, events, self._now()))
            self._holds.write_down(org, row.value)
        except EntityChanged:
            self._rows.second_look(org, row.value)
            raise Unavailable(REPEAT) from None
        return Booked(self.settlement.linked_if_possible(row).value, is_new=True)

    def _fail(self, org: str, row: Row[Booking], problem: Exception) -> None:
        """Take back what was written, as far as Outlook can be asked; the rest is done later."""
        if isinstance(problem, TryLater):
            self.settlement.leave(row, certain=False)
            return
        try:
            row = self._rows.save(row, steps.working(row.value, Doing.UNDO, self._now()))
            self.settlement.undone(org, row, tell=False)
        except MicrosoftError:
            self.settlement.leave(row, certain=False)
        except EntityChanged:
            return


def _require_version(row: Row[Booking] | None, version: int | None) -> None:
    """Raises `OutOfDate` where the caller knows another version."""
    if version is not None and (row is None or row.value.version != version):
        raise OutOfDate("The booking has changed since; read it again, and decide again.")
