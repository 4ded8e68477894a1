"""Tenants: what an organization's admins see and decide of its Microsoft 365 tenants."""

from __future__ import annotations

from shared.contract.tenants import MailboxScopeOutput, TenantList
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.mailbox_scope import mailbox_scope


def tenants(api: Api) -> None:
    """Tenants of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/tenants", Who.ADMIN, TenantList)
    def list_tenants(ask: Asked[Nothing, None]) -> TenantList:
        """All tenants with their status."""
        known = services.members.tenants(ask.caller.org)
        return TenantList([answers.tenant(tenant) for tenant in known.values()])

    @api.endpoint("GET", "api/outlook/mailbox-scope", Who.ADMIN, MailboxScopeOutput)
    def explain_mailbox_scope(ask: Asked[Nothing, None]) -> MailboxScopeOutput:
        """Commands with which the Microsoft admin limits the app to a group of mailboxes.

        They are filled in for this organization; nothing is carried out here.
        """
        caller, settings = ask.caller, services.settings
        scope = mailbox_scope(settings.microsoft.client_id, settings.platform.name, caller.org_name, caller.org)
        return answers.scope(scope)
