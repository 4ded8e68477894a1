"""Time held for bookings in the agendas of their hosts.

Who writes down or releases what became of a booking may be late: another request may have begun something else since
and hold time for it. That is in the booking's row before it is in any agenda. So where time that was held would go,
the row is read after the agenda, and has to be as it was known; if it is not, whoever changed it sees to the agenda.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.bookings import agenda as rules
from shared.bookings.rows import Rows
from shared.bookings.steps import Buffers, kept_free
from shared.errors import TimeTaken
from shared.model import Agenda, Booking, BusyBlock, BusyStatus, Claim, Hosted, MemberKey, Window
from shared.storage.calendars import Calendars


class Holds:
    """Takes and releases hosts' time."""

    def __init__(self, calendars: Calendars, rows: Rows, now: Callable[[], datetime]) -> None:
        self._calendars = calendars
        self._rows = rows
        self._now = now

    def take(self, org: str, booking: Booking, span: Window, buffers: Buffers) -> None:
        """Hold the time of every host, or of none. Raises `TimeTaken`, and `Conflict` where an agenda is full."""
        try:
            for host in booking.hosts:
                self._take(org, booking, host, span, buffers)
        except Exception:
            self.release_held(org, booking)
            raise

    def _take(self, org: str, booking: Booking, host: Hosted, span: Window, buffers: Buffers) -> None:
        claim = Claim(booking.lead.member, booking.id, *span)

        def decide(agenda: Agenda) -> Agenda:
            other = rules.in_the_way(agenda, claim, kept_free(span, buffers), self._now())
            if other is not None:
                block = BusyBlock(other.start, other.end, BusyStatus.BUSY)
                raise TimeTaken(host.member, block, booked=True)
            return rules.with_held(agenda, claim, self._now())

        self._calendars.change_agenda(MemberKey(org, host.member), decide)

    def write_down(self, org: str, booking: Booking) -> None:
        """Note that the events are in Outlook now: reads that begin later show them."""
        for host in booking.hosts:
            if host.gone:
                self._without(org, host, booking)
            elif host.span is not None:
                claim = Claim(booking.lead.member, booking.id, *host.span, self._now(), host.mark, host.mailbox)
                self._change(org, host, booking, lambda agenda, claim=claim: rules.with_written(agenda, claim))  # type: ignore[misc]

    def follow(self, owner: MemberKey, claim: Claim, after: Claim | None) -> None:
        """Note what somebody did to the event in Outlook, unless the booking itself went on since."""
        if after != claim:
            self._calendars.change_agenda(owner, lambda agenda: rules.followed(agenda, claim, after))

    def release(self, org: str, booking: Booking) -> None:
        """Let go of all time that the booking takes."""
        for host in booking.hosts:
            self._without(org, host, booking)

    def release_held(self, org: str, booking: Booking) -> None:
        """Let go of what this very process holds for it; what its event takes stays."""
        for host in booking.hosts:
            self._change(org, host, None, lambda agenda: rules.without_held(agenda, booking.lead.member, booking.id))

    def _without(self, org: str, host: Hosted, booking: Booking) -> None:
        self._change(org, host, booking, lambda agenda: rules.without(agenda, booking.lead.member, booking.id))

    def _change(self, org: str, host: Hosted, known: Booking | None, decide: Callable[[Agenda], Agenda]) -> None:
        """Write what is decided of the booking as it is known, where it is not so already."""

        def changed(now: Agenda) -> Agenda | None:
            after = decide(now)
            outdated = known is not None and rules.gives_up(now, after) and not self._rows.stands(org, known)
            return None if after == now or outdated else after

        self._calendars.change_agenda(MemberKey(org, host.member), changed)
