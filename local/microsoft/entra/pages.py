"""The pages a person sees: who signs in, consent, refusals. Every value from outside is escaped by the templates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local.microsoft.entra.errors import EntraError

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
MANY_PEOPLE = 12
"""From this many choices on there is a search box."""


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """An HTML page from a template."""
    text = _TEMPLATES.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})


def refusal(error: EntraError, title: str = "Sorry, but we're having trouble signing you in") -> web.Response:
    """A dead end: an error that must not be sent to the app's address."""
    return page("refused.html", 400, title=title, number=error.number, text=error.text, back=None)


def needs_admin_approval(app_name: str, back: str, number: int = 90094) -> web.Response:
    """Only an administrator can grant this (90095: and can be asked). The way back is a link nobody has to follow."""
    text = (
        f"{app_name} needs permission to access resources in your organization that only an admin can grant. "
        "Please ask an admin to grant permission to this app before you can use it."
    )
    title = "Approval required" if number == 90095 else "Need admin approval"
    return page("refused.html", title=title, number=number, text=text, back=back)


def send_back(redirect_uri: str, mode: str, parameters: Mapping[str, str]) -> web.Response:
    """Return to the app by the asked-for response mode."""
    if mode == "form_post":
        return page("form_post.html", action=redirect_uri, parameters=parameters)
    headers = {"Location": callback_url(redirect_uri, mode, parameters), "Cache-Control": "no-store"}
    return web.Response(status=302, headers=headers)


def callback_url(redirect_uri: str, mode: str, parameters: Mapping[str, str]) -> str:
    """The address the browser is sent to."""
    query = urlencode({name: value for name, value in parameters.items() if value != ""})
    if mode == "fragment":
        return f"{redirect_uri}#{query}"
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"
