"""The product's vocabulary as values: people, tenants, connections, calendars. No I/O, nothing vendor-specific.

All datetimes are UTC-aware; all identifiers are the platform's (organization, member) or Microsoft's
(tenant id, object id) own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a caller is to the organization."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"
    SERVICE = "service"


class MemberKey(NamedTuple):
    """A member of an organization, as the platform names them."""

    org: str
    member: str


class MailboxKey(NamedTuple):
    """A directory user's mailbox. Never an address: addresses are reassigned, object ids are not."""

    tenant_id: str
    object_id: str


@dataclass(frozen=True)
class Member:
    """A person on the platform's roster."""

    id: str
    name: str
    addresses: tuple[str, ...]
    """Normalised (see `matching.normalise`)."""
    time_zone: str | None = None
    """IANA name; decides which instants an all-day event blocks."""


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
    domains: tuple[str, ...] = ()
    """Domains the tenant is seen to own."""
    synced_at: datetime | None = None
    """When the last complete directory round began."""


class ConnectionStatus(StrEnum):
    """The state of a member's connection; codes are stable API."""

    CONNECTED = "connected"
    CONNECTING = "connecting"
    STALE = "stale"
    NOT_MATCHED = "not_matched"
    AMBIGUOUS = "ambiguous"
    OUT_OF_SCOPE = "out_of_scope"
    NO_MAILBOX = "no_mailbox"
    DISABLED_IN_DIRECTORY = "disabled_in_directory"
    EXCLUDED = "excluded"
    USER_DISCONNECTED = "user_disconnected"
    PERMISSION_LOST = "permission_lost"
    RECONNECT_REQUIRED = "reconnect_required"
    THROTTLED = "throttled"


@dataclass(frozen=True)
class Connection:
    """A member's Outlook connection, or the reason there is none."""

    member: str
    status: ConnectionStatus
    changed_at: datetime
    detail: str | None = None
    """A stable code that narrows the status, e.g. `guest_only` or `address_reassigned`."""
    tenant_id: str | None = None
    object_id: str | None = None
    mailbox_address: str | None = None
    """User principal name at the last match; for people to recognise, never for identity."""
    matched_address: str | None = None
    """The roster address the match rests on."""
    considered: tuple[str, ...] = ()
    """The roster addresses that were looked for; when the roster has others, it is time to match again."""
    considered_in: tuple[str, ...] = ()
    """Ids of the tenants in which they were looked for."""

    @property
    def mailbox(self) -> MailboxKey | None:
        """The mailbox this connection is bound to."""
        if self.tenant_id is None or self.object_id is None:
            return None
        return MailboxKey(self.tenant_id, self.object_id)

    @property
    def active_mailbox(self) -> MailboxKey | None:
        """The mailbox whose calendar is read for this member; None while the status says not to."""
        return self.mailbox if self.status in _READ else None


_READ = frozenset(
    {
        ConnectionStatus.CONNECTED,
        ConnectionStatus.CONNECTING,
        ConnectionStatus.STALE,
        ConnectionStatus.OUT_OF_SCOPE,
        ConnectionStatus.NO_MAILBOX,
        ConnectionStatus.PERMISSION_LOST,
        ConnectionStatus.THROTTLED,
    }
)
"""Statuses that came of trying to read the calendar, which is therefore tried again."""


@dataclass(frozen=True)
class Mailbox:
    """A mailbox that at least one member's connection uses: whose it is, how push and reads stand."""

    key: MailboxKey
    members: tuple[MemberKey, ...] = ()
    subscription_id: str | None = None
    subscription_expires_at: datetime | None = None
    read_at: datetime | None = None
    """When the last successful read began: every change before that is in the snapshot."""
    due_at: datetime | None = None
    """When it must be read or renewed even if nobody notifies; None when it belongs to nobody."""
    status: ConnectionStatus = ConnectionStatus.CONNECTING
    """What its members' connections were last told."""
    failures: int = 0
    """Reads in a row that did not succeed."""


class BusyStatus(StrEnum):
    """How a block of time is taken; Graph's `showAs` without `free`."""

    BUSY = "busy"
    TENTATIVE = "tentative"
    OOF = "oof"
    WORKING_ELSEWHERE = "workingElsewhere"
    UNKNOWN = "unknown"
    """Not known to be free."""


class Window(NamedTuple):
    """A half-open span of time, UTC."""

    start: datetime
    end: datetime


class BusyBlock(NamedTuple):
    """A span in which somebody is not free, and nothing else about it."""

    start: datetime
    end: datetime
    status: BusyStatus


@dataclass(frozen=True)
class Snapshot:
    """One complete read of a calendar."""

    window: Window
    blocks: tuple[BusyBlock, ...]
    read_at: datetime
    """When the read began."""
    unreadable_since: datetime | None = None
    """Set when a later read failed; the blocks are then the last that were seen."""
    reason: ConnectionStatus | None = None
    """Why the later read failed."""


class Freshness(StrEnum):
    """How far an answer about somebody's time can be believed."""

    FRESH = "fresh"
    STALE = "stale"
    UNKNOWN = "unknown"


class LinkStep(StrEnum):
    """How far somebody came with an activation link."""

    CREATED = "created"
    STARTED = "started"
    """Somebody went to sign in."""
    REFUSED = "refused"
    """Somebody signed in who may not connect; the link is still good for the right person."""
    APPROVING = "approving"
    """The right person signed in and was sent to grant the permissions."""
    CONNECTED = "connected"
    """Used up."""
    REVOKED = "revoked"


@dataclass(frozen=True)
class AdminProof:
    """What a validated ID token said about the person who signed in through a link."""

    tenant_id: str
    object_id: str
    name: str


@dataclass(frozen=True)
class ActivationLink:
    """An invitation to connect a tenant, for whoever can grant it; the token itself is never stored."""

    id: str
    token_hash: str
    organization_name: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    expected_domains: tuple[str, ...] = ()
    step: LinkStep = LinkStep.CREATED
    reason: str | None = None
    """Why the last attempt was refused."""
    browser_hash: str | None = None
    """Of the cookie that ties the present attempt to one browser."""
    state_hash: str | None = None
    """Of the one state that may come back next."""
    sign_in: str | None = None
    """The sign-in under way: PKCE verifier and nonce, as JSON. Dropped when it ends."""
    proof: AdminProof | None = None
    tenant_id: str | None = None
    """The tenant it connected."""

    def is_open(self, now: datetime) -> bool:
        """Whether the link can still be used."""
        return self.step not in (LinkStep.CONNECTED, LinkStep.REVOKED) and now < self.expires_at
