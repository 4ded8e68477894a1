"""HTTP triggers: from an HTTP request to a function and back.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import azure.functions as func
from aiohttp import web
from multidict import CIMultiDict, MultiMapping

from local.host.functions import Function
from local.host.invocation import Failed, Invoker
from local.host.routes import Route, RouteTable
from local.host.settings import HostError, HostOptions, Settings

LARGEST_BODY = 100 * 1024 * 1024  # bytes, the real host's limit
RESERVED = ("admin", "runtime")  # first path parts that belong to the host


@dataclass(frozen=True, slots=True)
class Keys:
    """The host's two access keys; the admin key opens everything."""

    function: str
    admin: str

    @classmethod
    def of(cls, settings: Settings) -> Keys:
        """Read the keys; locally they have well-known values unless set."""
        return cls(
            settings.get("LOCAL_FUNCTION_KEY") or "local-function-key",
            settings.get("LOCAL_ADMIN_KEY") or "local-admin-key",
        )

    def allow(self, level: str, presented: str) -> bool:
        """Whether a caller who presents this key may call a function of this auth level."""
        accepted = {"anonymous": None, "function": (self.function, self.admin), "admin": (self.admin,)}[level]
        return accepted is None or any(hmac.compare_digest(key.encode(), presented.encode()) for key in accepted)


class HttpFunctions:
    """All HTTP functions of an app behind one request handler."""

    def __init__(self, functions: Iterable[Function], options: HostOptions, settings: Settings) -> None:
        self.table = RouteTable([_route(one, options.route_prefix) for one in functions])
        self._keys = Keys.of(settings)
        self._slots = asyncio.Semaphore(options.max_concurrent_requests)

    async def handle(self, request: web.Request, invoker: Invoker) -> web.Response:
        """Answer one request: 404, 401, what the function says, or 500 with an empty body if it fails."""
        found = self.table.find(request.method, request.rel_url.raw_path)
        if found is None:
            return web.Response(status=404)
        function, values = found
        presented = request.headers.get("x-functions-key") or request.query.get("code", "")
        if not self._keys.allow(auth_level(function), presented):
            return web.Response(status=401)
        async with self._slots:
            try:
                returned = await invoker.run(function, await to_function(request, values))
            except Failed:
                return web.Response(status=500)
        return to_client(returned)


def auth_level(function: Function) -> str:
    """Return `anonymous`, `function` (the default) or `admin`."""
    level = function.trigger.get("authLevel") or func.AuthLevel.FUNCTION
    return str(level.value)


async def to_function(request: web.Request, values: Mapping[str, str]) -> func.HttpRequest:
    """Build what the function is called with; a header or parameter given twice is joined by commas."""
    return func.HttpRequest(
        method=request.method,
        url=str(request.url),
        headers=_joined(request.headers),
        params=_joined(request.query),
        route_params=values,
        body=await request.read(),
    )


def to_client(returned: func.HttpResponse | str) -> web.Response:
    """Build the response; as in the real worker, text types get their charset."""
    answer = func.HttpResponse(returned) if isinstance(returned, str) else returned
    headers = CIMultiDict(answer.headers.items())
    if "content-type" not in headers:
        charset = f"; charset={answer.charset}" if answer.mimetype.startswith("text/") else ""
        headers["content-type"] = f"{answer.mimetype}{charset}"
    headers.popall("content-length", None)
    return web.Response(status=answer.status_code, headers=headers, body=answer.get_body())


def _joined(fields: MultiMapping[str]) -> dict[str, str]:
    return {name: ",".join(fields.getall(name)) for name in fields}


def template(function: Function, prefix: str) -> str:
    """Return the whole route template; a function without a route answers at its name."""
    return f"{prefix}/{function.trigger['route'] or function.name}".strip("/")


def _route(function: Function, prefix: str) -> Route[Function]:
    path = template(function, prefix)
    if path.lower().split("/")[0] in RESERVED:
        raise HostError(f"{function.name}: the route {path!r} begins with a word the host keeps for itself")
    methods = [method.value for method in function.trigger.get("methods") or ()]
    try:
        return Route.parse(path, methods, function)
    except ValueError as error:
        raise HostError(f"{function.name}: {error}") from error
