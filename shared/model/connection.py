"""A member's connection, and the mailbox behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zlib import crc32

from shared.model.announcement import Outbox, State
from shared.model.organization import MemberKey
from shared.model.tenant import MailboxKey


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


class Detail(StrEnum):
    """Our own codes that narrow a status; codes of Microsoft's stand beside them. They are stable API."""

    GUEST_ONLY = "guest_only"
    ADDRESS_REASSIGNED = "address_reassigned"
    USER_REMOVED = "user_removed"
    SEVERAL_USERS = "several_users"
    SEVERAL_MEMBERS = "several_members"
    CHOSEN_USER_REMOVED = "chosen_user_removed"
    """The directory user an admin chose is gone."""
    WRONG_TENANT = "wrong_tenant"
    """The tenant it was bound in turned out to be none of the organization's."""
    NOT_IN_ROLLOUT = "not_in_rollout"
    """The policy's scope leaves the member out."""
    OWN_CONNECTION = "own_connection"
    """The member connected an account of their own instead."""
    CALENDAR_UNREADABLE = "calendar_unreadable"
    """A calendar that somebody shares with the member cannot be read; all others are."""
    SYNC_FAILED = "sync_failed"
    """The calendar's message failed for good."""


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
    candidates: tuple[str, ...] = ()
    """Object ids of the users an ambiguous member could be; when one of them changes, it is time to match again."""
    chosen: MailboxKey | None = None
    """The directory user whom an admin had chosen when this was decided."""
    also_found: tuple[MailboxKey, ...] = ()
    """Users of other tenants who would be the member too; the tenant that found them first keeps them."""
    outbox: Outbox = field(default=Outbox(), compare=False)
    """What the platform is still to be told; kept by the table, whatever a writer says."""

    @property
    def state(self) -> State:
        """What the platform is told of."""
        return State(self.status, self.detail, self.tenant_id)

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

    @property
    def has_calendar(self) -> bool:
        """Whether a calendar is read through it, as far as is known: what people are told when it is to end."""
        return self.active_mailbox is not None and self.status not in _WITHOUT


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
_WITHOUT = frozenset({ConnectionStatus.OUT_OF_SCOPE, ConnectionStatus.NO_MAILBOX})
"""Of those: in which there is nothing to read."""


@dataclass(frozen=True)
class Push:
    """How change notifications stand with a mailbox."""

    subscription_id: str | None = None
    granted_at: datetime | None = None
    """When it was created or last renewed."""
    expires_at: datetime | None = None
    retry_at: datetime | None = None
    """Set after a failure: when to try again."""
    key_id: str | None = None
    """Which key signed its client state."""

    @property
    def act_at(self) -> datetime | None:
        """When something must be done: at about half of the granted life, or when a failure is tried again.

        None where nothing was ever granted or refused: at once. Subscriptions made together are not renewed
        together: each has a share of its own between four and six tenths.
        """
        if self.retry_at is not None:
            return self.retry_at
        if self.granted_at is None or self.expires_at is None:
            return None
        share = 0.4 + 0.2 * (crc32((self.subscription_id or "").encode()) / 2**32)
        return self.granted_at + (self.expires_at - self.granted_at) * share


@dataclass(frozen=True)
class Mailbox:
    """A mailbox that at least one member's connection uses: whose it is, how push and reads stand."""

    key: MailboxKey
    members: tuple[MemberKey, ...] = ()
    push: Push = Push()
    read_at: datetime | None = None
    """When the last successful read began: every change before that is in the snapshot."""
    due_at: datetime | None = None
    """When it must be read or renewed even if nobody notifies; None when it belongs to nobody."""
    claimed_at: datetime | None = None
    """Since when somebody reads it. Nobody else does so meanwhile."""
    claimed_by: str | None = None
    """The queue's id of the message that does. When its process dies it comes back, and knows the claim."""
    left: tuple[MemberKey, ...] = ()
    """Who left while it was read: what that read may still write for them is to be deleted."""
    again_at: datetime | None = None
    """When a message comes that reads everything told until then."""
    not_before: datetime | None = None
    """Until when Microsoft asked to leave it alone; a message comes then."""
    told_at: datetime | None = None
    """When Graph last told of a change, as far as that was worth noting."""
    suspected_at: datetime | None = None
    """When a read found a change that nobody had told of; Graph may still be about to."""
    missed_at: datetime | None = None
    """When it was last certain that Graph had not told of a change."""
    compared_at: datetime | None = None
    """Of members' own: when Graph was last asked for the account's subscriptions."""
    disputed_since: datetime | None = None
    """Since when it lists somebody whose connection says otherwise."""
    status: ConnectionStatus = ConnectionStatus.CONNECTING
    """What its members' connections were last told."""
    failures: int = 0
    """Reads in a row that did not succeed."""
