"""The index of the control API, for people: every address, and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType

from aiohttp import web

from local.microsoft.control.input import world_of
from local.microsoft.pages import page


@dataclass(frozen=True)
class Address:
    """One call."""

    method: str
    path: str
    link: str
    """Where it can be looked at in a browser, if it can."""
    text: str


@dataclass(frozen=True)
class Group:
    """The calls of one module."""

    text: str
    addresses: tuple[Address, ...]


def routes(modules: Iterable[ModuleType]) -> list[web.RouteDef]:
    """The index of these modules' addresses, with and without a slash at the end."""
    listed = tuple(modules)

    async def show(request: web.Request) -> web.Response:
        """This page."""
        domain = next((tenant.domains[0] for tenant in world_of(request).tenants.values()), "")
        groups = [Group(_said(module), tuple(_addresses(module, domain))) for module in listed]
        return page("control.html", groups=groups)

    return [web.get("", show), web.get("/", show)]


def _addresses(module: ModuleType, domain: str) -> Iterator[Address]:
    for route in module.routes():
        path = f"/control{route.path}"
        link = path.replace("{tenant}", domain) if route.method == "GET" else ""
        yield Address(route.method, path, "" if "{" in link else link, _said(route.handler))


def _said(thing: object) -> str:
    """The first sentences of a docstring, on one line."""
    return " ".join((thing.__doc__ or "").split("\n\n")[0].replace("`", "").split())
