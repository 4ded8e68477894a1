"""Calendars: what people do in Outlook, with all that follows from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from aiohttp import web

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
from local.microsoft.graph.event_resource import View, resource
from local.microsoft.graph.instances import Instance, Kind, instances, single
from local.microsoft.world import Event

WINDOW = timedelta(days=90)


class Answer(Body):
    """What an attendee says to a meeting."""

    attendee: str
    """Address."""
    response: Literal["accepted", "declined", "tentativelyAccepted"]


def routes() -> list[web.RouteDef]:
    """Event addresses; `{day}` is an occurrence's original date, YYYY-MM-DD."""
    all_events = "/tenants/{tenant}/users/{user}/events"
    one = all_events + "/{event}"
    return [
        web.get(all_events, list_events),
        web.post(all_events, create_event),
        web.get(one, show_event),
        web.patch(one, update_event),
        web.delete(one, delete_event),
        web.post(one + "/move", move_event),
        web.post(one + "/answers", answer_event),
        web.delete(one + "/occurrences/{day}", cancel_occurrence),
        web.patch(one + "/occurrences/{day}", change_occurrence),
    ]


async def list_events(request: web.Request) -> web.Response:
    """The mailbox's single events and occurrences from `start` to `end` (default: the next 90 days), times in UTC."""
    world = world_of(request)
    start = moment(request, "start") or world.clock.now()
    found = instances(mailbox_of(request), start, moment(request, "end") or start + WINDOW)
    return web.json_response({"events": [resource(instance, View()) for instance in found]})


async def create_event(request: web.Request) -> web.Response:
    """Put an event or series into the calendar; the body is Graph's event resource."""
    fields = await read_object(request)
    if not {"start", "end"} <= fields.keys():
        raise InputError("start and end are required")
    event = events.create_event(world_of(request), tenant_of(request), user_of(request), fields)
    shown = resource(_as_stored(request, event), View())
    return web.json_response(shown, status=201)


async def show_event(request: web.Request) -> web.Response:
    """One event with what Graph shows only when asked: its calendar, immutable id and extended properties."""
    event = events.find_event(mailbox_of(request), request.match_info["event"])
    more = {
        "calendar": event.calendar_id,
        "immutableId": event.immutable_id,
        "singleValueExtendedProperties": event.fields.get("singleValueExtendedProperties") or [],
    }
    return web.json_response({**resource(_as_stored(request, event), View()), **more})


async def update_event(request: web.Request) -> web.Response:
    """Change fields of an event or a whole series."""
    fields = await read_object(request)
    place = world_of(request), tenant_of(request), user_of(request)
    event = events.update_event(*place, request.match_info["event"], fields)
    return web.json_response(resource(_as_stored(request, event), View()))


async def delete_event(request: web.Request) -> web.Response:
    """Delete an event or a whole series."""
    place = world_of(request), tenant_of(request), user_of(request)
    events.delete_event(*place, request.match_info["event"])
    return web.json_response({})


async def move_event(request: web.Request) -> web.Response:
    """Move to another calendar of the mailbox (`{"calendar": id}`), made when it does not exist; the id changes."""
    calendar = str((await read_object(request)).get("calendar") or "")
    if not calendar:
        raise InputError("calendar is required")
    mailbox_of(request).calendars.setdefault(calendar, calendar)
    place = world_of(request), tenant_of(request), user_of(request)
    event = events.move_event(*place, request.match_info["event"], calendar)
    return web.json_response({"id": event.id})


async def answer_event(request: web.Request) -> web.Response:
    """An attendee answers; the owner of an invitation answers it with their own address."""
    answer = await read(request, Answer)
    place = world_of(request), tenant_of(request), user_of(request)
    event = events.answer_event(*place, request.match_info["event"], answer.attendee, answer.response)
    return web.json_response(resource(_as_stored(request, event), View()))


async def cancel_occurrence(request: web.Request) -> web.Response:
    """Take one occurrence out of a series."""
    place = world_of(request), tenant_of(request), user_of(request)
    events.cancel_occurrence(*place, request.match_info["event"], request.match_info["day"])
    return web.json_response({})


async def change_occurrence(request: web.Request) -> web.Response:
    """Change or move one occurrence of a series."""
    fields = await read_object(request)
    place = world_of(request), tenant_of(request), user_of(request)
    events.change_occurrence(*place, request.match_info["event"], request.match_info["day"], fields)
    return web.json_response({})


def _as_stored(request: web.Request, event: Event) -> Instance:
    kind: Kind = "seriesMaster" if event.fields.get("recurrence") else "singleInstance"
    return single(event, mailbox_of(request).time_zone, kind)
