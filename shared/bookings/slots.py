"""The last look before a booking is written: what Outlook shows at its time right now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
        """Where the member's bookings go. Raises `NotFound`, and `NotWritable` where there is no calendar."""
        row = self._tables.connections.get(*owner)
        mailbox = row.value.active_mailbox if row else None
        if mailbox is None:
            if self._tables.members.get(*owner) is None:
                raise NotFound(f"There is no such member: {owner.member}.")
            raise not_connected(owner.member, row.value if row else None)
        return mailbox

    def check(self, org: str, booking: Booking, span: Window) -> None:
        """Raises `TimeTaken` where a host is not free, and the `MicrosoftError` of a calendar that cannot be read."""
        reads = self._read(booking.present, span)
        for host in booking.present:
            read = reads[host.member]
            if isinstance(read, MicrosoftError):
                read.member = host.member
                raise read
            owner = MemberKey(org, host.member)
            block = first_taken(read, span, self._zone(owner), self._counted(owner), host.event_id)
            if block is not None:
                raise TimeTaken(host.member, block)

    def _read(self, hosts: Sequence[Hosted], span: Window) -> dict[str, Read | MicrosoftError]:
        by_tenant: dict[str, list[Hosted]] = defaultdict(list)
        for host in hosts:
            by_tenant[host.mailbox.tenant_id].append(host)
        found: dict[str, Read | MicrosoftError] = {}
        for tenant, some in by_tenant.items():
            reads = self._views.read(tenant, [host.mailbox.object_id for host in some], widened(span))
            found |= {host.member: reads[host.mailbox.object_id] for host in some}
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
