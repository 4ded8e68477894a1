"""What a subscription watches: the events of a mailbox, or of one of its calendars.

https://learn.microsoft.com/graph/outlook-change-notifications-overview
"""

from __future__ import annotations

from dataclasses import dataclass

from local.microsoft.graph.access import access_denied, app_may_use, find_owner, holds
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.events import item_not_found
from local.microsoft.graph.messages import GraphRequest
from local.microsoft.graph.routing import CALENDARS_READ
from local.microsoft.world import Json, Mailbox, User, World


@dataclass(frozen=True)
class Resource:
    """A subscription's `resource`, taken apart."""

    user: str | None
    """None for `me`."""
    calendar: str | None
    """None for the whole mailbox."""
    query: str


def read_resource(body: Json) -> Resource:
    """The parts of `resource`: `me` or `users/{id}`, then `events` or `calendars/{id}/events`; or 400."""
    path, _, query = str(body.get("resource", "")).partition("?")
    segments = path.strip("/").split("/")
    own = segments[0].lower() == "me"
    user, rest = (None, segments[1:]) if own else (segments[1] if len(segments) > 1 else "", segments[2:])
    words = [segment.lower() for segment in rest]
    known_start = own or segments[0].lower() == "users"
    if known_start and words == ["events"]:
        return Resource(user, None, query)
    if known_start and len(words) == 3 and (words[0], words[2]) == ("calendars", "events"):
        return Resource(user, rest[1], query)
    raise GraphError(400, "InvalidRequest", "Resource is not supported for subscriptions.")


def watched_user(world: World, request: GraphRequest, body: Json) -> User:
    """The mailbox owner of `resource`, if the caller may read it. Delegated, that is only one's own mailbox."""
    resource = read_resource(body)
    key = request.token.user_id if resource.user is None else resource.user
    user = find_owner(world, request.tenant, key or "")
    has_scope = holds(request.token, CALENDARS_READ)
    if request.token.kind == "user":
        allowed = has_scope and user.id == request.token.user_id
    else:
        allowed = app_may_use(request.tenant, user, has_scope)
    if not allowed:
        raise access_denied()
    return user


def check_calendar(mailbox: Mailbox, body: Json) -> str | None:
    """The calendar that is watched, if it is one; calendars that others share cannot be watched from here."""
    calendar = read_resource(body).calendar
    if calendar in mailbox.shared:
        raise access_denied()
    if calendar is not None and calendar not in mailbox.calendars:
        raise item_not_found()
    return calendar
