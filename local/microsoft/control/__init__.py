"""The control API under `/control`: what a test, the demo or a benchmark does to the simulated Microsoft."""

from __future__ import annotations

from aiohttp import web

from local.microsoft.addresses import ADDRESSES, WORLD, Addresses
from local.microsoft.control import (
    apps,
    behaviour,
    calendars,
    consent,
    index,
    mailbox_calendars,
    notifications,
    overview,
    sign_ins,
    time,
    users,
)
from local.microsoft.control.input import explain_errors
from local.microsoft.world import World

PEOPLE = (users, sign_ins, calendars, mailbox_calendars)
MODULES = (overview, apps, time, *PEOPLE, consent, behaviour, notifications)


def control_app(world: World, addresses: Addresses) -> web.Application:
    """The control API as an application of its own."""
    app = web.Application(middlewares=[explain_errors])
    app[WORLD] = world
    app[ADDRESSES] = addresses
    app.add_routes(index.routes(MODULES))
    for module in MODULES:
        app.add_routes(module.routes())
    return app
