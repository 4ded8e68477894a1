"""What is done to the events of a booking in Outlook, one host after the other, each step safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.bookings.steps import LAST_WRITE
from shared.errors import BadRequest, ChangedMeanwhile, Gone, MailboxUnreadable, MicrosoftError, NotWritable, TryLater
from shared.graph.event_body import changed, described, for_other_host, times, whole, whole_of_other_host
from shared.graph.events import BookedEvent, Events, marked
from shared.model import Booking, ConnectionStatus, Content, Hosted, Window

T = TypeVar("T")
Found = dict[str, BookedEvent]
"""Events by the member whose calendar they are in."""

TRIES = 3
PAUSE = timedelta(milliseconds=300)
LONGEST_PAUSE = timedelta(seconds=2)
"""Somebody waits for the answer: where Microsoft asks for more, they are told to come back."""


@contextmanager
def _without_a_mailbox() -> Iterator[None]:
    """Where the mailbox is gone, its events are gone with it."""
    try:
        yield
    except Gone:
        return
    except MailboxUnreadable as problem:
        if problem.status is not ConnectionStatus.NO_MAILBOX:
            raise


class Writing:
    """Writes, changes and removes. Raises the `MicrosoftError` that ends it; `TryLater` says nothing is certain."""

    def __init__(self, events: Events, now: Callable[[], datetime]) -> None:
        self._events = events
        self._now = now

    def create(self, booking: Booking, content: Content, known: Found) -> Found:
        """Every host's event that is not known to be there yet; the invitations go out with the last one.

        Raises `NotWritable` where it cannot be a Teams meeting, before anything is written.
        """
        if content.online and booking.lead.member not in known:
            self._require_teams(booking)
        found = dict(known)
        for host in (*booking.hosts[1:], booking.lead):
            if host.member not in found:
                is_lead = host is booking.lead
                fields = (whole if is_lead else whole_of_other_host)(content, booking.span)
                found[host.member] = self._create(booking, host, fields)
        return found

    def _require_teams(self, booking: Booking) -> None:
        lead = booking.lead
        if not self._patiently(booking, lead, lambda: self._events.takes_teams(lead.place)):
            raise NotWritable(
                f"The calendar of {lead.member} takes no Teams meetings. Book it without one, or have the Microsoft "
                "admin give this person a licence for Teams.",
                "teams_not_allowed",
                lead.member,
            )

    def _create(self, booking: Booking, host: Hosted, fields: dict[str, Any]) -> BookedEvent:
        made = self._patiently(booking, host, lambda: self._events.create(host.place, fields, host.transaction))
        if booking.online and host is booking.lead and made.join_url is None:
            # Teams sometimes needs a moment; later reads find it too.
            with suppress(TryLater, Gone):
                return self._events.get(host.mailbox, made.id)
        return made

    def find(self, booking: Booking) -> Found:
        """The hosts' events that are in Outlook, wherever they are by now. A mailbox that is gone has none."""
        found: Found = {}
        for host in booking.hosts:
            event = self._find(booking, host)
            if event is not None and not event.is_cancelled:
                found[host.member] = event
        return found

    def _find(self, booking: Booking, host: Hosted) -> BookedEvent | None:
        with suppress(Gone):
            return self._patiently(booking, host, lambda: self._current(host))
        return None

    def lookup(self, host: Hosted) -> BookedEvent | None:
        """The event by its transaction; None where there is none."""
        with _without_a_mailbox():
            return self._events.find(host.mailbox, host.transaction)
        return None

    def change(self, booking: Booking, content: Content, names: Collection[str], span: Window | None) -> Found:
        """Change parts of every host's event; the one who invites comes last. Raises `Gone` for one deleted.

        Raises `NotWritable` where it cannot become a Teams meeting, before anything is written.
        """
        if content.online and "online" in names:
            self._require_teams(booking)
        fields, found = changed(content, names, span), {}
        for host in (*booking.hosts[1:], booking.lead):
            if not host.gone:
                mine = fields if host is booking.lead else for_other_host(fields)
                found[host.member] = self._change(booking, host, mine, content if "description" in names else None)
        return found

    def move(self, booking: Booking, hosts: Collection[Hosted], span: Window) -> Found:
        """Put hosts' events at a time, whatever else they say."""
        return {host.member: self._change(booking, host, times(span), None) for host in hosts}

    def outdate(self, booking: Booking, host: Hosted) -> BookedEvent:
        """Make a new version of an event that says the same, so that no change of the old one comes late."""
        return self._change(booking, host, {"singleValueExtendedProperties": [marked(host.transaction)]}, None)

    def place(self, booking: Booking) -> Found:
        """Tell other hosts' events where the meeting is online, as the place of those that have none."""
        found: Found = {}
        for host in booking.hosts[1:]:
            # It is no more than a favour: where Outlook refuses it, the booking stands all the same.
            with suppress(Gone, MailboxUnreadable, BadRequest):
                event = self._patiently(booking, host, lambda host=host: self._current(host))  # type: ignore[misc]
                if event.location == booking.join_url:
                    found[host.member] = event
                elif not event.location:
                    fields = {"location": {"displayName": booking.join_url}}
                    found[host.member] = self._change(booking, host, fields, None)
        return found

    def _change(
        self, booking: Booking, host: Hosted, fields: dict[str, Any], described_by: Content | None
    ) -> BookedEvent:
        def attempt() -> BookedEvent:
            current = self._current(host)
            body = None
            if described_by is not None:
                body = described(self._events.body(host.mailbox, current.id), described_by.description)
            whole = {**fields, **(body or {})}
            if not whole:
                return current
            try:
                return self._events.change(host.mailbox, current.id, whole, current.etag)
            except ChangedMeanwhile as problem:
                # The owner was faster; what is asked for goes upon what they wrote.
                raise TryLater(problem.code) from None

        return self._patiently(booking, host, attempt)

    def _current(self, host: Hosted) -> BookedEvent:
        """The event as it is now, under whichever id. Raises `Gone`."""
        if host.event_id is not None:
            with _without_a_mailbox():
                return self._events.get(host.mailbox, host.event_id)
        found = self.lookup(host)
        if found is None:
            raise Gone("no event of this booking")
        return found

    def remove(self, booking: Booking, hosts: Collection[Hosted], message: str = "") -> None:
        """Take hosts' events out of Outlook; whoever is invited is told, with the message."""
        for host in hosts:
            if not host.gone:
                self._patiently(booking, host, lambda host=host: self._remove(booking, host, message))  # type: ignore[misc]

    def _remove(self, booking: Booking, host: Hosted, message: str) -> None:
        with suppress(Gone):
            self.discard(host, self._current(host), message if host is booking.lead else "")

    def discard(self, host: Hosted, event: BookedEvent, message: str = "") -> None:
        """Take one event out of Outlook; whoever is invited to it is told, with the message. Raises `Gone`."""
        if event.attendees:
            self._events.cancel(host.mailbox, event.id, message)
        else:
            self._events.delete(host.mailbox, event.id)

    def _patiently(self, booking: Booking, host: Hosted, act: Callable[[], T]) -> T:
        """Do it, and again where Microsoft does not answer; never so late that somebody else may be at it.

        What is raised says in whose calendar.
        """
        try:
            return self._in_time(booking, act)
        except MicrosoftError as problem:
            problem.member = host.member
            raise

    def _in_time(self, booking: Booking, act: Callable[[], T]) -> T:
        for number in range(TRIES):
            if booking.work is None or booking.work.until - self._now() < LAST_WRITE:
                raise TryLater("out of time")
            try:
                return act()
            except TryLater as problem:
                pause = problem.retry_after or PAUSE * 2**number
                if number == TRIES - 1 or pause > LONGEST_PAUSE:
                    raise
                time.sleep(pause.total_seconds())
        raise AssertionError("unreachable")
