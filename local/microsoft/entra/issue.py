"""Making tokens: Graph access tokens in the v1.0 format, ID tokens in the v2.0 format.

https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

import time
from secrets import token_urlsafe
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from local.microsoft.addresses import Addresses
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.flaws import signed_or_flawed
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.keys import base64url
from local.microsoft.entra.tokens import GRAPH, token_time
from local.microsoft.world import AppRegistration, ServicePrincipal, User, World

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"
CLOUD_APPLICATION_ADMINISTRATOR = "158c047a-c907-4556-b7ef-446551a6b5f7"
EVERY_MEMBER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
"""The role template every member of a directory has: `wids` is never empty."""

ROLE_NAMES = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    APPLICATION_ADMINISTRATOR: "Application Administrator",
    CLOUD_APPLICATION_ADMINISTRATOR: "Cloud Application Administrator",
}
MAY_GRANT_APP_ROLES = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
"""Who can consent to Graph's application permissions."""
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
ID_TOKEN_SECONDS = 3600


def app_token(world: World, tenant_id: str, principal: ServicePrincipal) -> str:
    """An app-only access token; without any role it has no `roles` claim at all."""
    claims = _graph_claims(world, tenant_id, principal.client_id) | {
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
    }
    if principal.roles:
        claims["roles"] = sorted(principal.roles)
    return world.keys.current.sign(claims)


def user_token(world: World, sign_in: SignIn, user: User, *, answers_claims: bool = False) -> str:
    """A delegated access token; of a personal account it is opaque, and only Graph knows what it stands for."""
    claims = _graph_claims(world, sign_in.tenant_id, sign_in.client_id) | {
        "idtyp": "user",
        "oid": user.id,
        "sub": _pairwise(sign_in),
        "scp": " ".join(graph_scopes(sign_in.scopes)),
        "name": user.display_name,
        "upn": user.user_principal_name,
        "sid": sign_in.session,
    }
    if answers_claims:
        claims["acrs"] = ["c1"]
    if sign_in.tenant_id == PERSONAL_TENANT:
        text = f"EwB{token_urlsafe(600)}"
        world.grants.opaque_tokens[text] = claims
        return text
    return world.keys.current.sign(claims)


def id_token(world: World, addresses: Addresses, sign_in: SignIn, user: User) -> str:
    """An ID token, with the one flaw that was ordered for the next one, if any."""
    claims = _id_claims(world, addresses, sign_in, user)
    return signed_or_flawed(world.grants, world.keys.current, claims)


def graph_scopes(scopes: tuple[str, ...]) -> list[str]:
    """Graph's delegated permissions among these scopes, in short form."""
    short = {scope.removeprefix(f"{GRAPH}/") for scope in scopes} - OPENID_SCOPES
    return sorted(short)


def client_info(sign_in: SignIn) -> str:
    """What MSAL builds its account id from."""
    return base64url(f'{{"uid":"{sign_in.user_id}","utid":"{sign_in.tenant_id}"}}'.encode())


def _graph_claims(world: World, tenant_id: str, client_id: str) -> dict[str, Any]:
    now = int(token_time(world))
    return {
        "aud": GRAPH,
        "iss": f"https://sts.windows.net/{tenant_id}/",
        "iat": now,
        "nbf": now,
        "exp": now + world.switches.access_token_seconds,
        "appid": client_id,
        "appidacr": "2",
        "tid": tenant_id,
        "uti": uuid4().hex,
        "ver": "1.0",
    }


def _id_claims(world: World, addresses: Addresses, sign_in: SignIn, user: User) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "ver": "2.0",
        "iss": addresses.issuer(sign_in.tenant_id),
        "aud": sign_in.client_id,
        "sub": _pairwise(sign_in),
        "oid": user.id,
        "tid": sign_in.tenant_id,
        "preferred_username": user.user_principal_name,
        "name": user.display_name,
        "iat": now,
        "nbf": now,
        "exp": now + ID_TOKEN_SECONDS,
        "uti": uuid4().hex,
    }
    if sign_in.nonce is not None:
        claims["nonce"] = sign_in.nonce
    if "email" in sign_in.scopes:
        claims["email"] = user.mail or user.user_principal_name
    if user.home_tenant_id is not None:
        claims["idp"] = f"https://sts.windows.net/{user.home_tenant_id}/"
    if _shows_roles(world, world.apps[sign_in.client_id], sign_in.tenant_id):
        claims["wids"] = sorted(user.role_templates | {EVERY_MEMBER})
    return claims


def _shows_roles(world: World, app: AppRegistration, tenant_id: str) -> bool:
    wanted = app.group_membership_claims in ("All", "DirectoryRole")
    return wanted and world.switches.wids_in_id_token and tenant_id != PERSONAL_TENANT


def _pairwise(sign_in: SignIn) -> str:
    """A subject that differs from app to app."""
    return base64url(uuid5(NAMESPACE_URL, f"{sign_in.client_id}/{sign_in.tenant_id}/{sign_in.user_id}").bytes)
