"""The token endpoint: client credentials, authorization codes and refresh tokens become tokens.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from local.microsoft.addresses import Addresses
from local.microsoft.entra.assertion import authenticate
from local.microsoft.entra.authority import Authority, find_authority
from local.microsoft.entra.consent import has_consented, visible_principal
from local.microsoft.entra.errors import (
    EntraError,
    disabled_principal,
    invalid_grant,
    missing_parameter,
    missing_principal,
    unknown_app,
    wrong_authority,
)
from local.microsoft.entra.grants import RefreshToken, SignIn
from local.microsoft.entra.issue import app_token, client_info, graph_scopes, id_token, user_token
from local.microsoft.entra.keys import base64url
from local.microsoft.entra.tokens import GRAPH
from local.microsoft.faults import Fault
from local.microsoft.world import AppRegistration, Json, ServicePrincipal, User, World


class LostAnswerError(Exception):
    """The connection must be closed without an answer."""


@dataclass(frozen=True)
class RawAnswerError(Exception):
    """A fault's answer that is not an OAuth error."""

    fault: Fault


@dataclass(frozen=True)
class TokenRequest:
    """One POST to a token endpoint."""

    world: World
    addresses: Addresses
    authority: Authority
    app: AppRegistration
    form: Mapping[str, str]

    @property
    def tenant_id(self) -> str:
        """The authority's tenant; empty for `common` and its like."""
        return self.authority.tenant.id if self.authority.tenant else ""


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


def raise_fault(fault: Fault) -> None:
    """Raise what the fault answers; a fault that only delays returns."""
    if fault.reset:
        raise LostAnswerError
    if fault.html or fault.body is not None:
        raise RawAnswerError(fault)
    if fault.status is None:
        return
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    raise EntraError(
        fault.error_number or 90033,
        fault.code or "temporarily_unavailable",
        fault.message or "A transient error has occurred. Please try again.",
        fault.status,
        suberror=fault.suberror,
        claims=fault.claims,
        headers=headers,
    )


def _grant(world: World, addresses: Addresses, authority: Authority, form: Mapping[str, str]) -> Json:
    grants = {
        "client_credentials": _client_credentials,
        "authorization_code": _authorization_code,
        "refresh_token": _refresh_token,
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
    return _lifetime(world) | {"access_token": app_token(world, tenant_id, principal)}


def _principal(request: TokenRequest) -> ServicePrincipal:
    world, client_id = request.world, request.app.client_id
    tenant = world.tenants[request.tenant_id]
    principal = visible_principal(world, tenant, client_id)
    if principal is not None:
        return principal
    if world.switches.missing_principal == "400_700016":
        raise unknown_app(client_id, tenant.display_name)
    raise missing_principal(client_id, tenant.id)


def _authorization_code(request: TokenRequest) -> Json:
    form, now = request.form, request.world.clock.now()
    code = request.world.grants.codes.get(form.get("code", ""))
    if code is None or code.sign_in.client_id != request.app.client_id:
        raise invalid_grant(9002313, "Invalid request. Request is malformed or invalid.")
    if code.redeemed:
        raise invalid_grant(54005, "OAuth2 Authorization code was already redeemed.")
    if code.expires_at <= now:
        raise invalid_grant(70008, "The provided authorization code or refresh token has expired.")
    if form.get("redirect_uri") != code.redirect_uri:
        text = "The reply address does not match the reply address provided when requesting the code."
        raise invalid_grant(500112, text)
    if code.challenge is not None and not _proves(
        form.get("code_verifier", ""), code.challenge, code.challenge_method
    ):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise invalid_grant(501481, text)
    code.redeemed = True
    return _user_answer(request, code.sign_in)


def _proves(verifier: str, challenge: str, method: str) -> bool:
    digest = base64url(sha256(verifier.encode()).digest()) if method == "S256" else verifier
    return hmac.compare_digest(digest, challenge)


def _refresh_token(request: TokenRequest) -> Json:
    world, now = request.world, request.world.clock.now()
    token = world.grants.refresh_tokens.get(request.form.get("refresh_token", ""))
    if token is None or token.sign_in.client_id != request.app.client_id:
        raise invalid_grant(70000, "Provided grant is invalid or malformed.")
    sign_in = token.sign_in
    if token.revoked:
        text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        raise invalid_grant(50173, text)
    if token.expires_at <= now:
        raise invalid_grant(700082, "The refresh token has expired due to inactivity.")
    tenant = world.tenants[sign_in.tenant_id]
    needs_consent = bool(graph_scopes(sign_in.scopes))
    if needs_consent and not has_consented(world, tenant, sign_in.user_id, sign_in.client_id):
        text = f"The user or administrator has not consented to use the application with ID '{sign_in.client_id}'."
        raise invalid_grant(65001, text, "consent_required")
    wanted = tuple(request.form.get("scope", "").split())
    return _user_answer(request, replace(sign_in, scopes=wanted or sign_in.scopes, nonce=None))


def _user_answer(request: TokenRequest, sign_in: SignIn) -> Json:
    world = request.world
    user = _active_user(world, sign_in)
    fault = world.faults.take("token/user", sign_in.tenant_id, user.id)
    if fault is not None:
        raise_fault(fault)
    visible = [scope for scope in sign_in.scopes if scope != "offline_access"]
    answer = _lifetime(world) | {
        "scope": " ".join(visible),
        "access_token": user_token(world, sign_in, user),
    }
    if "offline_access" in sign_in.scopes:
        expires_at = world.clock.now() + timedelta(days=world.switches.refresh_token_days)
        answer["refresh_token"] = world.grants.add_refresh_token(RefreshToken(sign_in, expires_at))
    if "openid" in sign_in.scopes:
        answer["id_token"] = id_token(world, request.addresses, sign_in, user)
    if request.form.get("client_info") == "1":
        answer["client_info"] = client_info(sign_in)
    return answer


def _active_user(world: World, sign_in: SignIn) -> User:
    user = world.find_user(sign_in.tenant_id, sign_in.user_id)
    if user is None:
        raise invalid_grant(50034, "The user account does not exist in the directory.")
    if not user.account_enabled:
        raise invalid_grant(50057, "The user account is disabled.")
    return user


def _lifetime(world: World) -> Json:
    seconds = world.switches.access_token_seconds
    answer: Json = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    if world.switches.refresh_in_seconds is not None:
        answer["refresh_in"] = world.switches.refresh_in_seconds
    return answer
