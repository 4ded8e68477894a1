"""A member's own Outlook: the account they connected themselves, and the mailbox behind it as the product names it.

The mailbox is named by the member, not by the account: whatever account they choose, it is the member's one own
calendar. Its "tenant" is one of a few that stand for no tenant of Microsoft's, so that all that is done for a
tenant's mailboxes (messages, subscriptions, the schedule) is done for members' own ones too, in even shares.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from shared.model.announcement import Outbox, State
from shared.model.connection import ConnectionStatus
from shared.model.organization import MemberKey
from shared.model.tenant import MailboxKey

MANAGED = "managed"
"""The id of the connection that the organization made."""
PERSONAL = "personal"
"""The id of a member's own connection, and its source."""
_NAMES = uuid.UUID("0f3c2a56-6f0d-5f4e-9a55-7f1d9f6f2a10")
SHARDS = tuple(f"5c1e7d90-93b4-5a0e-8f6a-2b7d4c9e10{number:02x}" for number in range(16))
"""What stands where a tenant's id does in names of members' own mailboxes; side by side, so that one query finds all.

Ids of our own, like those of tenants in shape only.
"""
_SHARDS = frozenset(SHARDS)


def is_own(tenant_id: str) -> bool:
    """Whether a mailbox of this "tenant" is one that its member connected."""
    return tenant_id in _SHARDS


def own_mailbox(owner: MemberKey) -> MailboxKey:
    """The name of a member's own mailbox; the same whatever account it is. The line between occurs in no id."""
    derived = uuid.uuid5(_NAMES, f"{owner.org}|{owner.member}")
    return MailboxKey(SHARDS[derived.int % len(SHARDS)], str(derived))


@dataclass(frozen=True)
class OwnConnection:
    """The Outlook that a member connected with an account of their own."""

    member: str
    mailbox: MailboxKey
    """As the product names it."""
    account: MailboxKey
    """Whose it is at Microsoft: tenant and object id of the proven ID token."""
    username: str
    """For the member to recognise, never for identity."""
    generation: int
    """Of the tokens: another one for each sign-in."""
    status: ConnectionStatus
    changed_at: datetime
    detail: str | None = None
    is_unsettled: bool = False
    """Whether the choice that keeps the managed connection out for it is still to be written: it is decided here."""
    outbox: Outbox = field(default=Outbox(), compare=False)
    """What the platform is still to be told; kept by the table, whatever a writer says."""

    @property
    def state(self) -> State:
        """What the platform is told of. Whose tenant it is concerns nobody there."""
        return State(self.status, self.detail, None)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left of it but to tell so."""
        return self.status is ConnectionStatus.USER_DISCONNECTED

    @property
    def active_mailbox(self) -> MailboxKey | None:
        """The mailbox, which is the member's while the connection is there, whether or not it can be read."""
        return None if self.is_over else self.mailbox
