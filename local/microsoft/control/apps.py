"""The app registration as its owner could change it in the portal."""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from local.microsoft.control.input import Body, InputError, given, read, world_of
from local.microsoft.world import AppRegistration, FederatedCredential, Json


class AppChange(Body):
    """What can be changed about an app registration."""

    redirect_uris: set[str] | msgspec.UnsetType = msgspec.UNSET
    certificates: list[str] | msgspec.UnsetType = msgspec.UNSET
    """PEM texts; an empty list means that no certificate is accepted."""
    federated_credentials: list[FederatedCredential] | msgspec.UnsetType = msgspec.UNSET
    app_roles: set[str] | msgspec.UnsetType = msgspec.UNSET
    delegated_scopes: set[str] | msgspec.UnsetType = msgspec.UNSET
    group_membership_claims: Literal["None", "All", "DirectoryRole"] | msgspec.UnsetType = msgspec.UNSET


def routes() -> list[web.RouteDef]:
    """App addresses."""
    return [web.get("/apps/{app}", show_app), web.patch("/apps/{app}", change_app)]


async def show_app(request: web.Request) -> web.Response:
    """One app registration."""
    return web.json_response(describe(_find(request)))


async def change_app(request: web.Request) -> web.Response:
    """Change credentials, addresses, permissions or claims."""
    app, changes = _find(request), given(await read(request, AppChange))
    if "certificates" in changes:
        changes["certificates"] = [text.encode() for text in changes["certificates"]]
    for name, value in changes.items():
        setattr(app, name, value)
    return web.json_response(describe(app))


def describe(app: AppRegistration) -> Json:
    """An app registration as JSON."""
    return {
        "client_id": app.client_id,
        "display_name": app.display_name,
        "redirect_uris": sorted(app.redirect_uris),
        "certificates": [pem.decode() for pem in app.certificates],
        "federated_credentials": [msgspec.to_builtins(credential) for credential in app.federated_credentials],
        "app_roles": sorted(app.app_roles),
        "delegated_scopes": sorted(app.delegated_scopes),
        "group_membership_claims": app.group_membership_claims,
    }


def _find(request: web.Request) -> AppRegistration:
    client_id = request.match_info["app"]
    app = world_of(request).apps.get(client_id)
    if app is None:
        raise InputError(f"no app {client_id!r}", 404)
    return app
