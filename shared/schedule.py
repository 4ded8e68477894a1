"""Which of a tenant's calendars are read though nobody told of a change to them.

- Those whose time has come: every six hours, when a subscription is to be renewed, when a failure is tried again.
- Those that somebody joined or left.
- All of them, when the tenant has just let us in (again).
- Those whose subscription ended without a word, which each pass of the timer finds out.
- While a push was missed in the tenant: those not read within ten minutes (`push_health`).
- A few, while all are refused, to see whether they still are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from shared.messages import GROUP, Reason, calendar_syncs
from shared.model import ConnectionStatus, Mailbox, MailboxKey, Tenant, TenantStatus
from shared.push_health import WATCH, has_missed, to_watch
from shared.storage.queue import Queues
from shared.storage.tables import Tables
from shared.subscriptions import Pushes

PROBES = 3
"""Calendars tried by a pass while all are refused."""


class Schedule:
    """Sends the calendar messages that follow from a look at a tenant."""

    def __init__(self, tables: Tables, queues: Queues, pushes: Pushes) -> None:
        self._tables = tables
        self._queues = queues
        self._pushes = pushes

    def let_in(self, tenant_id: str, moved: Collection[MailboxKey], began: datetime) -> None:
        """The tenant has just let us in: read all of it."""
        everybody = {mailbox.key for mailbox in self._tables.mailboxes.of_tenant(tenant_id)}
        self.read({*moved, *everybody}, began, Reason.CHANGED)

    def inspect(self, tenant: Tenant, began: datetime) -> int:
        """Read whatever has its time, and what nobody tells of; how many mailboxes missed a push."""
        self.read(keys(self._tables.mailboxes.due(tenant.id, began)), None, Reason.SCHEDULE)
        mailboxes = list(self._tables.mailboxes.of_tenant(tenant.id))
        if tenant.status is TenantStatus.PERMISSION_MISSING:
            denied = [mailbox for mailbox in mailboxes if mailbox.status is ConnectionStatus.OUT_OF_SCOPE]
            self.read(keys(denied[:PROBES]), began, Reason.CHANGED)
        lost = set(self._pushes.check(tenant.id, mailboxes))
        # One that fails has a time of its own, and its next read that succeeds makes the subscription true too.
        self.read(keys(m for m in mailboxes if m.key.object_id in lost and not m.failures), began, Reason.REMOVED)
        missed = sum(has_missed(mailbox, began) for mailbox in mailboxes)
        if missed:
            self.read(keys(to_watch(mailboxes, began)), began - WATCH, Reason.SCHEDULE)
        return missed

    def end_all(self, tenant_id: str) -> None:
        """End subscriptions of a tenant in which nobody has a mailbox any more."""
        self._pushes.end_all(tenant_id)

    def read(self, mailboxes: Collection[MailboxKey], since: datetime | None, reason: Reason) -> None:
        """Have the calendars read; more than one message's worth goes where nobody else waits behind it."""
        by_tenant: dict[str, list[str]] = {}
        for key in sorted(mailboxes):
            by_tenant.setdefault(key.tenant_id, []).append(key.object_id)
        for tenant_id, object_ids in by_tenant.items():
            for message in calendar_syncs(tenant_id, object_ids, since, reason, bulk=len(object_ids) > GROUP):
                self._queues.send(message)


def keys(mailboxes: Iterable[Mailbox]) -> set[MailboxKey]:
    """The mailboxes' names."""
    return {mailbox.key for mailbox in mailboxes}
