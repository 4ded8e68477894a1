"""The product's vocabulary as values: people, tenants, connections, calendars. No I/O, nothing vendor-specific.

All datetimes are UTC-aware; all identifiers are the platform's (organization, member) or Microsoft's
(tenant id, object id) own.
"""

from shared.model.activation import ActivationLink, AdminProof, LinkStep
from shared.model.announcement import Announcement, Outbox, State
from shared.model.calendar import BusyBlock, BusyStatus, Freshness, Snapshot, Window
from shared.model.connection import Connection, ConnectionStatus, Mailbox, Push
from shared.model.dead_letter import DeadLetter
from shared.model.organization import Member, MemberKey, Role
from shared.model.tenant import DirectoryUser, MailboxKey, Tenant, TenantStatus

__all__ = [
    "ActivationLink",
    "AdminProof",
    "Announcement",
    "BusyBlock",
    "BusyStatus",
    "Connection",
    "ConnectionStatus",
    "DeadLetter",
    "DirectoryUser",
    "Freshness",
    "LinkStep",
    "Mailbox",
    "MailboxKey",
    "Member",
    "MemberKey",
    "Outbox",
    "Push",
    "Role",
    "Snapshot",
    "State",
    "Tenant",
    "TenantStatus",
    "Window",
]
