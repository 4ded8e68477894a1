"""What must be so before an event may be written: a calendar that can be, and a state as the caller knows it."""

from __future__ import annotations

from local.microsoft.graph.errors import IRRESOLVABLE_CONFLICT, GraphError
from local.microsoft.graph.event_resource import etag
from local.microsoft.graph.messages import GraphRequest
from local.microsoft.world import Event, Json, Mailbox, World


def check_editable(mailbox: Mailbox, calendar_id: str) -> None:
    """403 in a calendar in which nobody may write."""
    if calendar_id in mailbox.read_only_calendars:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def check_if_match(world: World, request: GraphRequest, event: Event) -> None:
    """409 or 412 ErrorIrresolvableConflict (as switched) when `If-Match` names another state."""
    wanted = request.headers.get("if-match")
    if not world.switches.if_match or wanted in (None, "*", etag(event)):
        return
    raise GraphError(int(world.switches.event_conflict), *IRRESOLVABLE_CONFLICT)


def check_online_meeting(event: Event, fields: Json) -> None:
    """Once a Teams meeting, always one: neither flag nor provider can be changed."""
    if not event.fields.get("isOnlineMeeting"):
        return
    provider = event.fields.get("onlineMeetingProvider")
    if fields.get("isOnlineMeeting") is False or fields.get("onlineMeetingProvider", provider) != provider:
        raise GraphError(400, "ErrorInvalidRequest", "The online meeting provider cannot be changed.")


def check_organizer(event: Event) -> None:
    """Only an organiser can call a meeting off."""
    if not event.fields.get("isOrganizer", True):
        raise GraphError(400, "ErrorInvalidRequest", "You need to be an organizer to cancel a meeting.")
