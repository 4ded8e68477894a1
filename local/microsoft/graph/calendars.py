"""A mailbox's calendars.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from urllib.parse import quote

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import collection
from local.microsoft.graph.events import TEAMS
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ_BASIC, Routes
from local.microsoft.world import PRIMARY_CALENDAR, Json, Mailbox, User, World

routes = Routes()


@routes.mailbox("GET", "/calendars", CALENDARS_READ_BASIC)
async def list_calendars(_world: World, request: GraphRequest) -> GraphResponse:
    """All calendars of the mailbox."""
    mailbox = mailbox_of(request.user)
    items = [_selected(request, _resource(request.user, mailbox, identity)) for identity in mailbox.calendars]
    return GraphResponse(200, collection(items, f"{request.base_url}/$metadata#{_owner(request)}/calendars"))


@routes.mailbox("GET", "/calendar", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendars/{calendar}", CALENDARS_READ_BASIC)
async def get_calendar(_world: World, request: GraphRequest) -> GraphResponse:
    """One calendar, the primary one by default."""
    mailbox = mailbox_of(request.user)
    found = _selected(request, _resource(request.user, mailbox, calendar_in_path(mailbox, request)))
    context = f"{request.base_url}/$metadata#{_owner(request)}/calendars/$entity"
    return GraphResponse(200, {"@odata.context": context, **found})


def _owner(request: GraphRequest) -> str:
    return f"users('{quote(request.user.id)}')"


def _selected(request: GraphRequest, calendar: Json) -> Json:
    """The id and what `$select` names; 400 for what no calendar has."""
    names = [name.strip().lower() for name in request.query.get("$select", "").split(",") if name.strip()]
    if not names:
        return calendar
    by_lower = {name.lower(): name for name in calendar}
    unknown = next((name for name in names if name not in by_lower), None)
    if unknown is not None:
        message = f"Could not find a property named '{unknown}' on type 'Microsoft.OutlookServices.Calendar'."
        raise GraphError(400, "RequestBroker--ParseUri", message)
    return {"id": calendar["id"], **{by_lower[name]: calendar[by_lower[name]] for name in names}}


def _resource(user: User, mailbox: Mailbox, identity: str) -> Json:
    primary, meetings = identity == PRIMARY_CALENDAR, mailbox.online_meetings
    return {
        "id": identity,
        "name": mailbox.calendars[identity],
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": primary,
        "changeKey": "AAAAAAAAAAAAAA==",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": identity not in mailbox.read_only_calendars,
        "allowedOnlineMeetingProviders": [TEAMS] if meetings else [],
        "defaultOnlineMeetingProvider": TEAMS if meetings else "unknown",
        "isTallyingResponses": True,
        "isRemovable": not primary,
        "owner": {"name": user.display_name, "address": user.mail or user.user_principal_name},
    }
