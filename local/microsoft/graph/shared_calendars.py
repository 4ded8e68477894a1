"""Calendars of others: they show up in one's own mailbox, and their events stay in their owner's.

What a request names there is looked up where it really is before its route answers. Reading them at their owner's
address needs the permission for shared calendars as well.
https://learn.microsoft.com/graph/outlook-get-shared-events-calendars
"""

from __future__ import annotations

from local.microsoft.graph.access import access_denied
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.events import find_event, item_not_found
from local.microsoft.graph.instances import split_occurrence_id
from local.microsoft.graph.messages import GraphRequest
from local.microsoft.world import PRIMARY_CALENDAR, Event, Mailbox, SharedCalendar, User, World

READ_SHARED = {"Calendars.Read.Shared", "Calendars.ReadWrite.Shared"}


def follow(world: World, request: GraphRequest) -> None:
    """Aim a request at the mailbox that its calendar or event is in; 403 where it must not be read or written."""
    viewer = world.find_user(request.token.tenant_id, request.token.user_id or "")
    if viewer is not None and viewer.id != request.user.id:
        _check_owner_address(request, viewer)
        return
    mailbox = request.user.mailbox
    if mailbox is None:
        return
    event = _own_event(mailbox, request)
    share = _share(world, mailbox, request, event)
    if share is not None:
        _aim(world, request, share)


def present_shares(world: World, mailbox: Mailbox) -> dict[str, SharedCalendar]:
    """The shared calendars whose owners still have them."""
    return {identity: share for identity, share in mailbox.shared.items() if _is_there(world, share)}


def _is_there(world: World, share: SharedCalendar) -> bool:
    owner = _owner(world, share)
    return owner is not None and owner.mailbox is not None and share.calendar_id in owner.mailbox.calendars


def _check_owner_address(request: GraphRequest, viewer: User) -> None:
    """At their owner's address, only calendars that are shared with the viewer, and only as far as they are."""
    mailbox = request.user.mailbox
    event = _own_event(mailbox, request) if mailbox else None
    shares = viewer.mailbox.shared.values() if viewer.mailbox else ()
    wanted = (request.user.id, _calendar(request, event))
    share = next((s for s in shares if (s.user_id, s.calendar_id) == wanted), None)
    needed = {"Calendars.ReadWrite.Shared"} if _writes(request) else READ_SHARED
    if share is None or needed.isdisjoint(request.token.scopes) or (_writes(request) and not share.can_edit):
        raise access_denied()


def _share(world: World, mailbox: Mailbox, request: GraphRequest, event: Event | None) -> SharedCalendar | None:
    """The shared calendar that a path below it, or an event found nowhere else, leads to."""
    calendar = request.params.get("calendar")
    if calendar is not None:
        below = not request.path.rstrip("/").endswith(calendar)
        return mailbox.shared.get(calendar) if below else None
    if "event" not in request.params or event is not None:
        return None
    for share in mailbox.shared.values():
        owner = _owner(world, share)
        found = _own_event(owner.mailbox, request) if owner and owner.mailbox else None
        if found is not None and found.calendar_id == share.calendar_id:
            return share
    return None


def _aim(world: World, request: GraphRequest, share: SharedCalendar) -> None:
    owner = _owner(world, share)
    if owner is None or not _is_there(world, share):
        raise item_not_found()
    if _writes(request) and not share.can_edit:
        raise access_denied()
    request.target, request.tenant = owner, world.tenants[share.tenant_id]
    if "calendar" in request.params:
        request.params["calendar"] = share.calendar_id


def _owner(world: World, share: SharedCalendar) -> User | None:
    return world.find_user(share.tenant_id, share.user_id) if share.tenant_id in world.tenants else None


def _own_event(mailbox: Mailbox, request: GraphRequest) -> Event | None:
    if "event" not in request.params:
        return None
    try:
        return find_event(mailbox, split_occurrence_id(request.params["event"])[0])
    except GraphError:
        return None


def _calendar(request: GraphRequest, event: Event | None) -> str:
    """The calendar that a request is about."""
    if event is not None:
        return event.calendar_id
    return request.params.get("calendar", PRIMARY_CALENDAR)


def _writes(request: GraphRequest) -> bool:
    return request.method != "GET"
