"""How a tenant stands by what its mailboxes answered: pure decisions for `directory_sync`."""

from __future__ import annotations

from collections import Counter

from shared.directory_round import Roster
from shared.model import ConnectionStatus, Tenant, TenantStatus

MOST_DENIED = 2
"""From as many denied mailboxes on, with none that is not, it is no longer about single mailboxes."""

_UNSURE = (ConnectionStatus.CONNECTING, ConnectionStatus.STALE, ConnectionStatus.THROTTLED)
"""What says neither that Microsoft lets us into a mailbox nor that it does not."""


def standing(tenant: Tenant, roster: Roster) -> tuple[TenantStatus, str | None]:
    """How a tenant whose directory can be read stands, with the reason.

    One mailbox denied is out of scope; where several are and none is read, the calendar permission itself is gone,
    until one is read again. A consent just given is believed until the calendars have been tried.
    """
    found = _found(tenant, roster)
    unsure = 0 if tenant.status is TenantStatus.PERMISSION_MISSING else sum(found[status] for status in _UNSURE)
    none_read = not found[ConnectionStatus.CONNECTED] and not unsure
    denied = found[ConnectionStatus.OUT_OF_SCOPE] >= MOST_DENIED and none_read
    if denied and tenant.status is not TenantStatus.CONNECTING:
        return TenantStatus.PERMISSION_MISSING, "calendars_denied"
    return TenantStatus.CONNECTED, None


def let_into(tenant: Tenant, roster: Roster) -> tuple[int, int]:
    """How many mailboxes Microsoft lets us into, and how many it does not, as of the last time each was tried."""
    found = _found(tenant, roster)
    tried = sum(found[status] for status in (ConnectionStatus.CONNECTED, ConnectionStatus.STALE))
    return tried + found[ConnectionStatus.THROTTLED], found[ConnectionStatus.OUT_OF_SCOPE]


def _found(tenant: Tenant, roster: Roster) -> Counter[ConnectionStatus]:
    bound = [row.value for row in roster.connections.values() if row.value.tenant_id == tenant.id]
    return Counter(connection.status for connection in bound if connection.active_mailbox)
