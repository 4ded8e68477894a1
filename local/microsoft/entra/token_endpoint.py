"""The token endpoint: client credentials, authorization codes and refresh tokens become tokens.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from local.microsoft.addresses import Addresses
from local.microsoft.entra.assertion import authenticate
from local.microsoft.entra.authority import Authority, find_authority
from local.microsoft.entra.consent import visible_principal
from local.microsoft.entra.errors import (
    EntraError,
    disabled_principal,
    missing_parameter,
    missing_principal,
    unknown_app,
    wrong_authority,
)
from local.microsoft.entra.issue import app_token
from local.microsoft.entra.token_faults import raise_fault
from local.microsoft.entra.token_request import TokenRequest, lifetime
from local.microsoft.entra.tokens import GRAPH
from local.microsoft.entra.user_grants import redeem_code, refresh
from local.microsoft.world import Json, ServicePrincipal, World


async def answer_token_request(world: World, addresses: Addresses, segment: str, form: Mapping[str, str]) -> Json:
    """The success body, or EntraError."""
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise missing_parameter("grant_type")
    authority = find_authority(world, segment)
    tenant_id = authority.tenant.id if authority.tenant else None
    fault = world.faults.take(f"token/{grant_type}", tenant_id) or world.faults.take("token", tenant_id)
    if fault is None:
        return _grant(world, addresses, authority, form)
    await asyncio.sleep(fault.delay_seconds)
    if fault.after_write:
        _grant(world, addresses, authority, form)
    raise_fault(fault)
    return _grant(world, addresses, authority, form)


def _grant(world: World, addresses: Addresses, authority: Authority, form: Mapping[str, str]) -> Json:
    grants = {
        "client_credentials": _client_credentials,
        "authorization_code": redeem_code,
        "refresh_token": refresh,
    }
    grant = grants.get(form["grant_type"])
    if grant is None:
        raise EntraError(70003, "unsupported_grant_type", "The app requested an unsupported grant type.")
    client_id = form.get("client_id", "")
    app = world.apps.get(client_id)
    if app is None:
        raise unknown_app(client_id, authority.name)
    request = TokenRequest(world, addresses, authority, app, form)
    if grant is _client_credentials and authority.tenant is None:
        raise wrong_authority("client_credentials")
    authenticate(world, addresses, app, request.tenant_id, form)
    return grant(request)


def _client_credentials(request: TokenRequest) -> Json:
    world, client_id, tenant_id = request.world, request.app.client_id, request.tenant_id
    principal = _principal(request)
    scopes = request.form.get("scope", "").split()
    if scopes != [f"{GRAPH}/.default"]:
        text = "The provided value for scope is not valid. It must have a single value with the /.default suffix."
        raise EntraError(1002012, "invalid_scope", text)
    if not principal.enabled:
        raise disabled_principal(client_id, request.app.display_name)
    return lifetime(world) | {"access_token": app_token(world, tenant_id, principal)}


def _principal(request: TokenRequest) -> ServicePrincipal:
    world, client_id = request.world, request.app.client_id
    tenant = world.tenants[request.tenant_id]
    principal = visible_principal(world, tenant, client_id)
    if principal is not None:
        return principal
    if world.switches.missing_principal == "400_700016":
        raise unknown_app(client_id, tenant.display_name)
    raise missing_principal(client_id, tenant.id)
