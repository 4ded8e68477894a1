"""Events over HTTP: list, read, create, update, delete, cancel.

https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from local.microsoft.graph import invitations
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path, natural, page_link, top
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import View, collection, etag, extended_property, resource, view_of
from local.microsoft.graph.events import (
    cancel_occurrence,
    change_occurrence,
    create_event,
    delete_event,
    find_event,
    item_not_found,
    update_event,
)
from local.microsoft.graph.instances import Instance, occurrence, single, split_occurrence_id
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.neighbours import check_between_neighbours
from local.microsoft.graph.routing import CALENDARS_READ, CALENDARS_WRITE, Routes
from local.microsoft.world import Event, Json, Mailbox, World

routes = Routes()
READ_ONLY = (
    "id",
    "changeKey",
    "iCalUId",
    "type",
    "seriesMasterId",
    "createdDateTime",
    "@odata.etag",
    "transactionId",
)
EXTENDED = re.compile(
    r"singleValueExtendedProperties/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+'([^']*)'\s+and\s+\1/value\s+eq\s+'([^']*)'\s*\)",
    re.IGNORECASE,
)
ICAL = re.compile(r"iCalUId\s+eq\s+'([^']*)'", re.IGNORECASE)


@routes.mailbox("GET", "/events", CALENDARS_READ)
@routes.mailbox("GET", "/calendar/events", CALENDARS_READ)
@routes.mailbox("GET", "/calendars/{calendar}/events", CALENDARS_READ)
async def list_events(world: World, request: GraphRequest) -> GraphResponse:
    """Single events and series masters, in pages; nothing is expanded."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    calendar = calendar_in_path(mailbox, request)
    wanted = _filter(request.query.get("$filter"))
    found = [e for e in mailbox.events.values() if e.calendar_id == calendar and wanted(e)]
    skip, size = natural(request.query, "$skip", 0), top(request.query, world.switches.calendar_view_default_top)
    following = page_link(request, skip + size) if len(found) > skip + size else None
    items = [resource(_whole(mailbox, event), view) for event in found[skip : skip + size]]
    return GraphResponse(200, collection(items, _context(request, ""), following))


@routes.mailbox("POST", "/events", CALENDARS_WRITE)
@routes.mailbox("POST", "/calendar/events", CALENDARS_WRITE)
@routes.mailbox("POST", "/calendars/{calendar}/events", CALENDARS_WRITE)
async def post_event(world: World, request: GraphRequest) -> GraphResponse:
    """Create an event, unless its transactionId is spent."""
    mailbox, view, fields = mailbox_of(request.user), view_of(request), request.json()
    calendar = calendar_in_path(mailbox, request)
    event = _already_created(world, mailbox, fields)
    if event is None:
        event = create_event(world, request.tenant, request.user, fields, calendar)
    body = resource(_whole(mailbox, event), view)
    if not world.switches.join_url_at_once:
        body["onlineMeeting"] = None
    location = f"{request.base_url}{quote(request.path)}('{body['id']}')"
    return GraphResponse(201, {"@odata.context": _context(request, "/$entity"), **body}, {"Location": location})


@routes.mailbox("GET", "/events/{event}", CALENDARS_READ)
@routes.mailbox("GET", "/calendar/events/{event}", CALENDARS_READ)
@routes.mailbox("GET", "/calendars/{calendar}/events/{event}", CALENDARS_READ)
async def get_event(_world: World, request: GraphRequest) -> GraphResponse:
    """One event, occurrence or master."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    instance = _instance(mailbox, request.params["event"])
    return GraphResponse(200, _entity(mailbox, instance, view, request))


@routes.mailbox("PATCH", "/events/{event}", CALENDARS_WRITE)
@routes.mailbox("PATCH", "/calendar/events/{event}", CALENDARS_WRITE)
@routes.mailbox("PATCH", "/calendars/{calendar}/events/{event}", CALENDARS_WRITE)
async def patch_event(world: World, request: GraphRequest) -> GraphResponse:
    """Change an event, a series or one occurrence."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    fields = {name: value for name, value in request.json().items() if name not in READ_ONLY}
    instance = _instance(mailbox, request.params["event"])
    _check_if_match(world, request, instance.event)
    owner = (world, request.tenant, request.user)
    if instance.original_date is None:
        _check_online_meeting(instance.event, fields)
        update_event(*owner, instance.event.id, fields)
    else:
        check_between_neighbours(instance, fields, mailbox.time_zone)
        change_occurrence(*owner, instance.event.id, instance.original_date, fields)
    instance = _instance(mailbox, request.params["event"])
    return GraphResponse(200, _entity(mailbox, instance, view, request))


@routes.mailbox("DELETE", "/events/{event}", CALENDARS_WRITE)
@routes.mailbox("DELETE", "/calendar/events/{event}", CALENDARS_WRITE)
@routes.mailbox("DELETE", "/calendars/{calendar}/events/{event}", CALENDARS_WRITE)
@routes.mailbox("POST", "/events/{event}/permanentDelete", CALENDARS_WRITE)
async def remove_event(world: World, request: GraphRequest) -> GraphResponse:
    """Delete an event, a series or one occurrence."""
    instance = _instance(mailbox_of(request.user), request.params["event"])
    _check_if_match(world, request, instance.event)
    _remove(world, request, instance)
    return GraphResponse(204)


