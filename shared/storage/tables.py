"""Every table, over one connection. Keys are written `partition / row`."""

from __future__ import annotations

from collections.abc import Iterator

from shared.messages import Subject
from shared.model import (
    ActivationLink,
    Booking,
    Choice,
    Connection,
    DeadLetter,
    KeptTokens,
    Member,
    MemberKey,
    OwnConnection,
    SignInAttempt,
    Tenant,
    TenantStatus,
)
from shared.settings import StorageSettings
from shared.storage.announced import AnnouncedTable
from shared.storage.announcing import Announcing
from shared.storage.audit import Audit
from shared.storage.calendars import Calendars
from shared.storage.mailboxes import Mailboxes
from shared.storage.policies import Policies
from shared.storage.service import table_service
from shared.storage.table import MOST_PARTS, Columns, Row, Table


class Tables:
    """The product's memory. With `announcing`, the platform is told of changes of connections and tenants."""

    def __init__(self, settings: StorageSettings, announcing: Announcing | None = None) -> None:
        service = table_service(settings)
        self.policies = Policies(service)
        """organization / `policy`"""
        self.activations = Table(service, "Activations", ActivationLink)
        """organization / link id"""
        self.tenants = AnnouncedTable(
            service, "Tenants", Tenant, Subject.TENANT, announcing, parts=8, is_over=_is_over, lenient=True
        )
        """organization / tenant id"""
        self.members = Table(service, "Members", Member)
        """organization / member id"""
        self.choices = Table(service, "Choices", Choice)
        """organization / member id"""
        self.connections = AnnouncedTable(
            service, "Connections", Connection, Subject.CONNECTION, announcing, _connection_columns, parts=3
        )
        """organization / member id: the admin-managed connection"""
        self.own_connections = AnnouncedTable(
            service, "OwnConnections", OwnConnection, Subject.OWN_CONNECTION, announcing, _own_columns,
            is_over=_is_over, parts=2, lenient=True,
        )  # fmt: skip
        """organization / member id: the account that the member connected"""
        self.mailboxes = Mailboxes(service)
        """tenant id / object id"""
        self.calendars = Calendars(service)
        """organization and member / tenant id and object id, or `agenda`"""
        self.bookings = AnnouncedTable(service, "Bookings", Booking, Subject.BOOKING, announcing, parts=8)
        """organization / member id and booking id: of the host who invites"""
        """organization and member / tenant id and object id"""
        self.sign_ins = Table(service, "SignIns", SignInAttempt)
        """organization / hash of the member id"""
        self.tokens = Table(service, "Tokens", KeptTokens, parts=8, lenient=True)
        """organization / member id and source; read and written by `TokenVault`"""
        self.audit = Audit(service)
        """organization / newest first"""
        self.dead_letters = Table(service, "DeadLetters", DeadLetter, parts=MOST_PARTS, lenient=True)
        """queue / dead letter id; a message of 48 KiB takes up to six times that as JSON"""

    def tenants_of(self, org: str) -> Iterator[Row[Tenant]]:
        """The organization's tenants, but for those of which nothing is left but to tell so."""
        return (row for row in self.tenants.rows(org) if not _is_over(row.value))

    def own_connection(self, owner: MemberKey) -> OwnConnection | None:
        """The member's own connection, unless nothing is left of it but to tell so."""
        row = self.own_connections.get(*owner)
        return row.value if row is not None and not row.value.is_over else None

    def unsettled(self, org: str) -> list[MemberKey]:
        """Members whose own connection keeps the managed one out, which nobody has written as their choice yet."""
        found = self.own_connections.where("PartitionKey eq @p and unsettled eq true", {"p": org})
        return [MemberKey(org, row.key) for row in found if not row.value.is_over]

    def bookings_of(self, owner: MemberKey) -> Iterator[Row[Booking]]:
        """The bookings to which the member invites."""
        keys = {"p": owner.org, "from": f"{owner.member}|", "to": f"{owner.member}}}"}
        return self.bookings.where("PartitionKey eq @p and RowKey gt @from and RowKey lt @to", keys)


def _connection_columns(connection: Connection) -> Columns:
    """What lists of members are filtered and counted by."""
    return {"status": connection.status.value, "tenant": connection.tenant_id or ""}


def _own_columns(own: OwnConnection) -> Columns:
    """What lists of members are filtered and counted by, and what the schedule looks for."""
    return {"status": own.status.value, "unsettled": own.is_unsettled}


def _is_over(row: Tenant | OwnConnection) -> bool:
    return row.is_over if isinstance(row, OwnConnection) else row.status is TenantStatus.DISCONNECTED
