"""calendarView/delta: a window's instances once, then what changed since, with all its oddities.

A round's place is in its links: the window, the changes already seen, and the last instance given. Occurrences come
as stubs, deleted occurrences go unmentioned, and events outside the window appear as removed.
https://learn.microsoft.com/graph/api/event-delta
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import quote

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path, window
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import View, public_id, resource, view_of
from local.microsoft.graph.instances import Instance, instances, single
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ_BASIC, Routes
from local.microsoft.world import Event, Json, Mailbox, World

routes = Routes()
REFUSED_OPTIONS = ("$select", "$filter", "$expand", "$orderby", "$search")
STUB = ("@odata.etag", "id", "seriesMasterId", "type", "start", "end")
GONE = "The sync state generation is not found; generation=149;[highest=157][157][155][156]."
DEFAULT_PAGE = 10


@dataclass(frozen=True)
class Place:
    """Where a round stands."""

    start: str
    end: str
    calendar: str
    since: int | None
    """Changes up to this one are known to the client; None in the first round."""
    until: int
    """The last change when the round began."""
    after: str = ""
    """Key of the last entry given."""
    size: int = DEFAULT_PAGE

    def token(self) -> str:
        """The place as an opaque string."""
        return urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()


@dataclass(frozen=True)
class Entry:
    """One thing to tell: an instance, or that an event is gone (or outside the window)."""

    event_id: str
    instance: Instance | None

    @property
    def key(self) -> str:
        """Order within a round; stable while events come and go."""
        return f"{self.event_id} {self.instance.id if self.instance else ''}"


@routes.mailbox("GET", "/calendarView/delta", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendar/calendarView/delta", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendars/{calendar}/calendarView/delta", CALENDARS_READ_BASIC)
async def calendar_view_delta(world: World, request: GraphRequest) -> GraphResponse:
    """One page of a round."""
    _refuse_options(request.query)
    if _twisted(world, request, "expired"):
        raise _expired(world)
    mailbox, view = mailbox_of(request.user), view_of(request)
    place = _place(world, mailbox, request)
    if _twisted(world, request, "replay"):
        place = replace(place, since=None)
    entries = sorted(_told_once(_entries(world, mailbox, place), mailbox, view), key=lambda e: e.key)
    entries = [e for e in entries if e.key > place.after]
    page = [] if _twisted(world, request, "empty_page") else entries[: place.size]
    link = _next_link(place, page) if len(entries) > len(page) else _delta_link(world, request, place)
    items = [_item(world, mailbox, entry, view) for entry in page]
    if items and _twisted(world, request, "duplicates"):
        items += items
    headers = {"Preference-Applied": "odata.track-changes"}
    return GraphResponse(200, _body(request, items, link), headers)


def _body(request: GraphRequest, items: list[Json], link: tuple[str, str]) -> Json:
    name, query = link
    context = f"{request.base_url}/$metadata#Collection(event)"
    return {"@odata.context": context, name: f"{request.base_url}{quote(request.path)}?{query}", "value": items}


def _next_link(place: Place, page: list[Entry]) -> tuple[str, str]:
    following = replace(place, after=page[-1].key if page else place.after)
    return "@odata.nextLink", f"$skiptoken={following.token()}"


def _delta_link(world: World, request: GraphRequest, place: Place) -> tuple[str, str]:
    """The link to the next round; when changes show up late, this one has not seen any."""
    since = (place.since or 0) if _twisted(world, request, "late") else place.until
    return "@odata.deltaLink", f"$deltatoken={replace(place, since=since, until=since, after='').token()}"


def _place(world: World, mailbox: Mailbox, request: GraphRequest) -> Place:
    """The place a link carries, or the beginning of a first round."""
    query = request.query
    size = int(request.headers.preferences().get("odata.maxpagesize", DEFAULT_PAGE))
    if "$skiptoken" in query:
        return _read_token(world, query["$skiptoken"])
    if "$deltatoken" in query:
        return replace(_read_token(world, query["$deltatoken"]), until=world.sequence, size=size)
    start, end = window(query)
    calendar = calendar_in_path(mailbox, request)
    return Place(start.isoformat(), end.isoformat(), calendar, since=None, until=world.sequence, size=size)


def _read_token(world: World, token: str) -> Place:
    try:
        return Place(**json.loads(urlsafe_b64decode(token)))
    except (ValueError, TypeError):
        raise _expired(world) from None


def _entries(world: World, mailbox: Mailbox, place: Place) -> list[Entry]:
    """Everything in the window, or in later rounds what the changes since then have touched."""
    start, end = datetime.fromisoformat(place.start), datetime.fromisoformat(place.end)
    inside = instances(mailbox, start, end, calendar_id=place.calendar)
    found = [Entry(i.event.id, i) for i in inside]
    if place.since is not None:
        touched = _touched(mailbox, place.since)
        found = [entry for entry in found if entry.event_id in touched]
        found += [Entry(identity, None) for identity in touched - {entry.event_id for entry in found}]
    if world.switches.delta_masters:
        found += [_master(mailbox, entry) for entry in _first_occurrences(found)]
    return found


def _told_once(entries: list[Entry], mailbox: Mailbox, view: View) -> list[Entry]:
    """By immutable ids an event that has moved away and back is there, and not gone as well."""
    if not view.immutable_ids:
        return entries
    present = {entry.instance.event.immutable_id for entry in entries if entry.instance}
    return [e for e in entries if e.instance or _removed_id(mailbox, e.event_id, view) not in present]


def _touched(mailbox: Mailbox, since: int) -> set[str]:
    first = bisect_right(mailbox.changes, since, key=lambda change: change[0])
    return {identity for _, identity, _ in mailbox.changes[first:]}


def _first_occurrences(entries: list[Entry]) -> list[Entry]:
    found = {e.event_id: e for e in reversed(entries) if e.instance and e.instance.original_date}
    return list(found.values())


def _master(mailbox: Mailbox, entry: Entry) -> Entry:
    event = mailbox.events[entry.event_id]
    return Entry(entry.event_id, single(event, mailbox.time_zone, "seriesMaster"))


def _item(world: World, mailbox: Mailbox, entry: Entry, view: View) -> Json:
    kind = {"@odata.type": "#microsoft.graph.event"}
    if entry.instance is None:
        return {**kind, "id": _removed_id(mailbox, entry.event_id, view), "@removed": {"reason": "deleted"}}
    full = {**kind, **resource(entry.instance, view), "id": public_id(entry.instance, view)}
    if entry.instance.kind == "occurrence" and world.switches.delta_occurrences == "stub":
        return {**kind, **{name: full[name] for name in STUB}}
    return full


def _removed_id(mailbox: Mailbox, identity: str, view: View) -> str:
    event: Event | None = mailbox.events.get(identity)
    if not view.immutable_ids:
        return identity
    return event.immutable_id if event is not None else mailbox.left.get(identity, identity)


def _refuse_options(query: dict[str, str]) -> None:
    refused = [name for name in REFUSED_OPTIONS if name in query]
    if refused:
        message = f"The following parameters are not supported with change tracking over the 'CalendarView' resource: '{refused[0]}'."  # noqa: E501
        raise GraphError(400, "ErrorInvalidUrlQuery", message)


def _twisted(world: World, request: GraphRequest, twist: str) -> bool:
    where, key = request.path, request.params.get("user", request.user.id)
    return world.faults.take_twist(twist, where, request.tenant.id, key)  # type: ignore[arg-type]


def _expired(world: World) -> GraphError:
    status = int(world.switches.calendar_delta_expired)
    return GraphError(status, "SyncStateNotFound" if status == 410 else "syncStateNotFound", GONE)
