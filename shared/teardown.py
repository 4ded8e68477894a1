"""A tenant disconnected: calendars forgotten, subscriptions ended, everybody told; whatever interrupts it.

The tenant's row says `disconnecting` until all of it is done, and every look at the tenant goes on where the last one
stopped: members are unbound first, which deletes what was read of their calendars; then mailboxes that nobody of any
organization uses any more are let go of, at Microsoft first; the row goes last. Another organization's connection
to the same tenant, and the audit trail, stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.connections import Connections
from shared.matching import elsewhere
from shared.messages import DirectorySync, Reason
from shared.model import Connection, ConnectionStatus, MailboxKey, Tenant, TenantStatus
from shared.policy import KEPT_OUT
from shared.schedule import Schedule
from shared.storage.audit import SYSTEM, Entry
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables


@dataclass(frozen=True)
class Preview:
    """What disconnecting a tenant means for the organization's members."""

    connected: int
    """Whose calendar is read."""
    without_calendar: int
    """Of those: who have no other calendar then."""
    found_elsewhere: int
    """Of those: who will be looked for in another tenant, where they were seen."""


def preview(tenant_id: str, connections: list[Connection]) -> Preview:
    """Who loses what."""
    read = [c for c in connections if c.tenant_id == tenant_id and c.has_calendar]
    elsewhere = sum(bool(c.also_found) for c in read)
    return Preview(len(read), len(read) - elsewhere, elsewhere)


def unbound(connection: Connection, tenant_id: str, now: datetime, detail: str | None = None) -> Connection:
    """The connection without anything of this tenant; what people decided about it stays."""
    known = replace(
        connection,
        considered_in=tuple(other for other in connection.considered_in if other != tenant_id),
        also_found=elsewhere(connection, tenant_id),
    )
    if connection.tenant_id != tenant_id:
        return known
    kept = connection.status in KEPT_OUT
    return Connection(
        connection.member,
        connection.status if kept else ConnectionStatus.NOT_MATCHED,
        connection.changed_at if kept else now,
        connection.detail if kept else detail,
    )


class Teardown:
    """Carries a disconnection out."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        connections: Connections,
        schedule: Schedule,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._connections = connections
        self._schedule = schedule
        self._now = now

    def run(self, org: str, row: Row[Tenant]) -> bool:
        """Go on with the disconnection; whether it is done. Raises `EntityChanged`."""
        if not self.clear(org, row.key):
            return False
        self._finish(org, row)
        return True

    def clear(self, org: str, tenant_id: str) -> bool:
        """Take all that is the organization's out of the tenant; whether nothing is left. Raises `EntityChanged`."""
        self._schedule.read(self.unbind(org, tenant_id), self._now(), Reason.CHANGED)
        self._forget_choices(org, tenant_id)
        left, others = self._mailboxes(org, tenant_id)
        if left:
            self._schedule.read(left, self._now(), Reason.CHANGED)
            return False
        if not others:
            self._schedule.end_all(tenant_id)
        return True

    def unbind(self, org: str, tenant_id: str, detail: str | None = None) -> set[MailboxKey]:
        """Take every member of the organization out of the tenant; the mailboxes they leave."""
        changes = []
        for row in self._tables.connections.rows(org):
            after = unbound(row.value, tenant_id, self._now(), detail)
            if after != row.value:
                changes.append((row, after))
        return self._connections.save(org, changes, ())

    def _forget_choices(self, org: str, tenant_id: str) -> None:
        """Whom an admin named in the tenant is nobody's any more."""
        for row in self._tables.choices.rows(org):
            if row.value.mailbox is not None and row.value.mailbox.tenant_id == tenant_id:
                self._tables.audit.record_once(
                    org, Entry(self._now(), SYSTEM, "match.left_to_addresses", row.key, tenant_id)
                )
                self._tables.choices.replace(row, replace(row.value, mailbox=None))

    def _mailboxes(self, org: str, tenant_id: str) -> tuple[set[MailboxKey], int]:
        """The tenant's mailboxes that are still to be let go of, and how many others use."""
        found = Counter[str]()
        left = set()
        for mailbox in self._tables.mailboxes.of_tenant(tenant_id):
            ours = not mailbox.members or any(owner.org == org for owner in mailbox.members)
            found["ours" if ours else "others"] += 1
            if ours:
                left.add(mailbox.key)
        return left, found["others"]

    def _finish(self, org: str, row: Row[Tenant]) -> None:
        """Have the organization's other tenants look for its members, and forget the tenant."""
        for other in self._tables.tenants_of(org):
            if other.key != row.key:
                self._queues.send(DirectorySync(org, other.key, self._now()))
        self._tables.audit.record_once(org, Entry(self._now(), SYSTEM, "tenant.removed", row.key))
        self._tables.tenants.retire(row, replace(row.value, status=TenantStatus.DISCONNECTED))
