"""Time held for bookings in the agendas of their hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from shared.bookings import agenda as rules
from shared.bookings.steps import Buffers, kept_free
from shared.errors import Conflict, TimeTaken
from shared.model import Agenda, Booking, BusyBlock, BusyStatus, Claim, Hosted, MemberKey, Window
from shared.storage.calendars import Calendars


class Holds:
    """Takes and releases hosts' time."""

    def __init__(self, calendars: Calendars, now: Callable[[], datetime]) -> None:
        self._calendars = calendars
        self._now = now

    def take(self, org: str, booking: Booking, span: Window, buffers: Buffers) -> None:
        """Hold the time of every host, or of none. Raises `TimeTaken`, and `Conflict` where an agenda is full."""
        try:
            # Always in the same order: of bookings that want the same hosts one gets all of them.
            for host in sorted(booking.present, key=lambda host: host.member):
                self._take(org, booking, host, span, buffers)
        except Conflict:
            self.release_held(org, booking)
            raise

    def _take(self, org: str, booking: Booking, host: Hosted, span: Window, buffers: Buffers) -> None:
        version, until = booking.next_version, booking.work.until if booking.work else None
        known = booking.lead.member, booking.id
        claim = Claim(*known, *span, mailbox=host.mailbox, version=version, until=until, calendar=host.calendar)

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
            elif (claim := self._written(booking, host)) is not None:
                self._change(org, host, lambda agenda, claim=claim: rules.with_written(agenda, claim))  # type: ignore[misc]

    def follow(self, owner: MemberKey, claim: Claim, after: Claim | None) -> None:
        """Note what somebody did to the event in Outlook, unless the booking itself went on since."""
        if after != claim:
            self._calendars.change_agenda(owner, lambda agenda: rules.followed(agenda, claim, after))

    def release(self, org: str, booking: Booking) -> None:
        """Let go of all time that the booking takes."""
        for host in booking.hosts:
            self._without(org, host, booking)

    def release_held(self, org: str, booking: Booking) -> None:
        """Let go of what is held for what is being done about it; what its event takes stays."""
        known = booking.lead.member, booking.id, _until(booking)
        for host in booking.hosts:
            self._change(org, host, lambda agenda: rules.without_held(agenda, *known))

    def restore(self, org: str, booking: Booking) -> None:
        """Have the booking take the time that it took before what was being done about it was taken back."""
        until = _until(booking)
        for host in booking.hosts:
            claim = self._written(booking, host)
            if claim is not None:
                self._change(org, host, lambda agenda, claim=claim: rules.restored(agenda, claim, until))  # type: ignore[misc]
            else:
                self._without(org, host, booking)

    def _written(self, booking: Booking, host: Hosted) -> Claim | None:
        """What the host's event takes, as of now; None where there is none."""
        if host.gone or host.span is None:
            return None
        known = booking.lead.member, booking.id
        claim = Claim(*known, *host.span, self._now(), host.mark, host.mailbox, version=booking.version)
        return replace(claim, calendar=host.calendar)

    def _without(self, org: str, host: Hosted, booking: Booking) -> None:
        known = booking.lead.member, booking.id, booking.version
        self._change(org, host, lambda agenda: rules.without(agenda, *known))

    def _change(self, org: str, host: Hosted, decide: Callable[[Agenda], Agenda]) -> None:
        """Write what is decided, where it is not so already."""
        self._calendars.change_agenda(
            MemberKey(org, host.member), lambda now: after if (after := decide(now)) != now else None
        )


def _until(booking: Booking) -> datetime:
    """Until when somebody is at what is being done about it: what is held for something else is held for longer."""
    return booking.work.until if booking.work else datetime.max.replace(tzinfo=UTC)
