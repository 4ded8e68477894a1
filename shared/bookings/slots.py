"""The last look before a booking is written: what Outlook shows at its time right now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import tzinfo

from shared.bookings.refusals import not_connected
from shared.errors import MicrosoftError, NotFound, TimeTaken
from shared.freebusy import clip, widened
from shared.graph.calendar import CalendarViews, Read, placed
from shared.graph.timezones import zone
from shared.model import Booking, BusyBlock, BusyStatus, Hosted, MailboxKey, MemberKey, Window
from shared.policy import busy_statuses
from shared.storage.tables import Tables


class Slots:
    """Looks at hosts' calendars live."""

    def __init__(self, tables: Tables, views: CalendarViews) -> None:
        self._tables = tables
        self._views = views

    def mailbox(self, owner: MemberKey) -> MailboxKey:
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

    def check(self, org: str, booking: Booking, span: Window) -> None:
        """Raises `TimeTaken` where a host is not free, and the `MicrosoftError` of a calendar that cannot be read."""
        hosts = booking.present
        mailboxes = {host.member: self._mailboxes(MemberKey(org, host.member), host) for host in hosts}
        reads = self._read({key for keys in mailboxes.values() for key in keys}, span)
        for host in hosts:
            owner = MemberKey(org, host.member)
            for key in mailboxes[host.member]:
                read = reads[key]
                if isinstance(read, MicrosoftError):
                    read.member = host.member
                    raise read
                block = first_taken(read, span, self._zone(owner), self._counted(owner), host.event_id)
                if block is not None:
                    raise TimeTaken(host.member, block)

    def _mailboxes(self, owner: MemberKey, host: Hosted) -> list[MailboxKey]:
        """All that count for the host: the one that is booked into, and whatever else is connected."""
        row, own = self._tables.connections.get(*owner), self._tables.own_connection(owner)
        managed = row.value.active_mailbox if row and row.value.has_calendar else None
        mine = own.mailbox if own and own.account != managed else None
        return list(dict.fromkeys(filter(None, (host.mailbox, managed, mine))))

    def _read(self, keys: Iterable[MailboxKey], span: Window) -> dict[MailboxKey, Read | MicrosoftError]:
        by_tenant: dict[str, list[MailboxKey]] = defaultdict(list)
        for key in keys:
            by_tenant[key.tenant_id].append(key)
        found: dict[MailboxKey, Read | MicrosoftError] = {}
        for tenant, some in by_tenant.items():
            reads = self._views.read(tenant, [key.object_id for key in some], widened(span))
            found |= {key: reads[key.object_id] for key in some}
        return found

    def _zone(self, owner: MemberKey) -> tzinfo | None:
        row = self._tables.members.get(*owner)
        return zone(row.value.time_zone) if row else None

    def _counted(self, owner: MemberKey) -> frozenset[BusyStatus]:
        policy, choice = self._tables.policies.of(owner.org), self._tables.choices.get(*owner)
        return busy_statuses(policy, choice.value if choice else None)


def first_taken(
    read: Read, span: Window, owner_zone: tzinfo | None, counted: frozenset[BusyStatus], own: str | None
) -> BusyBlock | None:
    """What takes some of the span first, as a whole; the booking's own event does not count."""
    taken = (block for event, block in placed(read, owner_zone) if event != own and block.status in counted)
    return min((block for block in taken if clip([block], span)), default=None)
