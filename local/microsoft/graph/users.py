"""The directory half of Graph: users, the signed-in user, the organization and mailbox settings.

https://learn.microsoft.com/en-us/graph/api/user-list
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote

from local.microsoft.consumers import find_by_graph_id, refuse_consumers
from local.microsoft.graph import users_delta
from local.microsoft.graph.access import mailbox_of, require
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.routing import (
    DIRECTORY_READ,
    DIRECTORY_READ_OR_OWN,
    MAILBOX_SETTINGS_READ,
    SIGNED_IN_USER,
    Permission,
    Routes,
)
from local.microsoft.graph.user_filter import needs_advanced_query, parse_filter
from local.microsoft.graph.user_resource import organization_resource, selected_fields, user_resource
from local.microsoft.world import Json, User, World

routes = Routes()
ORGANIZATION_READ = Permission(
    "directory",
    frozenset({"Organization.Read.All", "Directory.Read.All"}),
    frozenset({"User.Read", "Organization.Read.All", "Directory.Read.All"}),
)


@routes.add("GET", "/users", DIRECTORY_READ)
async def list_users(world: World, request: GraphRequest) -> GraphResponse:
    """One page of the tenant's users."""
    refuse_consumers(request.tenant)
    query = _resume(request.query)
    fields = selected_fields(query.get("$select"))
    users = _matching(request, query)
    offset, size = int(query.get("offset", 0)), _page_size(world, query)
    page = users[offset : offset + size]
    body: Json = {"@odata.context": _context(request, fields if "$select" in query else ())}
    if query.get("$count") == "true":
        body["@odata.count"] = len(users)
    if offset + size < len(users):
        token = _opaque({**query, "offset": offset + size})
        body["@odata.nextLink"] = f"{request.base_url}/users?$skiptoken={token}"
    body["value"] = [user_resource(user, fields) for user in page]
    return GraphResponse(200, body)


@routes.add("GET", "/users/{user}", DIRECTORY_READ_OR_OWN)
async def get_user(world: World, request: GraphRequest) -> GraphResponse:
    """One user by object id or user principal name; with a small delegated permission only oneself."""
    key = request.params["user"]
    user = find_by_graph_id(world, request.tenant.id, key)
    if user is None or user.id != request.token.user_id:
        require(request.token, DIRECTORY_READ)
    if user is None:
        message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        raise GraphError(404, "Request_ResourceNotFound", message)
    return _single(request, user)


@routes.add("GET", "/me", SIGNED_IN_USER)
async def get_me(world: World, request: GraphRequest) -> GraphResponse:
    """The signed-in user."""
    if request.token.user_id is None:
        raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    user = world.find_user(request.tenant.id, request.token.user_id)
    if user is None:
        raise GraphError(404, "Request_ResourceNotFound", "Resource does not exist.")
    return _single(request, user)


@routes.add("GET", "/organization", ORGANIZATION_READ)
async def get_organization(_world: World, request: GraphRequest) -> GraphResponse:
    """The tenant itself, as a collection of one."""
    context = f"{request.base_url}/$metadata#organization"
    return GraphResponse(200, {"@odata.context": context, "value": [organization_resource(request.tenant)]})


@routes.mailbox("GET", "/mailboxSettings", MAILBOX_SETTINGS_READ)
async def get_mailbox_settings(_world: World, request: GraphRequest) -> GraphResponse:
    """Time zone, working hours and purpose of a mailbox."""
    mailbox = mailbox_of(request.user)
    hours = {
        "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "startTime": "08:00:00.0000000",
        "endTime": "17:00:00.0000000",
        "timeZone": {"name": mailbox.time_zone},
    }
    settings = {"timeZone": mailbox.time_zone, "userPurpose": mailbox.kind, "workingHours": hours}
    context = f"{request.base_url}/$metadata#users('{quote(request.user.id)}')/mailboxSettings"
    return GraphResponse(200, {"@odata.context": context, **settings})


@routes.add("GET", "/users/delta", DIRECTORY_READ)
async def list_changes(world: World, request: GraphRequest) -> GraphResponse:
    """One page of a delta round."""
    refuse_consumers(request.tenant)
    return users_delta.answer(world, request)


def _single(request: GraphRequest, user: User) -> GraphResponse:
    select = request.query.get("$select")
    fields = selected_fields(select)
    context = _context(request, fields if select else ()) + "/$entity"
    return GraphResponse(200, {"@odata.context": context, **user_resource(user, fields)})


def _matching(request: GraphRequest, query: dict[str, str]) -> list[User]:
    """The tenant's users that pass `$filter`; also refuses what the collection does not support."""
    text = query.get("$filter", "")
    unsupported = next((name for name in ("$skip", "$search", "$orderby") if name in query), None)
    eventual = str(request.headers.get("consistencylevel", "")).lower() == "eventual"
    advanced = eventual and query.get("$count") == "true"
    if unsupported is not None or (needs_advanced_query(text) and not advanced):
        message = f"Unsupported Query: {unsupported or '$filter'}."
        raise GraphError(400, "Request_UnsupportedQuery", message)
    present = [user for user in request.tenant.users.values() if user.deleted_at is None]
    if not text:
        return present
    passes = parse_filter(text)
    return [user for user in present if passes(user)]


def _page_size(world: World, query: dict[str, str]) -> int:
    text = query.get("$top", str(world.switches.users_page_size))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= world.switches.users_top_max:
        raise GraphError(400, "Request_BadRequest", f"Invalid page size specified: '{text}'.")
    return int(text)


def _context(request: GraphRequest, fields: tuple[str, ...]) -> str:
    shape = f"({','.join(fields)})" if fields else ""
    return f"{request.base_url}/$metadata#users{shape}"


def _resume(query: dict[str, str]) -> dict[str, str]:
    """The query of the first page, when this is a later one."""
    token = query.get("$skiptoken")
    if token is None:
        return query
    try:
        restored: dict[str, str] = json.loads(urlsafe_b64decode(token))
    except ValueError:
        raise GraphError(400, "Directory_ExpiredPageToken", "Specified page token is not valid.") from None
    return restored


def _opaque(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().replace("=", "%3D")
