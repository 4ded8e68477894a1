"""The last look before a booking is written: what Outlook shows at its time right now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import tzinfo

from shared.bookings.refusals import REPEAT, not_certain, not_connected
from shared.errors import Gone, MailboxUnreadable, MicrosoftError, NotFound, TimeTaken, Unavailable
from shared.freebusy import clip, widened
from shared.gone_calendars import GoneCalendars
from shared.graph.calendar import CalendarViews, Read, Reads, placed
from shared.graph.timezones import zone
from shared.model import (
    Booking,
    BusyBlock,
    BusyStatus,
    CalendarKey,
    Connection,
    Hosted,
    MailboxKey,
    MemberKey,
    Window,
)
from shared.policy import busy_statuses, checked, receiving
from shared.storage.tables import Tables


class Slots:
    """Looks at hosts' calendars live."""

    def __init__(self, tables: Tables, views: CalendarViews, gone: GoneCalendars) -> None:
        self._tables = tables
        self._views = views
        self._gone = gone

    def calendar(self, owner: MemberKey) -> CalendarKey:
        """Where the member's bookings go, as they selected; else to the managed calendar if there is one.

        Raises `NotFound`, and `NotWritable` where there is no calendar.
        """
        managed, own = self._managed(owner), self._tables.own_connection(owner)
        selections = self._tables.calendars.selections(owner)
        mailbox = receiving(managed, own, selections)
        if mailbox is None:
            if self._tables.members.get(*owner) is None:
                raise NotFound(f"There is no such member: {owner.member}.")
            raise not_connected(owner.member, managed)
        return CalendarKey(mailbox, selections.of(mailbox).bookings)

    def is_connected(self, owner: MemberKey, mailbox: MailboxKey) -> bool:
        """Whether the mailbox is (still) one of the member's. Raises as `calendar` does where they have none."""
        managed, own = self._managed(owner), self._tables.own_connection(owner)
        mine = {managed.active_mailbox if managed else None, own.mailbox if own else None}
        return mailbox in mine or self.calendar(owner).mailbox == mailbox

    def _managed(self, owner: MemberKey) -> Connection | None:
        row = self._tables.connections.get(*owner)
        return row.value if row else None

    def check(self, org: str, booking: Booking, span: Window) -> None:
        """Raises `TimeTaken` where a host is not free.

        Raises the `MicrosoftError` of a calendar that cannot be read, `NotWritable` where that is somebody else's.
        """
        hosts = booking.present
        calendars = {host.member: self._calendars(MemberKey(org, host.member), host) for host in hosts}
        reads = self._read({key for keys in calendars.values() for key in keys}, span)
        for host in hosts:
            owner = MemberKey(org, host.member)
            for key, is_shared in calendars[host.member].items():
                read = reads[key]
                if isinstance(read, Gone) and key.calendar and self._is_left(owner, host, key):
                    continue
                if is_shared and isinstance(read, (Gone, MailboxUnreadable)):
                    raise not_certain(host.member)
                if isinstance(read, MicrosoftError):
                    read.member = host.member
                    raise read
                others = in_other_calendars(booking, host) if is_shared else frozenset()
                block = first_taken(read, span, self._zone(owner), self._counted(owner), host.event_id, others)
                if block is not None:
                    raise TimeTaken(host.member, block)

    def _calendars(self, owner: MemberKey, host: Hosted) -> dict[CalendarKey, bool]:
        """All that count for the host, and whether each is somebody else's: the one booked into, what is checked."""
        connection, own = self._managed(owner), self._tables.own_connection(owner)
        managed = connection.active_mailbox if connection and connection.has_calendar else None
        return {host.place: False, **checked(managed, own, self._tables.calendars.selections(owner))}

    def _is_left(self, owner: MemberKey, host: Hosted, key: CalendarKey) -> bool:
        """Whether the calendar is not there any more, and nothing depends on it: the event was filed elsewhere.

        Raises `Unavailable` where the same request goes on without it.
        """
        is_checked = key in self._tables.calendars.selections(owner).of(key.mailbox).keys
        if not self._gone.struck_out([owner], key.mailbox, {key.calendar}):
            return False
        if is_checked or host.event_id is None:
            raise Unavailable(REPEAT)
        return True

    def _read(self, keys: Iterable[CalendarKey], span: Window) -> Reads:
        by_tenant: dict[str, list[CalendarKey]] = defaultdict(list)
        for key in keys:
            by_tenant[key.mailbox.tenant_id].append(key)
        found: Reads = {}
        for tenant, some in by_tenant.items():
            found |= self._views.read(tenant, some, widened(span))
        return found

    def _zone(self, owner: MemberKey) -> tzinfo | None:
        row = self._tables.members.get(*owner)
        return zone(row.value.time_zone) if row else None

    def _counted(self, owner: MemberKey) -> frozenset[BusyStatus]:
        policy, choice = self._tables.policies.of(owner.org), self._tables.choices.get(*owner)
        return busy_statuses(policy, choice.value if choice else None)


def in_other_calendars(booking: Booking, host: Hosted) -> frozenset[Window]:
    """Where the booking's events of other hosts lie.

    A calendar that one of them shares with this host shows theirs, under an id that need not be known.
    """
    return frozenset(one.span for one in booking.present if one is not host and one.event_id and one.span)


def first_taken(
    read: Read,
    span: Window,
    owner_zone: tzinfo | None,
    counted: frozenset[BusyStatus],
    own: str | None,
    others: Collection[Window] = (),
) -> BusyBlock | None:
    """What takes some of the span first, as a whole; the booking's own events do not count."""
    blocks = (block for event, block in placed(read, owner_zone) if event != own and block.status in counted)
    taken = (block for block in blocks if Window(block.start, block.end) not in others)
    return min((block for block in taken if clip([block], span)), default=None)
