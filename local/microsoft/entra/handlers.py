"""Entra ID's addresses: HTTP in, HTTP out; the decisions are made in the modules beside this one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from secrets import token_urlsafe

from aiohttp import web

from local.microsoft.addresses import ADDRESSES, WORLD
from local.microsoft.entra.adminconsent import answer_admin_consent
from local.microsoft.entra.authority import discovery_document, find_authority, instance_discovery
from local.microsoft.entra.authorize import answer_authorize
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.grants import Browser
from local.microsoft.entra.managed_identity import answer_identity_request
from local.microsoft.entra.pages import refusal
from local.microsoft.entra.token_endpoint import answer_token_request
from local.microsoft.entra.token_faults import LostAnswerError, RawAnswerError, raise_fault

BROWSER_COOKIE = "ESTSAUTHPERSISTENT"
"""Names the accounts that have signed in at a browser."""


def routes() -> list[web.RouteDef]:
    """All of them; `{tenant}` is an id, a verified domain, `organizations`, `common` or `consumers`."""
    return [
        web.get("/{tenant}/v2.0/.well-known/openid-configuration", discovery),
        web.get("/{tenant}/discovery/v2.0/keys", keys),
        web.get("/{tenant}/discovery/instance", instances),
        web.get("/{tenant}/oauth2/v2.0/authorize", authorize),
        web.post("/{tenant}/oauth2/v2.0/authorize", authorize),
        web.post("/{tenant}/oauth2/v2.0/token", token),
        web.get("/{tenant}/v2.0/adminconsent", admin_consent),
        web.post("/{tenant}/v2.0/adminconsent", admin_consent),
        web.get("/{tenant}/adminconsent", admin_consent),
        web.post("/{tenant}/adminconsent", admin_consent),
        web.get("/identity/token", identity),
    ]


async def discovery(request: web.Request) -> web.Response:
    """OpenID configuration of a tenant."""
    return await _public(request, "discovery")


async def keys(request: web.Request) -> web.Response:
    """The keys that tokens are verified with."""
    return await _public(request, "keys")


async def instances(request: web.Request) -> web.Response:
    """Entra's host names."""
    https = request.app[ADDRESSES].https
    return web.json_response(instance_discovery(https.removeprefix("https://"), https))


async def authorize(request: web.Request) -> web.Response:
    """Sign-in pages and the way back."""
    world, addresses = request.app[WORLD], request.app[ADDRESSES]
    form = await _form(request) if request.method == "POST" else {}
    cookie = request.cookies.get(BROWSER_COOKIE) or token_urlsafe(24)
    browser = world.grants.browsers.get(cookie, Browser())
    try:
        segment = request.match_info["tenant"]
        response = answer_authorize(world, addresses, segment, dict(request.query), form, browser)
    except EntraError as error:
        return refusal(error)
    if browser.accounts:
        world.grants.browsers[cookie] = browser
        response.set_cookie(BROWSER_COOKIE, cookie, httponly=True, samesite="Lax")
    return response


async def admin_consent(request: web.Request) -> web.Response:
    """Consent pages and the way back."""
    form = await _form(request) if request.method == "POST" else None
    version = 2 if "/v2.0/" in request.path else 1
    try:
        segment = request.match_info["tenant"]
        return answer_admin_consent(request.app[WORLD], segment, version, dict(request.query), form)
    except EntraError as error:
        return refusal(error)


async def token(request: web.Request) -> web.Response:
    """Tokens for credentials, codes and refresh tokens."""
    world = request.app[WORLD]
    try:
        body = await answer_token_request(
            world, request.app[ADDRESSES], request.match_info["tenant"], await _form(request)
        )
    except EntraError as error:
        return _json_error(request, error)
    except (LostAnswerError, RawAnswerError) as fault:
        return _spoilt(request, fault)
    return web.json_response(body, headers={"Cache-Control": "no-store"})


async def identity(request: web.Request) -> web.Response:
    """A managed identity's token."""
    world = request.app[WORLD]
    fault = world.faults.take("identity")
    if fault is not None:
        await asyncio.sleep(fault.delay_seconds)
        return web.json_response(
            {"error": fault.code or "server_error", "message": fault.message}, status=fault.status or 500
        )
    status, body = answer_identity_request(world, request.headers.get("X-IDENTITY-HEADER"), request.query)
    return web.json_response(body, status=status)


async def _public(request: web.Request, what: str) -> web.Response:
    world = request.app[WORLD]
    try:
        fault = world.faults.take(what)
        if fault is not None:
            await asyncio.sleep(fault.delay_seconds)
            raise_fault(fault)
        authority = find_authority(world, request.match_info["tenant"])
    except EntraError as error:
        return _json_error(request, error)
    except (LostAnswerError, RawAnswerError) as struck:
        return _spoilt(request, struck)
    if what == "keys":
        return web.json_response(world.keys.jwks())
    return web.json_response(discovery_document(authority, request.app[ADDRESSES]))


async def _form(request: web.Request) -> Mapping[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


def _json_error(request: web.Request, error: EntraError) -> web.Response:
    body = error.body(request.app[WORLD].clock.now(), request.headers.get("client-request-id"))
    return web.json_response(body, status=error.status, headers=error.headers)


def _spoilt(request: web.Request, struck: LostAnswerError | RawAnswerError) -> web.Response:
    if isinstance(struck, LostAnswerError):
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    fault = struck.fault
    text = fault.body if fault.body is not None else "<html><body><h1>Service unavailable</h1></body></html>"
    kind = "text/html" if fault.html else "application/json"
    return web.Response(text=text, status=fault.status or 503, content_type=kind, headers=fault.headers)
