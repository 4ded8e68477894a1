"""The product's vocabulary as values: people, tenants, connections, calendars. No I/O, nothing vendor-specific.

All datetimes are UTC-aware; all identifiers are the platform's (organization, member) or Microsoft's
(tenant id, object id) own.
"""

from shared.model.activation import ActivationLink, AdminProof, LinkStep
from shared.model.agenda import Agenda, Claim, Kept
from shared.model.announcement import Announcement, Outbox, State
from shared.model.audit import Entry, Sought
from shared.model.booking import Booking, BookingStatus, Change, Doing, Hosted, Invited, News, Response, Work
from shared.model.calendar import BusyBlock, BusyStatus, Combine, Freshness, Snapshot, Window
from shared.model.connection import Connection, ConnectionStatus, Detail, Mailbox, Push
from shared.model.dead_letter import DeadLetter
from shared.model.meeting import Content, Invitee, Sensitivity
from shared.model.organization import Member, MemberKey, Role
from shared.model.own_connection import MANAGED, PERSONAL, SHARDS, OwnConnection, is_own, own_mailbox
from shared.model.personal import ConnectionKey, KeptTokens, SignInAttempt
from shared.model.policy import Choice, Decided, Policy, Scope, UnknownRule
from shared.model.selection import DEFAULT, CalendarKey, Checked, Selection, Selections
from shared.model.tenant import DirectoryUser, MailboxKey, Tenant, TenantStatus

__all__ = [
    "DEFAULT",
    "MANAGED",
    "PERSONAL",
    "SHARDS",
    "ActivationLink",
    "AdminProof",
    "Agenda",
    "Announcement",
    "Booking",
    "BookingStatus",
    "BusyBlock",
    "BusyStatus",
    "CalendarKey",
    "Change",
    "Checked",
    "Choice",
    "Claim",
    "Combine",
    "Connection",
    "ConnectionKey",
    "ConnectionStatus",
    "Content",
    "DeadLetter",
    "Decided",
    "Detail",
    "DirectoryUser",
    "Doing",
    "Entry",
    "Freshness",
    "Hosted",
    "Invited",
    "Invitee",
    "Kept",
    "KeptTokens",
    "LinkStep",
    "Mailbox",
    "MailboxKey",
    "Member",
    "MemberKey",
    "News",
    "Outbox",
    "OwnConnection",
    "Policy",
    "Push",
    "Response",
    "Role",
    "Scope",
    "Selection",
    "Selections",
    "Sensitivity",
    "SignInAttempt",
    "Snapshot",
    "Sought",
    "State",
    "Tenant",
    "TenantStatus",
    "UnknownRule",
    "Window",
    "Work",
    "is_own",
    "own_mailbox",
]
