"""Booking, moving and calling off on behalf of the platform. The rules are in words in the package's docstring."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from shared.bookings import steps
from shared.bookings.holds import Holds
from shared.bookings.outlook_changes import beside_ours
from shared.bookings.refusals import REPEAT, not_connected, refusal
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
    InvalidInput,
    MicrosoftError,
    NotFound,
    OutOfDate,
    TryLater,
    Unavailable,
)
from shared.graph.calendar import CalendarViews
from shared.graph.events import Events
from shared.model import Booking, BookingStatus, Doing, MailboxKey, MemberKey
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
        self, tables: Tables, queues: Queues, events: Events, views: CalendarViews, now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._rows = Rows(tables.bookings, queues, now)
        self._holds = Holds(tables.calendars, self._rows, now)
        self._slots = Slots(tables, views)
        self._writing = Writing(events, now)
        self.settlement = Settlement(self._rows, self._holds, self._writing, queues, now)
        self.watch = Watch(self._rows, self._holds, events, now)
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
            row = self._settled(lead, row, wanted)
        _require_version(row, version)
        if row is None or row.value.status is BookingStatus.FAILED:
            return self._book(lead, booking, wanted, row)
        if row.value.status is BookingStatus.HELD:
            return self._finish(lead.org, row, wanted)
        if row.value.status is BookingStatus.CANCELLED:
            where = "in Outlook" if row.value.cancelled_by == "outlook" else "by the platform"
            raise Conflict(f"This booking was cancelled {where}. Book with a new id.")
        if steps.is_as_wanted(row.value, wanted):
            self._holds.write_down(lead.org, row.value)
            return Booked(row.value, is_new=False)
        return Booked(self._change(lead.org, row, wanted), is_new=False)

    def cancel(self, lead: MemberKey, booking: str, message: str = "", version: int | None = None) -> Booking:
        """Call a booking off in every calendar; attendees get the message. Repeated, it changes nothing.

        Raises `NotFound`, `OutOfDate`, `NotWritable` where Outlook does not let us, `Unavailable`.
        """
        row = self._existing(lead, booking)
        if steps.is_worked_on(row.value, self._now()):
            raise Unavailable(AT_IT, steps.GRACE)
        _require_version(row, version)
        if row.value.status in (BookingStatus.CANCELLED, BookingStatus.FAILED):
            return row.value
        row = self._rows.begin(lead.org, row, steps.working(row.value, Doing.CANCEL, self._now()))
        try:
            return self.settlement.cancelled(lead.org, row, message).value
        except MicrosoftError as problem:
            self._leave(row, certain=not isinstance(problem, TryLater))
            raise refusal(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(REPEAT) from None

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
        mailboxes = {member: self._mailbox(MemberKey(lead.org, member)) for member in (lead.member, *wanted.others)}
        transactions = {member: secrets.token_hex(16) for member in mailboxes}
        booking = steps.begun(identity, wanted, mailboxes, transactions, secrets.token_hex(8), self._now())
        row = self._rows.begin(lead.org, before, booking)
        try:
            self._holds.take(lead.org, booking, wanted.span, wanted.buffers)
            self._slots.check(lead.org, booking, wanted.kept_free)
        except (CallerError, MicrosoftError) as problem:
            self._holds.release(lead.org, booking)
            self._rows.drop(row)
            raise _caller_error(problem, lead) from None
        return self._written(lead.org, row, wanted, {})

    def _mailbox(self, owner: MemberKey) -> MailboxKey:
        """Where the member's bookings go: the managed calendar if there is one, else the member's own.

        Raises `NotFound`, and `NotWritable` where there is no calendar.
        """
        row = self._tables.connections.get(*owner)
        managed = row.value if row else None
        if managed is not None and managed.has_calendar and managed.active_mailbox is not None:
            return managed.active_mailbox
        own = self._tables.own_connection(owner)
        mailbox = own.mailbox if own else managed.active_mailbox if managed else None
        if mailbox is None:
            if self._tables.members.get(*owner) is None:
                raise NotFound(f"There is no such member: {owner.member}.")
            raise not_connected(owner.member, managed)
        return mailbox

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
            raise _caller_error(problem, lead) from None
        return self._written(org, row, wanted, found)

    def _written(self, org: str, row: Row[Booking], wanted: Wanted, found: Found) -> Booked:
        """Write the events, and the booking as confirmed."""
        lead = MemberKey(org, row.value.lead.member)
        try:
            events = self._writing.create(row.value, wanted.content, found)
        except (CallerError, MicrosoftError) as problem:
            self._fail(org, row, problem)
            raise _caller_error(problem, lead) from None
        try:
            row = self._rows.save(row, steps.confirmed(row.value, events, self._now()))
            self._holds.write_down(org, row.value)
        except EntityChanged:
            self._rows.second_look(org, row.value)
            raise Unavailable(REPEAT) from None
        return Booked(self._linked(row).value, is_new=True)

    def _linked(self, row: Row[Booking]) -> Row[Booking]:
        """Tell the other hosts where to meet; the booking stands whatever becomes of that, and it is done later."""
        try:
            return self.settlement.linked(row)
        except (MicrosoftError, EntityChanged):
            return row

    def _fail(self, org: str, row: Row[Booking], problem: Exception) -> None:
        """Take back what was written, as far as Outlook can be asked; the rest is done later."""
        if isinstance(problem, TryLater):
            self._leave(row, certain=False)
            return
        try:
            row = self._rows.save(row, steps.working(row.value, Doing.UNDO, self._now()))
            self.settlement.undone(org, row, tell=False)
        except MicrosoftError:
            self._leave(row, certain=False)
        except EntityChanged:
            return

    def _leave(self, row: Row[Booking], *, certain: bool) -> None:
        """Nothing more is done about it here: whoever comes next may go on at once."""
        rest = steps.resting(row.value) if certain else steps.left_open(row.value, self._now())
        try:
            self._rows.save(row, rest)
        except EntityChanged:
            return

    def _change(self, org: str, row: Row[Booking], wanted: Wanted) -> Booking:
        booking, lead = row.value, MemberKey(org, row.value.lead.member)
        _require_possible(booking, wanted)
        parts = steps.changed_parts(booking, wanted)
        span = wanted.span if wanted.span != booking.span else None
        row = self._rows.begin(org, row, steps.working(booking, Doing.CHANGE, self._now(), wanted))
        try:
            if span is not None:
                self._holds.take(org, booking, span, wanted.buffers)
                self._slots.check(org, booking, wanted.kept_free)
        except (CallerError, MicrosoftError) as problem:
            self._holds.release_held(org, booking)
            self._leave(row, certain=True)
            raise _caller_error(problem, lead) from None
        return self._rewritten(org, row, wanted, parts)

    def _rewritten(self, org: str, row: Row[Booking], wanted: Wanted, parts: list[str]) -> Booking:
        booking, lead = row.value, MemberKey(org, row.value.lead.member)
        span = wanted.span if wanted.span != booking.span else None
        try:
            events = self._writing.change(booking, wanted.content, parts, span)
            changed = steps.reinvited(booking, wanted.content) if "invitees" in parts else booking
            after = steps.changed(changed, events, self._now())
            row = self._rows.save(row, beside_ours(booking, after, parts, moved=span is not None))
        except TryLater as problem:
            self._leave(row, certain=False)
            raise refusal(problem, lead.member) from None
        except MicrosoftError as problem:
            self._take_back(org, row)
            raise refusal(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(REPEAT) from None
        self._holds.write_down(org, row.value)
        return row.value

    def _take_back(self, org: str, row: Row[Booking]) -> None:
        """Move back who was moved before another host's calendar refused."""
        try:
            row = self._rows.save(row, steps.working(row.value, Doing.REVERT, self._now()))
            self.settlement.reverted(org, row, self._writing.find(row.value))
        except MicrosoftError:
            self._leave(row, certain=False)
        except EntityChanged:
            return


def _require_version(row: Row[Booking] | None, version: int | None) -> None:
    """Raises `OutOfDate` where the caller knows another version."""
    if version is not None and (row is None or row.value.version != version):
        raise OutOfDate("The booking has changed since; read it again, and decide again.")


def _require_possible(booking: Booking, wanted: Wanted) -> None:
    """Raises `InvalidInput` for what cannot be changed."""
    if tuple(host.member for host in booking.hosts[1:]) != wanted.others:
        raise InvalidInput("The hosts of a booking stay; cancel it and book anew.", field="hosts")
    if booking.online and not wanted.content.online:
        raise InvalidInput("Microsoft does not let a Teams meeting become a plain one.", field="teams_meeting")


def _caller_error(problem: CallerError | MicrosoftError, lead: MemberKey) -> CallerError:
    return problem if isinstance(problem, CallerError) else refusal(problem, lead.member)
