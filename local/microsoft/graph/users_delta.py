"""`/users/delta`: rounds of pages that bring a copy of the directory up to date.

A round lists ids when it begins and shows each user as it is when its page is read; the next round starts where this
one began, so changes meanwhile are seen again rather than lost. Order, repetition and emptiness promise nothing.
https://learn.microsoft.com/en-us/graph/api/user-delta
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import islice
from urllib.parse import quote
from uuid import uuid4

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.messages import GraphRequest, GraphResponse
from local.microsoft.graph.user_filter import parse_filter
from local.microsoft.graph.user_resource import selected_fields, user_resource
from local.microsoft.world import Json, Tenant, World

WHERE = "/users/delta"
KEPT_ROUNDS = 500
UNSUPPORTED = ("$top", "$orderby", "$expand", "$search", "$skip", "$count")
MAX_FILTERED_IDS = 50


@dataclass(frozen=True)
class Token:
    """What a link's opaque token says."""

    issued: float
    """Simulated seconds since 1970."""
    select: str
    ids: tuple[str, ...] = ()
    """From `$filter`; empty means everyone."""
    minimal: bool = False
    """`Prefer: return=minimal` of the first request."""
    since: int | None = None
    """The sequence this round starts after; None is a full round."""
    until: int = 0
    """The sequence at which this round began: where the next one starts."""
    round: str = ""
    """Empty in a deltaLink: a new round begins."""
    offset: int = 0

    def encode(self) -> str:
        """The token's text."""
        return quote(urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode(), safe="")


def answer(world: World, request: GraphRequest) -> GraphResponse:
    """The next page of a round, or the first of a new one."""
    token = _read_token(world, request)
    if token.since == LATEST:
        return _page(request, [], _delta_link(world, request, token))
    if not token.round:
        token = _begin(world, request.tenant, token)
    found = request.tenant.delta_rounds.get(token.round)
    if found is None:
        raise _expired(world, request, token)
    tenant_id = request.tenant.id
    if world.faults.take_twist("empty_page", WHERE, tenant_id):
        return _page(request, [], _next_link(request, token))
    size = world.switches.users_delta_page_size
    ids = list(islice(found, token.offset, token.offset + size))
    value = [_item(request.tenant, token, user_id, found[user_id]) for user_id in ids]
    value += _noise(world, request.tenant, token, value)
    following = replace(token, offset=token.offset + size)
    if following.offset < len(found):
        return _page(request, value, _next_link(request, following))
    return _page(request, value, _delta_link(world, request, token))


LATEST = -1
"""`since` of a `$deltatoken=latest` request."""


def _read_token(world: World, request: GraphRequest) -> Token:
    query = request.query
    text = query.get("$skiptoken") or query.get("$deltatoken")
    if not text or text.lower() == "latest":
        return _first_token(world, request, latest=bool(text))
    try:
        token = Token(**json.loads(urlsafe_b64decode(text)))
    except (ValueError, TypeError):
        raise GraphError(400, "Directory_InvalidDeltaToken", "The delta token is not valid.") from None
    age = timedelta(seconds=world.clock.now().timestamp() - token.issued)
    forced = world.faults.take_twist("expired", WHERE, request.tenant.id)
    if forced or age > timedelta(days=world.switches.directory_token_days):
        raise _expired(world, request, token)
    return token


def _first_token(world: World, request: GraphRequest, *, latest: bool) -> Token:
    query = request.query
    refused = next((name for name in UNSUPPORTED if name in query), None)
    if refused is not None:
        raise GraphError(400, "Request_UnsupportedQuery", f"Unsupported Query: {refused} with delta.")
    selected_fields(query.get("$select"))
    return Token(
        issued=world.clock.now().timestamp(),
        select=query.get("$select", ""),
        ids=_filtered_ids(request.tenant, query.get("$filter")),
        minimal=request.headers.preferences().get("return") == "minimal",
        since=LATEST if latest else None,
        until=world.sequence,
    )


