"""The calendars of a mailbox: make, rename, lock, share and remove them, and put events into one of them."""

from __future__ import annotations

import msgspec
from aiohttp import web

from local.microsoft import calendar_owners
from local.microsoft.control.calendars import WINDOW
from local.microsoft.control.input import (
    Body,
    InputError,
    mailbox_of,
    moment,
    read,
    read_object,
    tenant_of,
    user_of,
    world_of,
)
from local.microsoft.graph import events
from local.microsoft.graph.calendars import calendar_resource
from local.microsoft.graph.event_resource import View, resource
from local.microsoft.graph.instances import instances, single
from local.microsoft.graph.shared_calendars import present_shares


class NewCalendar(Body):
    """A calendar to make; `providers` of online meetings are the mailbox's unless given."""

    name: str
    read_only: bool = False
    providers: list[str] | None = None


class CalendarChange(Body):
    """What can be changed about a calendar."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    read_only: bool | msgspec.UnsetType = msgspec.UNSET
    providers: list[str] | msgspec.UnsetType = msgspec.UNSET


class Sharing(Body):
    """Who a calendar is shared with: a user by id or user principal name, of the owner's tenant unless said."""

    reader: str
    can_edit: bool = False
    tenant: str = ""


def routes() -> list[web.RouteDef]:
    """Calendar addresses; ids as Graph writes them."""
    all_calendars = "/tenants/{tenant}/users/{user}/calendars"
    one = all_calendars + "/{calendar}"
    return [
        web.get(all_calendars, list_calendars),
        web.post(all_calendars, add_calendar),
        web.patch(one, change_calendar),
        web.delete(one, remove_calendar),
        web.post(one + "/share", share_calendar),
        web.get(one + "/events", list_events),
        web.post(one + "/events", create_event),
    ]


async def list_calendars(request: web.Request) -> web.Response:
    """The mailbox's calendars as its owner sees them, shared ones last."""
    world, user, mailbox = world_of(request), user_of(request), mailbox_of(request)
    found = [*mailbox.calendars, *present_shares(world, mailbox)]
    return web.json_response({"calendars": [calendar_resource(world, user, identity) for identity in found]})


async def add_calendar(request: web.Request) -> web.Response:
    """A new calendar."""
    world, user, body = world_of(request), user_of(request), await read(request, NewCalendar)
    identity = calendar_owners.add_calendar(
        world, user, body.name, read_only=body.read_only, providers=body.providers
    )
    return web.json_response(calendar_resource(world, user, identity), status=201)


async def change_calendar(request: web.Request) -> web.Response:
    """Another name, locked or not, other providers of online meetings."""
    identity, mailbox, body = _own(request), mailbox_of(request), await read(request, CalendarChange)
    if body.name is not msgspec.UNSET:
        mailbox.calendars[identity] = body.name
    if body.read_only is not msgspec.UNSET:
        (mailbox.read_only_calendars.add if body.read_only else mailbox.read_only_calendars.discard)(identity)
    if body.providers is not msgspec.UNSET:
        mailbox.meeting_providers[identity] = body.providers
    return web.json_response(calendar_resource(world_of(request), user_of(request), identity))


async def remove_calendar(request: web.Request) -> web.Response:
    """Remove a calendar with its events; one that others share just goes from this mailbox."""
    identity = request.match_info["calendar"]
    if not calendar_owners.remove_calendar(world_of(request), tenant_of(request), user_of(request), identity):
        raise InputError(f"no calendar {identity!r} that can be removed", 404)
    return web.json_response({})


async def share_calendar(request: web.Request) -> web.Response:
    """Share with somebody; the answer has the id that the calendar has there."""
    world, owner, identity = world_of(request), user_of(request), _own(request)
    body = await read(request, Sharing)
    tenant = world.tenants.get(body.tenant or tenant_of(request).id)
    reader = None if tenant is None else world.find_user(tenant.id, body.reader)
    if reader is None or reader.mailbox is None:
        raise InputError(f"reader: no mailbox of {body.reader!r}", 404)
    made = calendar_owners.share_calendar(world, tenant_of(request), owner, identity, reader, can_edit=body.can_edit)
    return web.json_response({"id": made}, status=201)


async def list_events(request: web.Request) -> web.Response:
    """The calendar's single events and occurrences from `start` to `end`, by default the next 90 days."""
    start = moment(request, "start") or world_of(request).clock.now()
    end = moment(request, "end") or start + WINDOW
    found = instances(mailbox_of(request), start, end, calendar_id=_own(request))
    return web.json_response({"events": [resource(instance, View()) for instance in found]})


async def create_event(request: web.Request) -> web.Response:
    """Put an event into this calendar; the body is Graph's event resource."""
    fields, identity = await read_object(request), _own(request)
    if not {"start", "end"} <= fields.keys():
        raise InputError("start and end are required")
    event = events.create_event(world_of(request), tenant_of(request), user_of(request), fields, identity)
    kind = "seriesMaster" if event.fields.get("recurrence") else "singleInstance"
    shown = resource(single(event, mailbox_of(request).time_zone, kind), View())  # type: ignore[arg-type]
    return web.json_response(shown, status=201)


def _own(request: web.Request) -> str:
    identity = request.match_info["calendar"]
    if identity not in mailbox_of(request).calendars:
        raise InputError(f"no calendar {identity!r}", 404)
    return identity
