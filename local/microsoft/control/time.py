"""Reading and moving the simulator's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiohttp import web

from local.microsoft.control.input import Body, InputError, read, world_of


class Advance(Body):
    """How far to move, in seconds; negative moves back."""

    seconds: float


class Jump(Body):
    """Where to jump, with an offset or `Z`."""

    now: datetime


def routes() -> list[web.RouteDef]:
    """Clock addresses; each answers the clock as it then is."""
    return [
        web.get("/clock", show),
        web.post("/clock/advance", advance),
        web.post("/clock/set", jump),
        web.post("/clock/stop", stop),
        web.post("/clock/resume", resume),
    ]


async def show(request: web.Request) -> web.Response:
    """The simulated time."""
    return web.json_response({"now": world_of(request).clock.now().isoformat()})


async def advance(request: web.Request) -> web.Response:
    """Move time."""
    body = await read(request, Advance)
    world_of(request).clock.advance(timedelta(seconds=body.seconds))
    return await show(request)


async def jump(request: web.Request) -> web.Response:
    """Set the time."""
    body = await read(request, Jump)
    if body.now.tzinfo is None:
        raise InputError("now: needs an offset")
    world_of(request).clock.set(body.now)
    return await show(request)


async def stop(request: web.Request) -> web.Response:
    """Stand still."""
    world_of(request).clock.stop()
    return await show(request)


async def resume(request: web.Request) -> web.Response:
    """Run again."""
    world_of(request).clock.resume()
    return await show(request)
