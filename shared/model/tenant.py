"""Microsoft's side: tenants, their directory users and mailboxes' names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.model.announcement import Outbox, State


class MailboxKey(NamedTuple):
    """A directory user's mailbox. Never an address: addresses are reassigned, object ids are not."""

    tenant_id: str
    object_id: str


@dataclass(frozen=True)
class DirectoryUser:
    """What matching needs to know about a user of a tenant's directory; kept in memory only."""

    id: str
    display_name: str
    user_principal_name: str
    mail: str | None = None
    smtp_addresses: tuple[str, ...] = ()
    """Primary and alias addresses from `proxyAddresses`, SMTP entries only."""
    is_guest: bool = False
    is_enabled: bool = True


class TenantStatus(StrEnum):
    """How far the connection of a whole tenant is."""

    CONNECTING = "connecting"
    """Consent was given and is spreading through Microsoft."""
    CONNECTED = "connected"
    CONSENT_MISSING = "consent_missing"
    """No service principal: never consented, or the enterprise app was deleted."""
    APP_DISABLED = "app_disabled"
    PERMISSION_MISSING = "permission_missing"
    """The enterprise app exists but a granted permission was taken away."""
    WRONG_TENANT = "wrong_tenant"
    """The tenant owns none of the domains the activation link expected."""
    DISCONNECTING = "disconnecting"
    """An admin of the organization ended the connection, and what it left is being cleared away."""
    DISCONNECTED = "disconnected"
    """The last thing the platform is told of a tenant; then the row goes."""

    @property
    def is_leaving(self) -> bool:
        """Whether it is being disconnected, or is already."""
        return self in (TenantStatus.DISCONNECTING, TenantStatus.DISCONNECTED)

    @property
    def is_lost(self) -> bool:
        """Whether calendars cannot be read until an admin acts."""
        return self not in (TenantStatus.CONNECTING, TenantStatus.CONNECTED)


@dataclass(frozen=True)
class Tenant:
    """A Microsoft 365 tenant connected to an organization."""

    id: str
    status: TenantStatus
    consented_by: str
    """Object id of the Microsoft admin whose proof connected the tenant."""
    consented_at: datetime
    expected_domains: tuple[str, ...] = ()
    reason: str | None = None
    """Microsoft's error code behind a lost status."""
    delta_link: str | None = None
    """Where the next directory delta round continues."""
    not_before: datetime | None = None
    """Until when the directory is left alone, because Microsoft asked for it or did not answer."""
    again_at: datetime | None = None
    """When a message comes that makes the next pass; others need not wait for that."""
    domains: tuple[str, ...] = ()
    """Domains the tenant is seen to own."""
    missed_pushes: int = 0
    """Mailboxes with a change that Graph should have told of lately, and did not."""
    in_scope: int | None = None
    """Members' mailboxes that could be read when they were last tried."""
    out_of_scope: int | None = None
    """Members' mailboxes that Microsoft did not let us into."""
    synced_at: datetime | None = None
    """When the last complete directory round began."""
    outbox: Outbox = field(default=Outbox(), compare=False)
    """What the platform is still to be told; kept by the table, whatever a writer says."""

    @property
    def state(self) -> State:
        """What the platform is told of."""
        return State(self.status, self.reason, self.id)

    @property
    def may_be_searched(self) -> bool:
        """Whether single people may be looked for in its directory: it was read to its end, and is the right one.

        Only a whole round shows that the tenant owns a domain which the activation link expected.
        """
        return (
            self.synced_at is not None and self.status is not TenantStatus.WRONG_TENANT and not self.status.is_leaving
        )
