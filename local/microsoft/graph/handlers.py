"""Graph's addresses on the server: every request under `/v1.0` goes through `dispatch`."""

from __future__ import annotations

from aiohttp import web

from local.microsoft.addresses import WORLD
from local.microsoft.graph.dispatch import dispatch
from local.microsoft.graph.messages import ConnectionReset

PREFIX = "/v1.0"


def routes() -> list[web.RouteDef]:
    """One route; Graph has its own table of paths."""
    return [web.route("*", PREFIX + "/{path:.*}", answer)]


async def answer(request: web.Request) -> web.Response:
    """Hand the request on, and the answer back."""
    headers = {**request.headers, "x-forwarded-proto": request.scheme}
    body = await request.read()
    try:
        response = await dispatch(request.app[WORLD], request.method, _target(request), headers, body)
    except ConnectionReset:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    text = response.encode()
    own = {"Content-Type": response.content_type} if text else {}
    return web.Response(status=response.status, body=text, headers={**own, **response.headers})


def _target(request: web.Request) -> str:
    """Path and query as Graph's table knows them: `delta()` and `delta` are the same function."""
    path, mark, query = request.raw_path.removeprefix(PREFIX).partition("?")
    return path.removesuffix("()") + mark + query
