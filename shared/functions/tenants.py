"""Tenants: what an organization's admins see and decide of its Microsoft 365 tenants."""

from __future__ import annotations

from dataclasses import asdict

from shared.contract.tenants import DisconnectPreview, TenantList, TenantOutput
from shared.errors import Conflict, NotFound
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.states import LEFT_AT_MICROSOFT, removal_command


def tenants(api: Api) -> None:
    """Tenants of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/tenants", Who.ADMIN, TenantList)
    def list_tenants(ask: Asked[Nothing, None]) -> TenantList:
        """All tenants with their status."""
        known = services.members.tenants(ask.caller.org)
        return TenantList([answers.tenant(tenant) for tenant in known.values()])

    @api.endpoint("POST", "api/outlook/tenants/{tenant}/resync", Who.ADMIN, {202: TenantOutput}, problems=(NotFound,))
    def resync_tenant(ask: Asked[Nothing, None]) -> TenantOutput:
        """Look at the tenant's directory now, and at every calendar that is due.

        It happens anyway, every five minutes.
        """
        return answers.tenant(services.tenants.resync(ask.caller, ask.path["tenant"]))

    @api.endpoint(
        "GET",
        "api/outlook/tenants/{tenant}/disconnect-preview",
        Who.ADMIN,
        DisconnectPreview,
        problems=(NotFound,),
    )
    def preview_disconnection(ask: Asked[Nothing, None]) -> DisconnectPreview:
        """What disconnecting the tenant means, and what stays at Microsoft.

        Changes nothing.
        """
        touched = services.tenants.preview(ask.caller.org, ask.path["tenant"])
        client_id = services.settings.microsoft.client_id
        return DisconnectPreview(
            **asdict(touched), stays_at_microsoft=list(LEFT_AT_MICROSOFT), removal_command=removal_command(client_id)
        )

    @api.endpoint(
        "DELETE",
        "api/outlook/tenants/{tenant}",
        Who.ADMIN,
        {202: TenantOutput},
        problems=(NotFound, Conflict),
    )
    def disconnect_tenant(ask: Asked[Nothing, None]) -> TenantOutput:
        """Disconnect the tenant.

        Cached calendars are deleted and subscriptions at Microsoft are ended, by themselves and whatever interrupts
        it; the tenant is listed as `disconnecting` until that is done. The audit trail stays.
        """
        return answers.tenant(services.tenants.disconnect(ask.caller, ask.path["tenant"]))
