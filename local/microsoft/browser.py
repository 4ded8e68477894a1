"""Walking through the simulator's sign-in and consent pages as a browser would, for tests and the demo."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urlencode

import requests


class PageShownError(Exception):
    """The walk ended on a page instead of going back to the app."""

    def __init__(self, status: int, html: str) -> None:
        number = re.search(r"AADSTS(\d+)", html)
        self.status = status
        self.html = html
        self.number = int(number[1]) if number else None
        """The AADSTS number on the page."""
        back = re.search(r'<a href="([^"]+)">Return to the application', html)
        self.back = unescape(back[1]) if back else None
        """Where the page's link back to the app leads."""
        super().__init__(f"page with status {status}" + (f", {number[0]}" if number else ""))


@dataclass(frozen=True)
class Callback:
    """The way back to the app: a redirect, or a form that the browser posts."""

    url: str
    fields: dict[str, str] = field(default_factory=dict)
    """Form fields of `response_mode=form_post`; empty for a redirect."""

    @property
    def as_url(self) -> str:
        """The whole callback as one address, form fields in the query."""
        return f"{self.url}?{urlencode(self.fields)}" if self.fields else self.url


def walk(address: str, upn: str, decision: str = "accept") -> Callback:
    """Open the page, pick `upn`, accept (or `cancel`) what is asked, and stop before the app is called."""
    with Browser() as browser:
        return browser.walk(address, upn, decision)


class Browser:
    """A browser that is used several times: its cookies tell the sign-in pages who was there before."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def open(self, address: str, **form: str) -> requests.Response:
        """The page at an address, or what it answers to these fields."""
        method = "POST" if form else "GET"
        return self._session.request(method, address, data=form or None, allow_redirects=False, timeout=30)

    def walk(self, address: str, upn: str | None = None, decision: str = "accept") -> Callback:
        """Open the page, pick `upn` if it asks who signs in, accept (or `cancel`) what is asked.

        Without `upn` a page that asks is an end: PageShownError.
        """
        page = self.open(address)
        if upn is not None and page.status_code == 200 and 'action="' not in page.text:
            page = self.open(page.url, user=upn, decision=decision)
        return _callback(page)


def _callback(page: requests.Response) -> Callback:
    if page.is_redirect:
        return Callback(page.headers["Location"])
    form = _Form()
    form.feed(page.text)
    if form.action is None:
        raise PageShownError(page.status_code, page.text)
    return Callback(form.action, form.fields)


def sign_in(authorize_url: str, upn: str, *, accept: bool = True) -> str:
    """Sign in as `upn` and consent; the address a browser would be sent to (form fields put into its query)."""
    return walk(authorize_url, upn, "accept" if accept else "cancel").as_url


def consent(adminconsent_url: str, upn: str, *, accept: bool = True) -> str:
    """Decide about an admin consent as `upn`; the address a browser would be sent to."""
    return walk(adminconsent_url, upn, "accept" if accept else "cancel").url


class _Form(HTMLParser):
    """The self-submitting form of a `form_post` answer; other forms have no action."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.action = values.get("action") or self.action
        elif tag == "input" and values.get("name"):
            self.fields[str(values["name"])] = values.get("value") or ""
