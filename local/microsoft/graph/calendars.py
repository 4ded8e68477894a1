"""A mailbox's calendars.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from local.microsoft.graph.access import mailbox_of
from local.microsoft.graph.calendar_view import calendar_in_path
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
    items = [_resource(request.user, mailbox, identity) for identity in mailbox.calendars]
    return GraphResponse(200, collection(items, f"{request.base_url}/$metadata#calendars"))


@routes.mailbox("GET", "/calendar", CALENDARS_READ_BASIC)
@routes.mailbox("GET", "/calendars/{calendar}", CALENDARS_READ_BASIC)
async def get_calendar(_world: World, request: GraphRequest) -> GraphResponse:
    """One calendar, the primary one by default."""
    mailbox = mailbox_of(request.user)
    return GraphResponse(200, _resource(request.user, mailbox, calendar_in_path(mailbox, request)))


def _resource(user: User, mailbox: Mailbox, identity: str) -> Json:
    provider = TEAMS if mailbox.online_meetings else "unknown"
    return {
        "id": identity,
        "name": mailbox.calendars[identity],
        "isDefaultCalendar": identity == PRIMARY_CALENDAR,
        "canEdit": True,
        "allowedOnlineMeetingProviders": [TEAMS] if mailbox.online_meetings else [],
        "defaultOnlineMeetingProvider": provider,
        "owner": {"name": user.display_name, "address": user.mail or user.user_principal_name},
    }
