"""What a person sees while signing in: dead ends, and the ways back to the app."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from local.microsoft.entra.errors import EntraError
from local.microsoft.pages import page


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
