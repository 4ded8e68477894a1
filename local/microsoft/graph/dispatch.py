"""One call to the simulated Graph, from header to log entry: `dispatch` serves the server and `$batch` alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from local.microsoft.clock import monotonic
from local.microsoft.entra.conditional_access import check_call
from local.microsoft.entra.tokens import AccessToken, read_access_token
from local.microsoft.graph import batch, shared_calendars, spoiling
from local.microsoft.graph.access import mailbox_owner, require
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.messages import ConnectionReset, GraphRequest, GraphResponse, Headers
from local.microsoft.graph.routes import ROUTES
from local.microsoft.graph.routing import Permission
from local.microsoft.graph.throttle import directory_limit, resource_units
from local.microsoft.world import World


@dataclass
class Call:
    """A call as it came in, and what becomes known of it on the way."""

    method: str
    target: str
    """Path and query without `/v1.0`."""
    headers: Headers
    body: Any
    """Raw bytes of an HTTP request, or the parsed JSON of a `$batch` item."""
    batch: str | None = None
    """Request id of the `$batch` this call is an item of."""
    id: str = field(default_factory=lambda: str(uuid4()))
    tenant: str | None = None
    user: str | None = None
    """Whose mailbox or account it is about, as the path or the token says."""

    @property
    def path(self) -> str:
        """The path alone, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def segments(self) -> list[str]:
        """The decoded path segments."""
        return [unquote(segment) for segment in self.path.strip("/").split("/")]

    @property
    def base_url(self) -> str:
        """Where links in the answer point: the host the caller used."""
        scheme = self.headers.get("x-forwarded-proto", "https")
        return f"{scheme}://{self.headers.get('host', 'graph.microsoft.com')}/v1.0"


async def dispatch(
    world: World, method: str, path_and_query: str, headers: Mapping[str, str], body: bytes = b""
) -> GraphResponse:
    """Answer one HTTP request; `path_and_query` is without `/v1.0`. Raises ConnectionReset when a fault says so."""
    return await _logged(world, Call(method.upper(), path_and_query, Headers(headers), body))


async def _logged(world: World, call: Call) -> GraphResponse:
    started, now = monotonic(), world.clock.now()
    status = 0
    try:
        response = await _answer(world, call)
        status = response.status
    finally:
        _record(world, call, now.isoformat(), status, monotonic() - started)
    response.headers["request-id"] = call.id
    response.headers["client-request-id"] = call.headers.get("client-request-id", call.id)
    return response


async def _answer(world: World, call: Call) -> GraphResponse:
    try:
        return await _spoilt_or_true(world, call)
    except GraphError as error:
        correlation = call.headers.get("client-request-id", call.id)
        return GraphResponse(error.status, error.body(world.clock.now(), call.id, correlation), error.headers)


async def _spoilt_or_true(world: World, call: Call) -> GraphResponse:
    token = read_access_token(world, call.headers.get("authorization"))
    call.tenant = token.tenant_id
    check_call(world, token)
    call.user = _user_in_path(call, token)
    fault = world.faults.take(call.path, token.tenant_id, call.user, call.method)
    if fault is None:
        return await _true(world, call, token)
    await asyncio.sleep(fault.delay_seconds)
    if not spoiling.replaces_answer(fault):
        return await _true(world, call, token)
    if fault.late_seconds is not None:
        world.late_writes.add(world.clock, fault.late_seconds, lambda: _true(world, call, token))
    elif fault.after_write:
        await _true(world, call, token)
    if fault.reset:
        raise ConnectionReset
    return spoiling.spoilt_answer(fault, call.path, world.switches)


async def _true(world: World, call: Call, token: AccessToken) -> GraphResponse:
    if call.method == "POST" and call.path.lower() == "/$batch":
        return await _batch(world, call)
    found = ROUTES.find(call.method, call.segments)
    if found is None:
        raise _no_route(call)
    route, params = found
    request = _request(world, call, token, params)
    if route.permission.family == "outlook":
        request.target = mailbox_owner(world, token, params.get("user"), route.permission)
        with world.throttle.mailbox_slot(token.client_id, request.user.id, world.clock, world.switches):
            await asyncio.sleep(world.switches.outlook_service_seconds)
            if token.kind == "user" or world.switches.shared_calendars_for_apps:
                shared_calendars.follow(world, request)
            return await route.handler(world, request)
    require(token, route.permission)
    headers = _charge(world, call, token, route.permission)
    response = await route.handler(world, request)
    response.headers.update(headers)
    return response


async def _batch(world: World, outer: Call) -> GraphResponse:
    async def item(method: str, url: str, headers: Mapping[str, str], body: Any) -> GraphResponse:
        own = Headers({"authorization": outer.headers.get("authorization", ""), **headers})
        own.setdefault("host", outer.headers.get("host", "graph.microsoft.com"))
        own.setdefault("x-forwarded-proto", outer.headers.get("x-forwarded-proto", "https"))
        return await _logged(world, Call(method, url, own, body, batch=outer.id))

    return GraphResponse(200, await batch.run(_parse(outer.body), item, world.randomness))


def _request(world: World, call: Call, token: AccessToken, params: dict[str, str]) -> GraphRequest:
    return GraphRequest(
        method=call.method,
        path=unquote(call.path),
        query=dict(parse_qsl(call.target.partition("?")[2], keep_blank_values=True)),
        headers=call.headers,
        body=_parse(call.body),
        token=token,
        tenant=world.tenants[token.tenant_id],
        params=params,
        base_url=call.base_url,
    )


def _charge(world: World, call: Call, token: AccessToken, permission: Permission) -> dict[str, str]:
    if permission.family != "directory" or not world.switches.throttling:
        return {}
    query = dict(parse_qsl(call.target.partition("?")[2]))
    limit = directory_limit(len(world.tenants[token.tenant_id].users))
    key = (token.client_id, token.tenant_id)
    code = world.switches.directory_throttle_code
    return world.throttle.charge_directory(key, resource_units(call.path, query), limit, world.clock.now(), code)


def _parse(body: Any) -> Any:
    if not isinstance(body, bytes):
        return body
    try:
        return json.loads(body) if body else None
    except ValueError:
        message = "Unable to read JSON request payload. Please ensure payload is valid."
        raise GraphError(400, "BadRequest", message) from None


def _user_in_path(call: Call, token: AccessToken) -> str | None:
    first, *rest = call.segments
    if first.lower() == "users" and rest:
        return rest[0]
    return token.user_id if first.lower() == "me" else None


def _no_route(call: Call) -> GraphError:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        if ROUTES.find(method, call.segments):
            return GraphError(405, "BadRequest", "Specified HTTP method is not allowed for the request target.")
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{call.segments[-1]}'.")


def _record(world: World, call: Call, time: str, status: int, seconds: float) -> None:
    path, _, query = call.target.partition("?")
    world.requests.append(
        {
            "time": time,
            "method": call.method,
            "host": call.headers.get("host", "graph.microsoft.com"),
            "path": f"/v1.0{path}",
            "query": query,
            "tenant": call.tenant,
            "user": call.user,
            "status": status,
            "milliseconds": round(seconds * 1000, 3),
            "batch": call.batch,
        }
    )
