"""Which function answers a method and path: ASP.NET route templates, as the real host matches them.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from local.host.templates import CatchAll, Segment, parse_template

Target = TypeVar("Target")


@dataclass(frozen=True)
class Route(Generic[Target]):
    """One template and what it leads to; no methods means every method."""

    template: str
    segments: Sequence[Segment]
    methods: Collection[str]
    target: Target

    @classmethod
    def parse(cls, template: str, methods: Iterable[str], target: Target) -> Route[Target]:
        """Compile `template`; raises ValueError when it is malformed."""
        return cls(template, parse_template(template), frozenset(m.upper() for m in methods), target)

    def precedence(self) -> tuple[Sequence[int], str]:
        """Order routes as ASP.NET does: segment by segment, the more specific kind first."""
        return [segment.rank for segment in self.segments], self.template.lower()

    def match(self, parts: Sequence[str]) -> dict[str, str] | None:
        """Return the route values for a decoded path, or None if it is not this route's."""
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if isinstance(segment, CatchAll):
                return segment.take_rest(parts[position:], values)
            if not segment.take(parts[position] if position < len(parts) else None, values):
                return None
        return values if len(parts) <= len(self.segments) else None


class RouteTable(Generic[Target]):
    """All routes of an app. A wrong method is a miss like any other: the real host answers 404, not 405."""

    def __init__(self, routes: Iterable[Route[Target]]) -> None:
        self.routes = sorted(routes, key=Route.precedence)

    def find(self, method: str, raw_path: str) -> tuple[Target, Mapping[str, str]] | None:
        """Return the target and route values for a request, given its path as sent (percent-encoded)."""
        parts = path_parts(raw_path)
        for route in self.routes:
            if route.methods and method not in route.methods:
                continue
            values = route.match(parts)
            if values is not None:
                return route.target, values
        return None


def path_parts(raw_path: str) -> list[str]:
    """Split a path as sent into decoded parts; as in ASP.NET, `%2F` stays and a trailing slash is ignored."""
    path = raw_path.removeprefix("/").removesuffix("/")
    return [_decode(part) for part in path.split("/")] if path else []


def _decode(part: str) -> str:
    return unquote(part.replace("%2F", "%252F").replace("%2f", "%252f")) if "%" in part else part
