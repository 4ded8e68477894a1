"""The world at a glance, and its tenants."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

import msgspec
from aiohttp import web

from local.microsoft.addresses import ADDRESSES
from local.microsoft.control.input import Body, InputError, given, read, tenant_of, world_of
from local.microsoft.world import Json, Tenant


class NewTenant(Body):
    """A tenant to add."""

    display_name: str
    domains: list[str]
    id: str = ""


class TenantChange(Body):
    """What can be changed about a tenant."""

    display_name: str | msgspec.UnsetType = msgspec.UNSET
    domains: list[str] | msgspec.UnsetType = msgspec.UNSET
    mailbox_access: Literal["entra", "rbac"] | msgspec.UnsetType = msgspec.UNSET
    rbac_scope: set[str] | msgspec.UnsetType = msgspec.UNSET
    """User ids inside the management scope."""
    denied_mailboxes: set[str] | msgspec.UnsetType = msgspec.UNSET
    """User ids an application access policy keeps the app out of."""
    user_consent: Literal["allowed", "admin_only", "admin_workflow"] | msgspec.UnsetType = msgspec.UNSET


def routes() -> list[web.RouteDef]:
    """World and tenant addresses."""
    return [
        web.get("/world", show_world),
        web.get("/tenants/{tenant}", show_tenant),
        web.post("/tenants", add_tenant),
        web.patch("/tenants/{tenant}", change_tenant),
    ]


async def show_world(request: web.Request) -> web.Response:
    """Addresses, tenants and apps with their counts."""
    world, addresses = world_of(request), request.app[ADDRESSES]
    return web.json_response(
        {
            "http_url": addresses.http,
            "https_url": addresses.https,
            "now": world.clock.now().isoformat(),
            "tenants": [describe(tenant) for tenant in world.tenants.values()],
            "apps": [{"client_id": app.client_id, "display_name": app.display_name} for app in world.apps.values()],
            "subscriptions": len(world.subscriptions),
            "requests": len(world.requests),
            "sequence": world.sequence,
        }
    )


async def show_tenant(request: web.Request) -> web.Response:
    """One tenant."""
    return web.json_response(describe(tenant_of(request)))


async def add_tenant(request: web.Request) -> web.Response:
    """A new, empty tenant."""
    world, body = world_of(request), await read(request, NewTenant)
    if not body.domains:
        raise InputError("domains: at least one")
    tenant = Tenant(body.id or str(uuid4()), body.display_name, body.domains)
    if tenant.id in world.tenants:
        raise InputError(f"id: tenant {tenant.id} exists", 409)
    world.tenants[tenant.id] = tenant
    return web.json_response(describe(tenant), status=201)


async def change_tenant(request: web.Request) -> web.Response:
    """Name, domains and who may reach which mailbox."""
    tenant, changes = tenant_of(request), given(await read(request, TenantChange))
    unknown = (changes.get("rbac_scope", set()) | changes.get("denied_mailboxes", set())) - tenant.users.keys()
    if unknown:
        raise InputError(f"no user {min(unknown)!r} in {tenant.display_name}")
    for name, value in changes.items():
        setattr(tenant, name, value)
    return web.json_response(describe(tenant))


def describe(tenant: Tenant) -> Json:
    """A tenant as JSON, without its users."""
    return {
        "id": tenant.id,
        "display_name": tenant.display_name,
        "domains": tenant.domains,
        "users": sum(user.deleted_at is None for user in tenant.users.values()),
        "mailboxes": sum(user.mailbox is not None for user in tenant.users.values()),
        "mailbox_access": tenant.mailbox_access,
        "rbac_scope": sorted(tenant.rbac_scope),
        "denied_mailboxes": sorted(tenant.denied_mailboxes),
        "user_consent": tenant.user_consent,
        "principals": [
            {
                "client_id": principal.client_id,
                "object_id": principal.object_id,
                "roles": sorted(principal.roles),
                "enabled": principal.enabled,
                "visible_at": principal.visible_at.isoformat() if principal.visible_at else None,
            }
            for principal in tenant.principals.values()
        ],
    }
