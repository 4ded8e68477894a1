"""calendarView: the instances of a calendar in a stretch of time, expanded, in pages.

https://learn.microsoft.com/graph/api/calendar-list-calendarview
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import View, collection, resource, view_of
from local.microsoft.graph.instances import Instance, instances
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ, Routes
from local.microsoft.graph.zones import parameter
from local.microsoft.world import PRIMARY_CALENDAR, Mailbox, World

routes = Routes()
MAX_TOP = 1000
UNSELECTABLE = frozenset({"createdDateTime", "lastModifiedDateTime"})


@routes.mailbox("GET", "/calendarView", CALENDARS_READ)
@routes.mailbox("GET", "/calendar/calendarView", CALENDARS_READ)
@routes.mailbox("GET", "/calendars/{calendar}/calendarView", CALENDARS_READ)
async def calendar_view(world: World, request: GraphRequest) -> GraphResponse:
    """One page of the calendar's instances in the window."""
    mailbox = mailbox_of(request.user)
    start, end = window(request.query)
    view = _view(request)
    _refuse_filter(request.query)
    found = instances(
        mailbox,
        start,
        end,
        calendar_id=calendar_in_path(mailbox, request),
        touching=world.switches.touching_events,
    )
    _order(found, request.query.get("$orderby"))
    skip = natural(request.query, "$skip", 0)
    size = top(request.query, world.switches.calendar_view_default_top)
    following = page_link(request, skip + size) if len(found) > skip + size else None
    return _page(request, found[skip : skip + size], view, following)


def _page(request: GraphRequest, found: list[Instance], view: View, following: str | None) -> GraphResponse:
    owner = quote(request.user.id)
    context = f"{request.base_url}/$metadata#users('{owner}')/calendarView"
    return GraphResponse(200, collection([resource(i, view) for i in found], context, following))


def _view(request: GraphRequest) -> View:
    view = view_of(request)
    refused = UNSELECTABLE & (view.select or frozenset())
    if refused:
        message = f"The property '{min(refused)}' cannot be selected on calendarView."
        raise GraphError(400, "ErrorInvalidProperty", message)
    return view


def _refuse_filter(query: dict[str, str]) -> None:
    """Rather no answer than one that ignored what was asked."""
    if "$filter" in query or "$search" in query:
        raise GraphError(400, "ErrorInvalidUrlQuery", "The query specified in the URI is not valid.")


def _order(found: list[Instance], orderby: str | None) -> None:
    """Instances come by start; the only other order is by start, descending."""
    if not orderby:
        return
    field, _, direction = orderby.strip().partition(" ")
    if field.lower() != "start/datetime" or direction.strip().lower() not in ("", "asc", "desc"):
        raise GraphError(400, "ErrorInvalidUrlQuery", "The query specified in the URI is not valid.")
    if direction.strip().lower() == "desc":
        found.reverse()


def window(query: dict[str, str]) -> tuple[datetime, datetime]:
    """The window in UTC; 400 when missing, malformed or in the wrong order."""
    start, end = parameter(query, "startDateTime"), parameter(query, "endDateTime")
    if end < start:
        message = "The EndDateTime must be later than or equal to the StartDateTime."
        raise GraphError(400, "ErrorInvalidParameter", message)
    return start, end


def calendar_in_path(mailbox: Mailbox, request: GraphRequest) -> str:
    """The calendar a path names (the primary one by default), or 404."""
    calendar = request.params.get("calendar", PRIMARY_CALENDAR)
    if calendar not in mailbox.calendars:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return calendar


def top(query: dict[str, str], default: int) -> int:
    """`$top` between 1 and 1000, or 400."""
    size = natural(query, "$top", default)
    if not 1 <= size <= MAX_TOP:
        message = f"The value of $top must be between 1 and {MAX_TOP}."
        raise GraphError(400, "ErrorInvalidUrlQuery", message)
    return size


def natural(query: dict[str, str], name: str, default: int) -> int:
    """A whole number of the query string, or 400."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise GraphError(400, "BadRequest", f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def page_link(request: GraphRequest, skip: int) -> str:
    """The link to the page that begins after `skip` items; clients must not take it apart."""
    query = urlencode({**request.query, "$skip": str(skip)}, quote_via=quote, safe="$:,/'()")
    return f"{request.base_url}{quote(request.path)}?{query}"
