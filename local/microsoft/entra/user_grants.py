"""Tokens for a signed-in user: by the code that came through the browser, and later by refresh token.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from local.microsoft.entra.conditional_access import answers_claims, check_refresh
from local.microsoft.entra.consent import check_enabled, has_consented
from local.microsoft.entra.errors import invalid_grant
from local.microsoft.entra.grants import AuthorizationCode, RefreshToken, SignIn
from local.microsoft.entra.issue import client_info, id_token, user_token
from local.microsoft.entra.proof_key import check_verifier
from local.microsoft.entra.token_faults import raise_fault
from local.microsoft.entra.token_request import TokenRequest, lifetime
from local.microsoft.world import Json, User, World


def redeem_code(request: TokenRequest) -> Json:
    """Tokens for a code. Only the request that gets them spends it."""
    code = request.world.grants.codes.get(request.form.get("code", ""))
    if code is None or code.sign_in.client_id != request.app.client_id:
        raise invalid_grant(9002313, "Invalid request. Request is malformed or invalid.")
    _check_code(request, code)
    if request.world.switches.foreign_code == "refused":
        _check_place(request, code.sign_in)
    check_enabled(request.world.tenants[code.sign_in.tenant_id], request.app)
    code.redeemed = True
    return _answer(request, code.sign_in)


def refresh(request: TokenRequest) -> Json:
    """New tokens, a new refresh token among them; the old one stays good."""
    world = request.world
    token = world.grants.refresh_tokens.get(request.form.get("refresh_token", ""))
    if token is None or token.sign_in.client_id != request.app.client_id:
        raise invalid_grant(70000, "Provided grant is invalid or malformed.", "bad_token")
    _check_place(request, token.sign_in)
    check_enabled(world.tenants[token.sign_in.tenant_id], request.app)
    _check_token(world, token)
    asked = tuple(request.form.get("scope", "").split())
    sign_in = replace(token.sign_in, scopes=asked or token.sign_in.scopes, nonce=None)
    _check_consent(world, sign_in)
    check_refresh(world, sign_in)
    return _answer(request, sign_in)


def _check_code(request: TokenRequest, code: AuthorizationCode) -> None:
    world, form = request.world, request.form
    if code.redeemed:
        if world.switches.code_reuse == "revokes":
            world.grants.end_session(code.sign_in.session)
        raise invalid_grant(54005, "OAuth2 Authorization code was already redeemed.")
    if code.expires_at <= world.clock.now():
        raise invalid_grant(70008, "The provided authorization code or refresh token has expired.")
    if form.get("redirect_uri") != code.redirect_uri:
        text = "The reply address does not match the reply address provided when requesting the code."
        raise invalid_grant(500112, text)
    check_verifier(code, form.get("code_verifier"), world.switches)


def _check_place(request: TokenRequest, sign_in: SignIn) -> None:
    """A grant is good at every authority that its owner could sign in at."""
    if not request.authority.admits(sign_in.tenant_id):
        raise invalid_grant(70000, "Provided grant is invalid for this endpoint.", "bad_token")


def _check_token(world: World, token: RefreshToken) -> None:
    _active_user(world, token.sign_in)
    if token.revoked:
        text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
        raise invalid_grant(50173, text, "bad_token")
    if token.expires_at <= world.clock.now():
        raise invalid_grant(700082, "The refresh token has expired due to inactivity.", "bad_token")


def _check_consent(world: World, sign_in: SignIn) -> None:
    tenant = world.tenants[sign_in.tenant_id]
    if not has_consented(world, tenant, sign_in):
        text = f"The user or administrator has not consented to use the application with ID '{sign_in.client_id}'."
        raise invalid_grant(65001, text, "consent_required")


def _answer(request: TokenRequest, sign_in: SignIn) -> Json:
    world = request.world
    user = _active_user(world, sign_in)
    fault = world.faults.take("token/user", sign_in.tenant_id, user.id)
    if fault is not None:
        raise_fault(fault)
    visible = [scope for scope in sign_in.scopes if scope != "offline_access"]
    answer = lifetime(world) | {
        "scope": " ".join(visible),
        "access_token": user_token(world, sign_in, user, answers_claims=answers_claims(request.form)),
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
