"""A mailbox's calendars, with those that others share.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from urllib.parse import quote

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path, natural, page_link, top
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import collection
from local.microsoft.graph.events import meeting_providers
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ_BASIC, Routes
from local.microsoft.graph.shared_calendars import present_shares
from local.microsoft.world import PRIMARY_CALENDAR, Json, User, World

routes = Routes()


@routes.mailbox("GET", "/calendars", CALENDARS_READ_BASIC)
async def list_calendars(world: World, request: GraphRequest) -> GraphResponse:
    """All calendars of the mailbox in pages, the default one first, shared ones last."""
    mailbox = mailbox_of(request.user)
    found = [*mailbox.calendars, *present_shares(world, mailbox)]
    skip, size = natural(request.query, "$skip", 0), top(request.query, world.switches.calendar_view_default_top)
    items = [_selected(request, calendar_resource(world, request.user, c)) for c in found[skip : skip + size]]
    following = page_link(request, skip + size) if len(found) > skip + size else None
    return GraphResponse(
        200, collection(items, f"{request.base_url}/$metadata#{_owner(request)}/calendars", following)
    )


@routes.mailbox("GET", "/calendar", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendars/{calendar}", CALENDARS_READ_BASIC)
async def get_calendar(world: World, request: GraphRequest) -> GraphResponse:
    """One calendar, the primary one by default."""
    mailbox = mailbox_of(request.user)
    wanted = request.params.get("calendar", PRIMARY_CALENDAR)
    identity = wanted if wanted in present_shares(world, mailbox) else calendar_in_path(mailbox, request)
    found = _selected(request, calendar_resource(world, request.user, identity))
    context = f"{request.base_url}/$metadata#{_owner(request)}/calendars/$entity"
    return GraphResponse(200, {"@odata.context": context, **found})


def calendar_resource(world: World, user: User, identity: str) -> Json:
    """Graph's calendar resource, as the mailbox's owner sees it."""
    mailbox = mailbox_of(user)
    share = mailbox.shared.get(identity)
    owner = user if share is None else world.tenants[share.tenant_id].users[share.user_id]
    providers = [] if share else meeting_providers(mailbox, identity)
    can_edit = share.can_edit if share else identity not in mailbox.read_only_calendars
    return {
        "id": identity,
        "name": share.name if share else mailbox.calendars[identity],
        "color": "auto",
        "hexColor": "",
        "changeKey": "AAAAAAAAAAAAAA==",
        "isDefaultCalendar": identity == PRIMARY_CALENDAR,
        "isRemovable": identity != PRIMARY_CALENDAR,
        "isTallyingResponses": identity == PRIMARY_CALENDAR,
        "canEdit": can_edit,
        "canShare": share is None and identity not in mailbox.read_only_calendars,
        "canViewPrivateItems": share is None,
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        "owner": {"name": owner.display_name, "address": owner.mail or owner.user_principal_name},
    }


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
