"""What callers of the control API send, checked: bad input is answered with what is wrong about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from local.microsoft.addresses import WORLD
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Mailbox, Tenant, User, World

T = TypeVar("T")


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A JSON body; subclasses name its fields."""


class InputError(Exception):
    """The request cannot be done as it stands."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


async def read(request: web.Request, kind: type[T]) -> T:
    """The request's JSON body as `kind`; an empty body is an empty object."""
    text = await request.read()
    try:
        return msgspec.json.decode(text or b"{}", type=kind)
    except msgspec.MsgspecError as error:
        raise InputError(f"the JSON body: {error}") from None


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON body as an object with any members."""
    return await read(request, dict[str, Any])


def given(body: Body) -> dict[str, Any]:
    """The fields that were sent, for partial changes (their defaults are UNSET)."""
    values = {name: getattr(body, name) for name in body.__struct_fields__}
    return {name: value for name, value in values.items() if value is not msgspec.UNSET}


def world_of(request: web.Request) -> World:
    """The world that is controlled."""
    return request.app[WORLD]


def tenant_of(request: web.Request) -> Tenant:
    """The tenant in the path, by id or domain."""
    world, key = world_of(request), request.match_info["tenant"]
    found = world.tenants.get(key) or next((t for t in world.tenants.values() if key in t.domains), None)
    if found is None:
        raise InputError(f"no tenant {key!r}", 404)
    return found


def user_of(request: web.Request) -> User:
    """The user in the path, by object id or user principal name, deleted ones included."""
    tenant, key = tenant_of(request), request.match_info["user"]
    user = tenant.users.get(key) or next(
        (u for u in tenant.users.values() if u.user_principal_name.lower() == key.lower()), None
    )
    if user is None:
        raise InputError(f"no user {key!r} in {tenant.display_name}", 404)
    return user


def mailbox_of(request: web.Request) -> Mailbox:
    """The mailbox of the user in the path."""
    user = user_of(request)
    if user.mailbox is None:
        raise InputError(f"{user.user_principal_name} has no mailbox", 404)
    return user.mailbox


def moment(request: web.Request, name: str) -> datetime | None:
    """A moment in the query string; UTC unless it says otherwise."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name}: not a moment: {text!r}") from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


@web.middleware
async def explain_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refusals as JSON: `{"error": what is wrong}`."""
    try:
        return await handler(request)
    except InputError as error:
        return web.json_response({"error": str(error)}, status=error.status)
    except GraphError as error:
        return web.json_response({"error": error.message, "code": error.code}, status=error.status)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)
