"""Everything the simulated Microsoft knows: tenants, people, mailboxes, consents and subscriptions.

Plain data, no HTTP and no threads: the simulator's single event loop is the only writer, so nothing is locked.
Vocabulary follows Entra ID and Microsoft Graph.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from local.microsoft.clock import Clock
from local.microsoft.entra.grants import Grants
from local.microsoft.entra.keys import KeyRing
from local.microsoft.faults import Faults
from local.microsoft.graph.throttle import Throttle
from local.microsoft.late_writes import LateWrites
from local.microsoft.switches import Switches

if TYPE_CHECKING:
    from local.microsoft.graph.delivery import Delivery

Json = dict[str, Any]

PRIMARY_CALENDAR = "AAMkCalendar"
"""Id of the calendar every mailbox has."""


@dataclass
class FederatedCredential:
    """An identity whose tokens an app registration accepts in place of a certificate."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass
class ManagedIdentity:
    """A user-assigned identity of the machine our service runs on."""

    client_id: str
    principal_id: str
    tenant_id: str
    """The tenant in which identity and app registration live."""


@dataclass
class AppRegistration:
    """Our multi-tenant application as its home tenant registered it."""

    client_id: str
    display_name: str
    redirect_uris: set[str]
    certificates: list[bytes] = field(default_factory=list)
    """PEM certificates whose private keys may sign client assertions."""
    federated_credentials: list[FederatedCredential] = field(default_factory=list)
    app_roles: set[str] = field(default_factory=lambda: {"User.Read.All", "Calendars.ReadWrite"})
    """Application permissions that `.default` asks for."""
    delegated_scopes: set[str] = field(default_factory=lambda: {"User.Read", "Calendars.ReadWrite"})
    group_membership_claims: Literal["None", "All", "DirectoryRole"] = "DirectoryRole"
    """`All` and `DirectoryRole` put `wids` into tokens."""


@dataclass
class ServicePrincipal:
    """An app's presence in one tenant: created by admin consent, holder of the granted app roles."""

    client_id: str
    object_id: str
    roles: set[str]
    enabled: bool = True
    visible_at: datetime | None = None
    """Token endpoint and Graph see the consent only from this moment on (propagation)."""
    spreading: tuple[datetime, set[str]] | None = None
    """Roles of a later consent, and when they take the place of `roles`."""


@dataclass
class Event:
    """A calendar item as stored: a single instance or a series master with its exceptions."""

    id: str
    fields: Json
    """Graph's event resource (subject, body, start, end, showAs, isAllDay, recurrence, attendees ...)."""
    change_key: str
    transaction_id: str | None = None
    cancelled_occurrences: set[str] = field(default_factory=set)
    """Original start dates (`YYYY-MM-DD` in the series' zone) of deleted occurrences."""
    exceptions: dict[str, Json] = field(default_factory=dict)
    """Changed occurrences by original start date: the fields that differ, with an own `id`."""
    calendar_id: str = PRIMARY_CALENDAR
    immutable_id: str = ""
    """Stays the same when the event moves to another calendar; `id` does not."""
    posted: Json | None = None
    """The body it was created from; tells an identical retry from a reused transactionId."""


@dataclass
class SharedCalendar:
    """Somebody's calendar as it shows up in the mailbox of somebody else."""

    name: str
    tenant_id: str
    user_id: str
    calendar_id: str
    """Its id in its owner's mailbox."""
    can_edit: bool = False


@dataclass
class Mailbox:
    """An Exchange Online mailbox."""

    time_zone: str = "UTC"
    kind: Literal["user", "shared", "room"] = "user"
    hosted: Literal["cloud", "on_premises"] = "cloud"
    events: dict[str, Event] = field(default_factory=dict)
    changes: list[tuple[int, str, Literal["created", "updated", "deleted"]]] = field(default_factory=list)
    """(sequence, event id, kind): what calendarView/delta rounds replay."""
    outbox: list[Json] = field(default_factory=list)
    """Invitations, updates and cancellations that Exchange sent."""
    calendars: dict[str, str] = field(default_factory=lambda: {PRIMARY_CALENDAR: "Calendar"})
    """Names by id; the primary calendar first."""
    left: dict[str, str] = field(default_factory=dict)
    """Immutable ids of events that were deleted or have moved, by the id they had."""
    shared: dict[str, SharedCalendar] = field(default_factory=dict)
    """Calendars of others that show up here, by the id they have here."""
    meeting_providers: dict[str, list[str]] = field(default_factory=dict)
    """Calendars with other providers of online meetings than the mailbox."""
    deleted_items: dict[str, Event] = field(default_factory=dict)
    """Events that were deleted, by the id they had."""
    online_meetings: bool = True
    """Whether Teams meetings can be made here."""
    read_only_calendars: set[str] = field(default_factory=set)
    """Ids of calendars in which nobody may write through Graph (`canEdit` is false)."""
    subscription_ids: set[str] = field(default_factory=set)
    """Subscriptions on this mailbox, over all apps."""
    subscriptions_made: int = 0
    """How many there ever were."""