def _filtered_ids(tenant: Tenant, text: str | None) -> tuple[str, ...]:
    """`$filter` may only name ids."""
    if not text:
        return ()
    passes = parse_filter(text)
    ids = tuple(user.id for user in tenant.users.values() if passes(user))
    clauses = text.lower().split(" or ")
    if len(clauses) > MAX_FILTERED_IDS or not all(c.strip(" (").startswith("id eq ") for c in clauses):
        raise GraphError(400, "Request_UnsupportedQuery", "Only 'id eq' of up to 50 objects is supported.")
    return ids or ("none",)


def _begin(world: World, tenant: Tenant, token: Token) -> Token:
    """List what the new round has to show."""
    until = world.sequence
    if token.since is None:
        items: dict[str, frozenset[str] | None] = dict.fromkeys(tenant.users)
    elif world.faults.take_twist("late", WHERE, tenant.id):
        items, until = {}, token.since
    else:
        items = _changes_since(tenant, token.since, set(selected_fields(token.select)))
    if token.ids:
        items = {user_id: changed for user_id, changed in items.items() if user_id in token.ids}
    round_id = uuid4().hex
    tenant.delta_rounds[round_id] = items
    while len(tenant.delta_rounds) > KEPT_ROUNDS:
        del tenant.delta_rounds[next(iter(tenant.delta_rounds))]
    return replace(token, round=round_id, until=until)


def _changes_since(tenant: Tenant, since: int, fields: set[str]) -> dict[str, frozenset[str] | None]:
    """Who changed in a property that was selected, and in which ones."""
    first = bisect_right(tenant.directory_changes, since, key=lambda change: change[0])
    changed: dict[str, frozenset[str] | None] = {}
    for sequence, user_id, kind in islice(tenant.directory_changes, first, None):
        touched = tenant.changed_fields.get(sequence, frozenset(fields)) & fields
        if touched or kind == "deleted":
            changed[user_id] = (changed.get(user_id) or frozenset()) | touched
    return changed


def _item(tenant: Tenant, token: Token, user_id: str, changed: frozenset[str] | None) -> Json:
    """One entry. A property never set is absent; one that was taken away is null."""
    user = tenant.users.get(user_id)
    if user is None:
        return {"id": user_id, "@removed": {"reason": "deleted"}}
    if user.deleted_at is not None:
        return {"id": user_id, "@removed": {"reason": "changed"}}
    wanted = selected_fields(token.select)
    if token.minimal and changed is not None:
        wanted = tuple(name for name in wanted if name in changed)
    touched = changed or frozenset()
    values = user_resource(user, wanted)
    kept = {name: value for name, value in values.items() if value not in (None, []) or name in touched}
    return {**kept, "id": user_id}


def _noise(world: World, tenant: Tenant, token: Token, value: list[Json]) -> Iterable[Json]:
    """Repeated entries, and users that did not change at all."""
    again: list[Json] = []
    if world.faults.take_twist("duplicates", WHERE, tenant.id):
        again += value
    if world.faults.take_twist("replay", WHERE, tenant.id):
        again += [_item(tenant, token, user_id, None) for user_id in islice(tenant.users, 5)]
    return again


def _page(request: GraphRequest, value: list[Json], link: tuple[str, str]) -> GraphResponse:
    name, address = link
    context = f"{request.base_url}/$metadata#users"
    headers = {}
    if request.headers.preferences().get("return") == "minimal":
        headers["Preference-Applied"] = "return=minimal"
    return GraphResponse(200, {"@odata.context": context, name: address, "value": value}, headers)


def _next_link(request: GraphRequest, token: Token) -> tuple[str, str]:
    return "@odata.nextLink", f"{request.base_url}{WHERE}?$skiptoken={token.encode()}"


def _delta_link(world: World, request: GraphRequest, token: Token) -> tuple[str, str]:
    following = replace(token, issued=world.clock.now().timestamp(), since=token.until, round="", offset=0)
    return "@odata.deltaLink", f"{request.base_url}{WHERE}?$deltatoken={following.encode()}"


def _expired(world: World, request: GraphRequest, token: Token) -> GraphError:
    status, _, code = world.switches.directory_delta_expired.partition("_")
    select = f"$select={token.select}&" if token.select else ""
    location = f"{request.base_url}{WHERE}?{select}$deltatoken="
    headers = {"Location": location} if status == "410" else {}
    message = "The delta token is expired. Start a new synchronization with an empty token."
    return GraphError(int(status), code, message, headers)
