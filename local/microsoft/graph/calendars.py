"""A mailbox's calendars, with those that others share.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from typing import Any

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path, natural, page_link, top
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import collection
from local.microsoft.graph.events import TEAMS
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import CALENDARS_READ_BASIC, Routes
from local.microsoft.graph.shared_calendars import present_shares
from local.microsoft.world import PRIMARY_CALENDAR, Json, Mailbox, User, World

routes = Routes()


@routes.mailbox("GET", "/calendars", CALENDARS_READ_BASIC)
async def list_calendars(world: World, request: GraphRequest) -> GraphResponse:
    """All calendars of the mailbox in pages, the default one first, shared ones last."""
    mailbox = mailbox_of(request.user)
    found = [*mailbox.calendars, *present_shares(world, mailbox)]
    skip, size = natural(request.query, "$skip", 0), top(request.query, world.switches.calendar_view_default_top)
    items = [_selected(request, calendar_resource(world, request.user, c)) for c in found[skip : skip + size]]
    following = page_link(request, skip + size) if len(found) > skip + size else None
    return GraphResponse(200, collection(items, f"{request.base_url}/$metadata#calendars", following))


@routes.mailbox("GET", "/calendar", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendars/{calendar}", CALENDARS_READ_BASIC)
async def get_calendar(world: World, request: GraphRequest) -> GraphResponse:
    """One calendar, the primary one by default."""
    mailbox = mailbox_of(request.user)
    wanted = request.params.get("calendar", PRIMARY_CALENDAR)
    identity = wanted if wanted in present_shares(world, mailbox) else calendar_in_path(mailbox, request)
    return GraphResponse(200, _selected(request, calendar_resource(world, request.user, identity)))


def calendar_resource(world: World, user: User, identity: str) -> Json:
    """Graph's calendar resource, as the mailbox's owner sees it."""
    mailbox = mailbox_of(user)
    share = mailbox.shared.get(identity)
    owner = user if share is None else world.tenants[share.tenant_id].users[share.user_id]
    providers = _providers(mailbox, identity)
    can_edit = share.can_edit if share else identity not in mailbox.read_only
    return {
        "id": identity,
        "name": share.name if share else mailbox.calendars[identity],
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": identity == PRIMARY_CALENDAR,
        "isRemovable": identity != PRIMARY_CALENDAR,
        "isTallyingResponses": identity == PRIMARY_CALENDAR,
        "canEdit": can_edit,
        "canShare": share is None and identity not in mailbox.read_only,
        "canViewPrivateItems": share is None,
        "allowedOnlineMeetingProviders": providers,
        "defaultOnlineMeetingProvider": providers[0] if providers else "unknown",
        "owner": {"name": owner.display_name, "address": owner.mail or owner.user_principal_name},
    }


def _providers(mailbox: Mailbox, identity: str) -> list[str]:
    """Who makes online meetings for a calendar; nobody in calendars of others."""
    usual = [TEAMS] if mailbox.online_meetings and identity not in mailbox.shared else []
    return mailbox.meeting_providers.get(identity, usual)


def _selected(request: GraphRequest, whole: Json) -> dict[str, Any]:
    """The resource cut to `$select`; ids always come."""
    select = request.query.get("$select")
    if not select:
        return whole
    names = {name.strip().lower() for name in select.split(",")}
    unknown = names - {name.lower() for name in whole}
    if unknown:
        message = f"Could not find a property named '{min(unknown)}' on type 'Microsoft.OutlookServices.Calendar'."
        raise GraphError(400, "RequestBroker--ParseUri", message)
    return {name: value for name, value in whole.items() if name.lower() in names | {"id"}}