@routes.mailbox("POST", "/events/{event}/cancel", CALENDARS_WRITE)
async def cancel_event(world: World, request: GraphRequest) -> GraphResponse:
    """Call a meeting off: attendees are told with the organiser's comment."""
    mailbox = mailbox_of(request.user)
    instance = _instance(mailbox, request.params["event"])
    if not instance.event.fields.get("isOrganizer", True):
        raise GraphError(400, "ErrorInvalidRequest", "You need to be an organizer to cancel a meeting.")
    comment = (request.body or {}).get("comment") or (request.body or {}).get("Comment") or ""
    if instance.original_date is None:
        delete_event(world, request.tenant, request.user, instance.event.id, notify=False)
        invitations.cancel(world, mailbox, instance.event, comment)
    else:
        _remove(world, request, instance)
    return GraphResponse(202)


def _remove(world: World, request: GraphRequest, instance: Instance) -> None:
    owner = (world, request.tenant, request.user)
    if instance.original_date is None:
        delete_event(*owner, instance.event.id)
    else:
        cancel_occurrence(*owner, instance.event.id, instance.original_date)


def _instance(mailbox: Mailbox, identity: str) -> Instance:
    """What an id names: an event, a master, or one occurrence of a series."""
    event_id, original_date = split_occurrence_id(identity)
    event = find_event(mailbox, event_id)
    if original_date is None:
        return _whole(mailbox, event)
    found = occurrence(event, mailbox.time_zone, original_date) if event.fields.get("recurrence") else None
    if found is None:
        raise item_not_found()
    return found


def _whole(mailbox: Mailbox, event: Event) -> Instance:
    kind = "seriesMaster" if event.fields.get("recurrence") else "singleInstance"
    return single(event, mailbox.time_zone, kind)  # type: ignore[arg-type]


def _entity(mailbox: Mailbox, instance: Instance, view: View, request: GraphRequest) -> Json:
    body = resource(instance, view)
    if instance.kind == "seriesMaster":
        body.update(_exceptions(mailbox, instance.event, view))
    return {"@odata.context": _context(request, "/$entity"), **body}


def _exceptions(mailbox: Mailbox, event: Event, view: View) -> Json:
    """CancelledOccurrences when selected, exceptionOccurrences when selected or expanded."""
    chosen = {name.lower() for name in view.select or ()} | view.expand
    found: Json = {}
    if "cancelledoccurrences" in chosen:
        found["cancelledOccurrences"] = [f"OID.{event.id}.{day}" for day in sorted(event.cancelled_occurrences)]
    if "exceptionoccurrences" in chosen:
        changed = (occurrence(event, mailbox.time_zone, day) for day in sorted(event.exceptions))
        found["exceptionOccurrences"] = [resource(i, View(zone=view.zone)) for i in changed if i is not None]
    return found


def _already_created(world: World, mailbox: Mailbox, fields: Json) -> Event | None:
    """The event an identical POST with this transactionId made; the switched refusal when the id is spent."""
    transaction = fields.get("transactionId")
    if transaction is None:
        return None
    event = next((e for e in mailbox.events.values() if e.transaction_id == transaction), None)
    if event is None:
        return None
    identical = event.posted == fields
    if identical and world.switches.transaction_retry == "existing":
        return event
    status = world.switches.transaction_retry if identical else world.switches.transaction_reuse
    raise _spent(int(status), event)


def _spent(status: int, event: Event) -> GraphError:
    message = (
        "Your request can't be completed. The TransactionId specified in the request has already been used to "
        "create a different event."
    )
    error = GraphError(status, "ErrorDuplicateTransactionId", message)
    error.extra["@event.existingEventId"] = event.id
    return error


def _check_if_match(world: World, request: GraphRequest, event: Event) -> None:
    wanted = request.headers.get("if-match")
    if not world.switches.if_match or wanted in (None, "*", etag(event)):
        return
    message = (
        "The send or update operation could not be performed because the change key passed in the request does not "
        "match the current change key for the item."
    )
    raise GraphError(int(world.switches.event_conflict), "ErrorIrresolvableConflict", message)


def _check_online_meeting(event: Event, fields: Json) -> None:
    """Once a Teams meeting, always one: neither flag nor provider can be changed."""
    if not event.fields.get("isOnlineMeeting"):
        return
    provider = event.fields.get("onlineMeetingProvider")
    if fields.get("isOnlineMeeting") is False or fields.get("onlineMeetingProvider", provider) != provider:
        raise GraphError(400, "ErrorInvalidRequest", "The online meeting provider cannot be changed.")


def _filter(text: str | None) -> Callable[[Event], bool]:
    """`$filter` as far as the simulator knows it: an extended property's value, or an iCalUId."""
    if not text:
        return lambda _: True
    if match := EXTENDED.fullmatch(text.strip()):
        identity, value = match.group(2), match.group(3)
        return lambda event: (extended_property(event.fields, identity) or {}).get("value") == value
    if match := ICAL.fullmatch(text.strip()):
        uid = match.group(1)
        return lambda event: event.fields.get("iCalUId") == uid
    raise GraphError(400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")


def _context(request: GraphRequest, suffix: str) -> str:
    return f"{request.base_url}/$metadata#users('{quote(request.user.id)}')/events{suffix}"
