"""How Microsoft behaves: faults, switches, signing keys, flawed tokens and the request log."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar, get_type_hints

import msgspec
from aiohttp import web

from local.microsoft.control.input import Body, InputError, read, read_object, world_of
from local.microsoft.entra.grants import IdTokenFlaw
from local.microsoft.faults import Fault, NotificationFault
from local.microsoft.switches import Switches
from local.microsoft.world import Json

T = TypeVar("T")
DEFAULT_LIMIT = 1000


class Rotation(Body):
    """Whether the old keys leave the JWKS."""

    retire: bool = False


class Flaw(Body):
    """The field in which the next ID token is wrong, or the whole text to send in its place; null for neither."""

    flaw: IdTokenFlaw | None = None
    token: str | None = None


def routes() -> list[web.RouteDef]:
    """Addresses of everything that is not data."""
    return [
        web.get("/faults", list_faults),
        web.post("/faults", add_fault),
        web.post("/notification-faults", add_notification_fault),
        web.delete("/faults", clear_faults),
        web.delete("/faults/{fault}", clear_faults),
        web.get("/switches", show_switches),
        web.patch("/switches", set_switches),
        web.post("/keys/rotate", rotate_keys),
        web.put("/next-id-token", flaw_next_id_token),
        web.get("/requests", list_requests),
        web.delete("/requests", clear_requests),
    ]


async def list_faults(request: web.Request) -> web.Response:
    """The rules in force."""
    faults = world_of(request).faults
    return web.json_response(
        {
            "requests": [asdict(fault) for fault in faults.requests],
            "notifications": [asdict(fault) for fault in faults.notifications],
        }
    )


async def add_fault(request: web.Request) -> web.Response:
    """A rule about requests; the body has `Fault`'s fields."""
    fault = _parse(await read_object(request), Fault)
    return web.json_response({"id": world_of(request).faults.add(fault)}, status=201)


async def add_notification_fault(request: web.Request) -> web.Response:
    """A rule about notifications; the body has `NotificationFault`'s fields."""
    fault = _parse(await read_object(request), NotificationFault)
    return web.json_response({"id": world_of(request).faults.add(fault)}, status=201)


async def clear_faults(request: web.Request) -> web.Response:
    """Lift one rule, or all."""
    lifted = world_of(request).faults.clear(request.match_info.get("fault"))
    return web.json_response({"lifted": lifted})


async def show_switches(request: web.Request) -> web.Response:
    """All switches."""
    return web.json_response(asdict(world_of(request).switches))


async def set_switches(request: web.Request) -> web.Response:
    """Change some switches; nothing changes if one of them is wrong."""
    wanted, hints = await read_object(request), get_type_hints(Switches)
    checked = {name: _switch(name, value, hints) for name, value in wanted.items()}
    for name, value in checked.items():
        setattr(world_of(request).switches, name, value)
    return await show_switches(request)


async def rotate_keys(request: web.Request) -> web.Response:
    """A new signing key with a new `kid`."""
    body = await read(request, Rotation)
    return web.json_response({"kid": world_of(request).keys.rotate(retire=body.retire)})


async def flaw_next_id_token(request: web.Request) -> web.Response:
    """Make the next ID token wrong in one field, or another one altogether."""
    body = await read(request, Flaw)
    grants = world_of(request).grants
    grants.flawed_id_token, grants.planted_id_token = body.flaw, body.token
    return web.json_response({"flaw": body.flaw})


async def list_requests(request: web.Request) -> web.Response:
    """The newest `limit` entries of the log, oldest first; `path` (a part of it), `tenant` and `since` filter."""
    query, since = request.query, _since(request.query.get("since"))
    limit = query.get("limit", str(DEFAULT_LIMIT))
    if not limit.isdecimal():
        raise InputError(f"limit: not a number: {limit!r}")
    found = (
        entry
        for entry in reversed(world_of(request).requests)
        if query.get("path", "") in entry["path"]
        and query.get("tenant") in (None, entry["tenant"])
        and since <= entry["time"]
    )
    return web.json_response({"requests": list(islice(found, int(limit)))[::-1]})


async def clear_requests(request: web.Request) -> web.Response:
    """Empty the log."""
    world_of(request).requests.clear()
    return web.json_response({})


def _since(text: str | None) -> str:
    """The moment as the log writes it; UTC texts compare like the moments they name."""
    if text is None:
        return ""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        raise InputError(f"since: not a moment: {text!r}") from None


def _parse(body: Json, kind: type[T]) -> T:
    unknown = body.keys() - {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown:
        raise InputError(f"unknown field {min(unknown)!r}")
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from None


def _switch(name: str, value: Any, hints: dict[str, Any]) -> Any:
    if name not in hints:
        raise InputError(f"no switch {name!r}")
    try:
        return msgspec.convert(value, hints[name])
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {error}") from None
