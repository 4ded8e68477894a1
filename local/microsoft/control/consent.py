"""Consent: given directly, or taken back in each of the three ways there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from aiohttp import web

from local.microsoft.control.input import Body, InputError, read, tenant_of, world_of
from local.microsoft.control.overview import describe
from local.microsoft.entra.consent import grant_tenant, remove_principal
from local.microsoft.registration import CLIENT_ID
from local.microsoft.world import ServicePrincipal


class Grant(Body):
    """Which app, and with which app roles; by default ours with all it registered."""

    client_id: str = CLIENT_ID
    roles: set[str] | None = None


class Revocation(Body):
    """How the consent ends."""

    how: Literal["deleted", "disabled", "roles_removed"] = "deleted"
    """Service principal deleted; switched off; or kept without `roles` (all of them when None)."""
    client_id: str = CLIENT_ID
    roles: set[str] | None = None


class Propagation(Body):
    """How long a new consent takes to be seen."""

    delay_seconds: float


def routes() -> list[web.RouteDef]:
    """Consent addresses; the first two answer the tenant as it then is."""
    return [
        web.put("/tenants/{tenant}/consent", grant),
        web.delete("/tenants/{tenant}/consent", revoke),
        web.patch("/consent", set_propagation),
    ]


async def grant(request: web.Request) -> web.Response:
    """Consent as an administrator would; also switches a disabled service principal on again."""
    world, tenant, body = world_of(request), tenant_of(request), await read(request, Grant)
    app = world.apps.get(body.client_id)
    if app is None:
        raise InputError(f"client_id: no app {body.client_id!r}", 404)
    grant_tenant(world, tenant, app, body.roles).enabled = True
    return web.json_response(describe(tenant))


async def revoke(request: web.Request) -> web.Response:
    """Take the consent back."""
    world, tenant, body = world_of(request), tenant_of(request), await read(request, Revocation)
    principal = tenant.principals.get(body.client_id)
    if principal is None:
        raise InputError(f"{tenant.display_name} has not consented", 404)
    if body.how == "deleted":
        remove_principal(world, tenant, body.client_id)
    else:
        _weaken(principal, body)
    return web.json_response(describe(tenant))


async def set_propagation(request: web.Request) -> web.Response:
    """How late the token endpoint sees consents from now on."""
    body = await read(request, Propagation)
    world_of(request).consent_delay = timedelta(seconds=body.delay_seconds)
    return web.json_response({"delay_seconds": body.delay_seconds})


def _weaken(principal: ServicePrincipal, body: Revocation) -> None:
    if body.how == "disabled":
        principal.enabled = False
    else:
        principal.roles -= principal.roles if body.roles is None else body.roles
