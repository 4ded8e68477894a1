"""Moving a booking and changing what it says, for all of its hosts or for none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared.bookings import steps
from shared.bookings.holds import Holds
from shared.bookings.outlook_changes import beside_ours
from shared.bookings.refusals import REPEAT, calendar_changed, caller_error, refusal
from shared.bookings.rows import AT_IT, Rows
from shared.bookings.settlement import Settlement
from shared.bookings.slots import Slots
from shared.bookings.steps import Wanted
from shared.bookings.watch import Watch
from shared.bookings.writing import Writing
from shared.errors import (
    CallerError,
    Conflict,
    EntityChanged,
    InvalidInput,
    MicrosoftError,
    TryLater,
    Unavailable,
)
from shared.model import Booking, BookingStatus, Doing, MemberKey
from shared.storage.table import Row


class Changes:
    """Changes bookings that are confirmed."""

    def __init__(
        self,
        rows: Rows,
        holds: Holds,
        slots: Slots,
        writing: Writing,
        settlement: Settlement,
        watch: Watch,
        now: Callable[[], datetime],
    ) -> None:
        self._rows = rows
        self._holds = holds
        self._slots = slots
        self._writing = writing
        self._settlement = settlement
        self._watch = watch
        self._now = now

    def caught_up(self, lead: MemberKey, row: Row[Booking]) -> Row[Booking]:
        """The booking with what people did to it in Outlook, which is told before anything is written over it."""
        self._require_calendars(lead.org, row.value)
        try:
            now = self._watch.caught_up(lead.org, row)
        except MicrosoftError as problem:
            raise refusal(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(AT_IT, steps.GRACE) from None
        if now.value.status is not BookingStatus.CONFIRMED:
            raise Conflict("This booking was cancelled in Outlook. Book with a new id.")
        return self._settlement.linked_if_possible(now)

    def change(self, org: str, row: Row[Booking], wanted: Wanted) -> Booking:
        """Make it what is asked for. Raises as `Bookings.put` does."""
        booking, lead = row.value, MemberKey(org, row.value.lead.member)
        _require_possible(booking, wanted)
        parts = steps.changed_parts(booking, wanted)
        span = wanted.span if wanted.span != booking.span else None
        row = self._rows.begin(org, row, steps.working(booking, Doing.CHANGE, self._now(), wanted))
        try:
            if span is not None:
                self._holds.take(org, row.value, span, wanted.buffers)
                self._slots.check(org, booking, wanted.kept_free)
        except (CallerError, MicrosoftError) as problem:
            self._holds.release_held(org, row.value)
            self._settlement.leave(row, certain=True)
            raise caller_error(problem, lead.member) from None
        return self._rewritten(org, row, wanted, parts)

    def _require_calendars(self, org: str, booking: Booking) -> None:
        """Raises `NotFound` and `NotWritable` where a host has left, or has no calendar, or not this one any more."""
        for host in booking.present:
            if not self._slots.is_connected(MemberKey(org, host.member), host.mailbox):
                raise calendar_changed(host.member)

    def _rewritten(self, org: str, row: Row[Booking], wanted: Wanted, parts: list[str]) -> Booking:
        booking, lead = row.value, MemberKey(org, row.value.lead.member)
        span = wanted.span if wanted.span != booking.span else None
        try:
            events = self._writing.change(booking, wanted.content, parts, span)
            changed = steps.reinvited(booking, wanted.content) if "invitees" in parts else booking
            changed = replace(changed, online=wanted.content.online)
            after = steps.changed(changed, events, self._now())
            row = self._rows.save(row, beside_ours(booking, after, parts, moved=span is not None))
        except TryLater as problem:
            self._settlement.leave(row, certain=False)
            raise refusal(problem, lead.member) from None
        except (CallerError, MicrosoftError) as problem:
            self._take_back(org, row)
            raise caller_error(problem, lead.member) from None
        except EntityChanged:
            raise Unavailable(REPEAT) from None
        self._holds.write_down(org, row.value)
        return self._settlement.linked_if_possible(row).value

    def _take_back(self, org: str, row: Row[Booking]) -> None:
        """Move back who was moved before another host's calendar refused."""
        try:
            row = self._rows.save(row, steps.working(row.value, Doing.REVERT, self._now()))
            self._settlement.reverted(org, row, self._writing.find(row.value))
        except MicrosoftError:
            self._settlement.leave(row, certain=False)
        except EntityChanged:
            return


def _require_possible(booking: Booking, wanted: Wanted) -> None:
    """Raises `InvalidInput` for what cannot be changed."""
    if tuple(host.member for host in booking.hosts[1:]) != wanted.others:
        raise InvalidInput("The hosts of a booking stay; cancel it and book anew.", field="hosts")
    if booking.online and not wanted.content.online:
        raise InvalidInput("Microsoft does not let a Teams meeting become a plain one.", field="teams_meeting")
