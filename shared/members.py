"""The platform's roster, and what follows from changing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from shared.bookings.agenda import forgotten
from shared.connections import Connections
from shared.errors import Conflict, EntityChanged, NotFound
from shared.messages import CalendarSync, DirectorySync, Reason
from shared.model import Booking, MailboxKey, Member, MemberKey, Tenant
from shared.roster import Difference, difference
from shared.storage.audit import Entry
from shared.storage.point_reads import point_reads
from shared.storage.queue import Queues
from shared.storage.tables import Tables

TRIES = 3
"""How often a roster is compared anew when other calls change it meanwhile."""


class Members:
    """Reads and writes rosters; every change sets off a look at the organization's tenants."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        connections: Connections,
        forget_own: Callable[[MemberKey], None],
        now: Callable[[], datetime],
    ) -> None:
        """`forget_own` removes members' own connections, where they have one."""
        self._tables = tables
        self._queues = queues
        self._connections = connections
        self._forget_own = forget_own
        self._now = now

    def replace_all(self, org: str, actor: str, roster: dict[str, Member]) -> Difference:
        """Make this the whole roster. Interrupted and repeated, it ends the same. Raises `Conflict`."""
        for _ in range(TRIES):
            try:
                done = self._replaced(org, roster)
            except EntityChanged:
                continue
            self._tables.audit.record(org, Entry(self._now(), actor, "roster.replaced", str(len(roster))))
            self._look_again(org)
            return done
        raise Conflict("The roster is being changed by other calls; send it again when they are done.")

    def _replaced(self, org: str, roster: dict[str, Member]) -> Difference:
        rows = {row.key: row for row in self._tables.members.rows(org)}
        done = difference({key: row.value for key, row in rows.items()}, roster)
        self._tables.members.save_all(org, ((rows.get(m.id), m.id, m) for m in (*done.added, *done.changed)))
        self._tables.members.delete_all(org, done.removed)
        self._forget(org, done.removed)
        for member in done.changed:
            self._move(org, rows[member.id].value, member)
        return done

    def put(self, org: str, actor: str, member: Member) -> bool:
        """Add or change one member; whether they are new."""
        before = self._tables.members.get(org, member.id)
        self._tables.members.put(org, member.id, member)
        if before is not None:
            self._move(org, before.value, member)
        action = "member.changed" if before else "member.added"
        self._tables.audit.record(org, Entry(self._now(), actor, action, member.id))
        self._look_again(org)
        return before is None

    def remove(self, org: str, actor: str, member_id: str) -> None:
        """Take a member off the roster, with all that was read of their calendar. Raises `NotFound`.

        Cut short and called again, it goes on with what is left of them.
        """
        traces = (self._tables.members, self._tables.connections, self._tables.own_connections)
        if all(table.get(org, member_id) is None for table in traces):
            raise NotFound("There is no such member.")
        self._tables.audit.record(org, Entry(self._now(), actor, "member.removed", member_id))
        self._tables.members.delete(org, member_id)
        self._forget(org, [member_id])
        self._look_again(org)

    def zones(self, org: str, member_ids: Sequence[str]) -> dict[str, str | None]:
        """The time zones of some members, as the roster has them; who is not on it has none."""
        rows = point_reads(lambda member_id: self._tables.members.get(org, member_id), member_ids)
        return {member_id: row.value.time_zone for member_id, row in rows.items() if row}

    def tenants(self, org: str) -> dict[str, Tenant]:
        """The organization's tenants by id: what a member's state is seen against."""
        return {row.key: row.value for row in self._tables.tenants_of(org)}

    def _forget(self, org: str, member_ids: Sequence[str]) -> None:
        """Connections and calendars of who left go at once; subscriptions as soon as Microsoft answers.

        The member is gone already: from then on nobody reads the calendar any more. The calendars go last: by then
        nobody writes it any more. Bookings are forgotten too; their events belong to the member.
        """
        for key in self._disconnected(org, member_ids):
            self._read(key)
        for member_id in member_ids:
            owner = MemberKey(org, member_id)
            self._forget_own(owner)
            self._tables.calendars.delete_all(owner)
            for booking in list(self._tables.bookings_of(owner)):
                self._tables.bookings.delete(booking.partition, booking.key)
                self._let_go(org, booking.value)

    def _disconnected(self, org: str, member_ids: Sequence[str]) -> set[MailboxKey]:
        """Remove connections, whatever else is just written of them; the mailboxes that lost somebody."""
        while True:
            rows = [row for member_id in member_ids if (row := self._tables.connections.get(org, member_id))]
            with suppress(EntityChanged):
                return self._connections.save(org, (), rows)

    def _let_go(self, org: str, booking: Booking) -> None:
        """The other hosts' time is what Outlook says it is: nobody looks after the booking any more."""
        for host in booking.hosts[1:]:
            self._tables.calendars.change_agenda(
                MemberKey(org, host.member), lambda now: forgotten(now, booking.lead.member, booking.id)
            )

    def _move(self, org: str, before: Member, after: Member) -> None:
        """Whole days lie elsewhere in another time zone: the calendar is read anew."""
        if before.time_zone == after.time_zone:
            return
        row = self._tables.connections.get(org, after.id)
        if row is not None and row.value.active_mailbox is not None:
            self._read(row.value.active_mailbox)
        own = self._tables.own_connection(MemberKey(org, after.id))
        if own is not None:
            self._read(own.mailbox)

    def _read(self, key: MailboxKey) -> None:
        self._queues.send(CalendarSync(key.tenant_id, (key.object_id,), self._now(), Reason.CHANGED))

    def _look_again(self, org: str) -> None:
        for row in self._tables.tenants_of(org):
            self._queues.send(DirectorySync(org, row.key, self._now()))
