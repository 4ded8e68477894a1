"""Tenants: what an organization's admins see and decide of its Microsoft 365 tenants."""

from __future__ import annotations

from shared.contract.tenants import TenantList
from shared.functions import answers
from shared.functions.endpoints import Api, Asked, Nothing, Who


def tenants(api: Api) -> None:
    """Tenants of the caller's organization."""
    services = api.services

    @api.endpoint("GET", "api/outlook/tenants", Who.ADMIN, TenantList)
    def list_tenants(ask: Asked[Nothing, None]) -> TenantList:
        """All tenants with their status."""
        known = services.members.tenants(ask.caller.org)
        return TenantList([answers.tenant(tenant) for tenant in known.values()])
