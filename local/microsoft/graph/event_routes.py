"""Events over HTTP: list, read, create, update, delete, cancel.

https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

from urllib.parse import quote

from local.microsoft.graph import invitations
from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path, natural, page_link, top
from local.microsoft.graph.event_filter import event_filter
from local.microsoft.graph.event_resource import View, collection, public_id, resource, view_of
from local.microsoft.graph.events import (
    cancel_occurrence,
    change_occurrence,
    create_event,
    delete_event,
    find_deleted,
    find_event,
    item_not_found,
    update_event,
)
from local.microsoft.graph.instances import Instance, occurrence, single, split_occurrence_id
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.neighbours import check_between_neighbours
from local.microsoft.graph.preconditions import check_editable, check_if_match, check_online_meeting, check_organizer
from local.microsoft.graph.routing import CALENDARS_READ, CALENDARS_WRITE, Routes
from local.microsoft.graph.transactions import already_created
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


@routes.mailbox("GET", "/events", CALENDARS_READ)
async def list_events(world: World, request: GraphRequest) -> GraphResponse:
    """The mailbox's events, or (as switched) those of the primary calendar."""
    mailbox = mailbox_of(request.user)
    everywhere = world.switches.events_listed == "mailbox"
    return _events(world, request, set(mailbox.calendars) if everywhere else {calendar_in_path(mailbox, request)})


@routes.mailbox("GET", "/calendar/events", CALENDARS_READ)
@routes.mailbox("GET", "/calendars/{calendar}/events", CALENDARS_READ)
async def list_calendars_events(world: World, request: GraphRequest) -> GraphResponse:
    """One calendar's events."""
    return _events(world, request, {calendar_in_path(mailbox_of(request.user), request)})


def _events(world: World, request: GraphRequest, calendars: set[str]) -> GraphResponse:
    """Single events and series masters, in pages; nothing is expanded."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    wanted = event_filter(request.query.get("$filter"))
    found = [e for e in mailbox.events.values() if e.calendar_id in calendars and wanted(e)]
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
    check_editable(mailbox, calendar)
    event = already_created(world, mailbox, fields, view)
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
async def get_event(world: World, request: GraphRequest) -> GraphResponse:
    """One event, occurrence or master."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    deleted = find_deleted(world, mailbox, request.params["event"])
    instance = _whole(mailbox, deleted) if deleted else _instance(mailbox, request.params["event"])
    return GraphResponse(200, _entity(mailbox, instance, view, request))


@routes.mailbox("PATCH", "/events/{event}", CALENDARS_WRITE)
@routes.mailbox("PATCH", "/calendar/events/{event}", CALENDARS_WRITE)
@routes.mailbox("PATCH", "/calendars/{calendar}/events/{event}", CALENDARS_WRITE)
async def patch_event(world: World, request: GraphRequest) -> GraphResponse:
    """Change an event, a series or one occurrence."""
    mailbox, view = mailbox_of(request.user), view_of(request)
    fields = {name: value for name, value in request.json().items() if name not in READ_ONLY}
    instance = _writable(world, mailbox, request)
    owner = (world, request.tenant, request.user)
    if instance.original_date is None:
        check_online_meeting(instance.event, fields)
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
    _remove(world, request, _writable(world, mailbox_of(request.user), request))
    return GraphResponse(204)


@routes.mailbox("POST", "/events/{event}/cancel", CALENDARS_WRITE)
async def cancel_event(world: World, request: GraphRequest) -> GraphResponse:
    """Call a meeting off: attendees are told with the organiser's comment."""
    mailbox = mailbox_of(request.user)
    instance = _writable(world, mailbox, request)
    check_organizer(instance.event)
    body = request.json() if request.body is not None else {}
    comment = body.get("comment") or body.get("Comment") or ""
    if instance.original_date is None:
        delete_event(world, request.tenant, request.user, instance.event.id, notify=False)
        invitations.cancel(world, mailbox, instance.event, comment)
    else:
        cancel_occurrence(world, request.tenant, request.user, instance.event.id, instance.original_date, comment)
    return GraphResponse(202)


def _remove(world: World, request: GraphRequest, instance: Instance) -> None:
    owner = (world, request.tenant, request.user)
    if instance.original_date is None:
        delete_event(*owner, instance.event.id)
    else:
        cancel_occurrence(*owner, instance.event.id, instance.original_date)


def _writable(world: World, mailbox: Mailbox, request: GraphRequest) -> Instance:
    """What the path names, if it may be written in the state that the caller knows."""
    instance = _instance(mailbox, request.params["event"])
    check_editable(mailbox, instance.event.calendar_id)
    check_if_match(world, request, instance.event)
    return instance


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
    identity = public_id(_whole(mailbox, event), view)
    chosen = {name.lower() for name in view.select or ()} | view.expand
    found: Json = {}
    if "cancelledoccurrences" in chosen:
        found["cancelledOccurrences"] = [f"OID.{identity}.{day}" for day in sorted(event.cancelled_occurrences)]
    if "exceptionoccurrences" in chosen:
        changed = (occurrence(event, mailbox.time_zone, day) for day in sorted(event.exceptions))
        plain = View(zone=view.zone, immutable_ids=view.immutable_ids)
        found["exceptionOccurrences"] = [resource(i, plain) for i in changed if i is not None]
    return found


def _context(request: GraphRequest, suffix: str) -> str:
    return f"{request.base_url}/$metadata#users('{quote(request.user.id)}')/events{suffix}"
