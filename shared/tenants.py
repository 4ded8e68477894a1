"""What admins do with a connected tenant: look again, see what disconnecting it means, disconnect it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from shared.callers import Caller
from shared.errors import NotFound
from shared.messages import DirectorySync
from shared.model import Tenant, TenantStatus
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.tables import Tables
from shared.teardown import Preview, preview


class Tenants:
    """The tenants of organizations, as their admins command them."""

    def __init__(self, tables: Tables, queues: Queues, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._queues = queues
        self._now = now

    def one(self, org: str, tenant_id: str) -> Tenant:
        """A tenant of the organization. Raises `NotFound`."""
        row = self._tables.tenants.get(org, tenant_id)
        if row is None or row.value.status is TenantStatus.DISCONNECTED:
            raise NotFound("There is no such tenant.")
        return row.value

    def resync(self, caller: Caller, tenant_id: str) -> Tenant:
        """Have the directory read and everybody's calendars that are due. Raises `NotFound`."""
        tenant = self.one(caller.org, tenant_id)
        self._audit(caller, "tenant.resync_asked", tenant_id)
        self._queues.send(DirectorySync(caller.org, tenant_id, self._now()))
        return tenant

    def preview(self, org: str, tenant_id: str) -> Preview:
        """What disconnecting the tenant means. Raises `NotFound`."""
        self.one(org, tenant_id)
        return preview(tenant_id, [row.value for row in self._tables.connections.rows(org)])

    def disconnect(self, caller: Caller, tenant_id: str) -> Tenant:
        """Begin to disconnect the tenant; from now on it goes on by itself. Raises `NotFound`."""
        before = self.one(caller.org, tenant_id)
        if before.status is not TenantStatus.DISCONNECTING:
            self._audit(caller, "tenant.disconnected", tenant_id)
        after = self._tables.tenants.change(caller.org, tenant_id, lambda tenant: tenant and leaving(tenant))
        self._queues.send(DirectorySync(caller.org, tenant_id, self._now()))
        return after or before

    def _audit(self, caller: Caller, action: str, tenant_id: str) -> None:
        self._tables.audit.record(caller.org, Entry(self._now(), caller.subject, action, tenant_id))


def leaving(tenant: Tenant) -> Tenant:
    """The tenant once its disconnection has begun."""
    begun = replace(tenant, status=TenantStatus.DISCONNECTING, reason=None, delta_link=None)
    return replace(begun, not_before=None, again_at=None)
