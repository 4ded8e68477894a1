"""Every table, over one connection. Keys are written `partition / row`."""

from __future__ import annotations

from shared.model import ActivationLink, Choice, Connection, DeadLetter, Member, Tenant
from shared.settings import StorageSettings
from shared.storage.audit import Audit
from shared.storage.calendars import Calendars
from shared.storage.mailboxes import Mailboxes
from shared.storage.policies import Policies
from shared.storage.service import table_service
from shared.storage.table import MOST_PARTS, Table


class Tables:
    """The product's memory."""

    def __init__(self, settings: StorageSettings) -> None:
        service = table_service(settings)
        self.policies = Policies(service)
        """organization / `policy`"""
        self.activations = Table(service, "Activations", ActivationLink)
        """organization / link id"""
        self.tenants = Table(service, "Tenants", Tenant, parts=8, lenient=True)
        """organization / tenant id"""
        self.members = Table(service, "Members", Member)
        """organization / member id"""
        self.choices = Table(service, "Choices", Choice)
        """organization / member id"""
        self.connections = Table(service, "Connections", Connection)
        """organization / member id: the admin-managed connection"""
        self.mailboxes = Mailboxes(service)
        """tenant id / object id"""
        self.calendars = Calendars(service)
        """organization and member / tenant id and object id"""
        self.audit = Audit(service)
        """organization / newest first"""
        self.dead_letters = Table(service, "DeadLetters", DeadLetter, parts=MOST_PARTS, lenient=True)
        """queue / dead letter id; a message of 48 KiB takes up to six times that as JSON"""
