"""Which code answers which path of the simulated Graph, and the permission each path needs.

A module with routes makes its own `routes = Routes()` and registers coroutine handlers on it; `routes.py` lists
those modules, and `dispatch.py` holds `dispatch`, the one entry for the server and for `$batch`.

    routes = Routes()

    @routes.add("GET", "/users/{user}", DIRECTORY_READ)
    async def get_user(world: World, request: GraphRequest) -> GraphResponse: ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.messages import ConnectionReset, GraphRequest, GraphResponse
from local.microsoft.world import World

__all__ = [
    "CALENDARS_READ",
    "CALENDARS_READ_BASIC",
    "CALENDARS_WRITE",
    "DIRECTORY_READ",
    "DIRECTORY_READ_OR_OWN",
    "MAILBOX_SETTINGS_READ",
    "NO_PERMISSION",
    "SIGNED_IN_USER",
    "ConnectionReset",
    "GraphError",
    "GraphRequest",
    "GraphResponse",
    "Handler",
    "Permission",
    "Route",
    "Routes",
]

Handler = Callable[[World, GraphRequest], Awaitable[GraphResponse]]


@dataclass(frozen=True)
class Permission:
    """Any one of `roles` (app-only tokens) or of `scopes` (delegated tokens) opens the route."""

    family: Literal["directory", "outlook", "none"]
    """Decides how a refusal looks, which counters apply, and whether mailbox rules do."""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


def _same(family: Literal["directory", "outlook"], *names: str) -> Permission:
    return Permission(family, frozenset(names), frozenset(names))


def _calendars(*names: str, delegated: str) -> Permission:
    """Delegated permissions for shared calendars open one's own as well."""
    return Permission("outlook", frozenset(names), frozenset(names) | set(delegated.split()))


_SHARED = "Calendars.ReadWrite.Shared Calendars.Read.Shared"
NO_PERMISSION = Permission("none")
DIRECTORY_READ = _same(
    "directory", "User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"
)
SIGNED_IN_USER = Permission("directory", frozenset(), DIRECTORY_READ.scopes | {"User.Read", "User.ReadWrite"})
DIRECTORY_READ_OR_OWN = Permission("directory", DIRECTORY_READ.roles, SIGNED_IN_USER.scopes)
"""For routes that then tell oneself from others."""
CALENDARS_WRITE = _calendars("Calendars.ReadWrite", delegated="Calendars.ReadWrite.Shared")
CALENDARS_READ = _calendars("Calendars.ReadWrite", "Calendars.Read", delegated=_SHARED)
CALENDARS_READ_BASIC = _calendars("Calendars.ReadWrite", "Calendars.Read", "Calendars.ReadBasic", delegated=_SHARED)
MAILBOX_SETTINGS_READ = _same("outlook", "MailboxSettings.Read", "MailboxSettings.ReadWrite")


@dataclass(frozen=True)
class Route:
    """One method on one path template."""

    segments: tuple[str, ...]
    """Lower-case literals, and `{name}` for a value."""
    permission: Permission
    handler: Handler

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The template's values if the path fits; literals compare in any case, as in Graph."""
        params: dict[str, str] = {}
        for expected, actual in zip(self.segments, segments, strict=True):
            if expected[0] == "{":
                params[expected[1:-1]] = actual
            elif expected != actual.lower():
                return None
        return params


class Routes:
    """A table of routes. Literal segments win over `{names}`; register order does not matter."""

    def __init__(self) -> None:
        self._by_shape: dict[tuple[str, int], list[Route]] = {}

    def add(self, method: str, template: str, permission: Permission) -> Callable[[Handler], Handler]:
        """Register the decorated handler for `method` on `template`, such as `/users/{user}`."""
        segments = tuple(s if s.startswith("{") else s.lower() for s in template.strip("/").split("/"))

        def register(handler: Handler) -> Handler:
            self._insert(method, Route(segments, permission, handler))
            return handler

        return register

    def mailbox(self, method: str, template: str, permission: Permission) -> Callable[[Handler], Handler]:
        """Register under both `/users/{user}` and `/me`."""

        def register(handler: Handler) -> Handler:
            for owner in ("/users/{user}", "/me"):
                self.add(method, owner + template, permission)(handler)
            return handler

        return register

    def include(self, other: Routes) -> None:
        """Take over all routes of another table."""
        for (method, _), routes in other._by_shape.items():
            for route in routes:
                self._insert(method, route)

    def find(self, method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
        """The route for a path, with the template's values."""
        for route in self._by_shape.get((method, len(segments)), ()):
            params = route.match(segments)
            if params is not None:
                return route, params
        return None

    def _insert(self, method: str, route: Route) -> None:
        routes = self._by_shape.setdefault((method, len(route.segments)), [])
        routes.append(route)
        routes.sort(key=lambda r: tuple(s[0] == "{" for s in r.segments))