@dataclass
class User:
    """A directory user."""

    id: str
    display_name: str
    user_principal_name: str
    mail: str | None = None
    proxy_addresses: list[str] = field(default_factory=list)
    user_type: Literal["Member", "Guest"] | None = "Member"
    account_enabled: bool = True
    role_templates: set[str] = field(default_factory=set)
    """Role template ids of active directory roles (`wids`)."""
    mailbox: Mailbox | None = None
    lost_mailbox: Mailbox | None = None
    """What a removed licence left behind; comes back with the licence."""
    home_tenant_id: str | None = None
    """For guests: where the account really lives."""
    deleted_at: datetime | None = None
    """Soft deletion; restorable until the entry is removed for good."""


@dataclass
class Tenant:
    """An Entra ID tenant with its directory."""

    id: str
    display_name: str
    domains: list[str]
    users: dict[str, User] = field(default_factory=dict)
    principals: dict[str, ServicePrincipal] = field(default_factory=dict)
    """By client id."""
    directory_changes: list[tuple[int, str, Literal["changed", "deleted"]]] = field(default_factory=list)
    """(sequence, user id, kind): what users/delta rounds replay."""
    changed_fields: dict[int, frozenset[str]] = field(default_factory=dict)
    """Graph's names of the properties that a directory change touched, by its sequence."""
    delta_rounds: dict[str, dict[str, frozenset[str] | None]] = field(default_factory=dict)
    """users/delta rounds under way, by id: user id to the properties changed (None: the whole user)."""
    mailbox_access: Literal["entra", "rbac"] = "entra"
    """`rbac`: calendars are granted by RBAC for Applications, tokens carry no calendar role."""
    rbac_scope: set[str] = field(default_factory=set)
    """User ids in the management scope, when `mailbox_access` is `rbac`."""
    denied_mailboxes: set[str] = field(default_factory=set)
    """User ids an application access policy keeps the app out of."""
    user_consent: Literal["allowed", "admin_only", "admin_workflow"] = "allowed"
    """Who grants delegated permissions: each user, only administrators, or administrators who can be asked."""


@dataclass
class Subscription:
    """A change-notification subscription on one mailbox's events."""

    id: str
    client_id: str
    tenant_id: str
    user_id: str
    fields: Json
    """The subscription resource as created (changeType, resource, notificationUrl, clientState ...)."""
    expires_at: datetime
    token_expires_at: datetime
    """Delivery pauses when the token it was created or renewed with lapses."""
    last_renewal: tuple[str, datetime] | None = None
    """How (`renewed`, `reauthorized`) and when it was last kept alive."""
    reminded_at: datetime | None = None
    """When reauthorizationRequired was last sent."""
    calendar_id: str | None = None
    """The one calendar that is watched; None for the whole mailbox."""
    by_user: str | None = None
    """The signed-in user whose token it was created with; None for an app by itself."""
    immutable_ids: bool = False
    """Whether notifications carry immutable event ids."""
    removed: bool = False


@dataclass
class World:
    """The whole simulated Microsoft."""

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    switches: Switches = field(default_factory=Switches)
    keys: KeyRing = field(default_factory=KeyRing)
    """What Entra ID signs tokens with."""
    grants: Grants = field(default_factory=Grants)
    """Codes, refresh tokens and user consents."""
    consent_delay: timedelta = timedelta()
    """How long after an admin's consent the token endpoint still answers as before."""
    managed_identities: dict[str, ManagedIdentity] = field(default_factory=dict)
    """By client id."""
    identity_header: str = "local-identity-header"
    """The secret that IDENTITY_HEADER hands to a process with a managed identity."""
    apps: dict[str, AppRegistration] = field(default_factory=dict)
    """By client id."""
    tenants: dict[str, Tenant] = field(default_factory=dict)
    """By tenant id."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    throttle: Throttle = field(default_factory=Throttle)
    late_writes: LateWrites = field(default_factory=LateWrites)
    delivery: Delivery | None = None
    """The sender of change notifications, once something was to be sent."""
    randomness: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - repeatable on purpose
    """Decides arbitrary orders and ids; seeded, so that a run can be repeated."""
    sequence: int = 0
    """Grows with every change anywhere; orders delta rounds."""
    requests: deque[Json] = field(default_factory=lambda: deque(maxlen=200_000))
    """The request log: time, method, host, path, query, tenant, user, status, milliseconds; batch items singly."""

    def next_sequence(self) -> int:
        """A new position in the order of all changes."""
        self.sequence += 1
        return self.sequence

    def find_user(self, tenant_id: str, key: str) -> User | None:
        """The user with this object id or user principal name (Graph accepts both), deleted ones excluded."""
        users = self.tenants[tenant_id].users
        user = users.get(key) or next(
            (u for u in users.values() if u.user_principal_name.lower() == key.lower()), None
        )
        return user if user is not None and user.deleted_at is None else None
