"""The service as its callers use it: the platform's frontend and backend, and the Microsoft admin's browser.

For the demo, the scenario tests and the benchmarks; everything goes through the public API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import requests

from local.microsoft import remote
from local.microsoft.organization import Member

Json = dict[str, Any]


class Client:
    """Calls the API with one token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        """Any call, whatever its answer."""
        return self._session.request(method, f"{self.url}{path}", json=body, params=query, timeout=60)

    def put_roster(self, members: Iterable[Member]) -> Json:
        """Make these the organization's members."""
        entries = [
            {"id": m.id, "name": m.name, "addresses": list(m.addresses), "time_zone": m.time_zone} for m in members
        ]
        return self._json("PUT", "/api/members", {"members": entries})

    def make_link(self, **wishes: Any) -> Json:
        """A new activation link."""
        return self._json("POST", "/api/outlook/activation-links", wishes)

    def link(self, link_id: str) -> Json:
        """One of the organization's links."""
        links = self._json("GET", "/api/outlook/activation-links")["activation_links"]
        found: Json = next(link for link in links if link["id"] == link_id)
        return found

    def tenants(self) -> list[Json]:
        """The organization's tenants."""
        found: list[Json] = self._json("GET", "/api/outlook/tenants")["tenants"]
        return found

    def members(self) -> list[Json]:
        """Every member with the state of their connection, over all pages."""
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self._json("GET", "/api/outlook/members", limit="200", **({"cursor": cursor} if cursor else {}))
            found += page["members"]
            cursor = page["next"]
        return found

    def busy(self, member: str, start: datetime, end: datetime) -> Json:
        """A member's busy times."""
        return self._json("GET", f"/api/members/{member}/busy", start=start.isoformat(), end=end.isoformat())

    def _json(self, method: str, path: str, body: Any = None, **query: str) -> Json:
        answer = self.call(method, path, body, **query)
        answer.raise_for_status()
        found: Json = answer.json()
        return found


class Browser:
    """A Microsoft admin's browser: keeps the service's cookie, follows no redirect unasked."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def open(self, url: str) -> requests.Response:
        """Look at a page, as a mail scanner does too."""
        return self._session.get(url, allow_redirects=False, timeout=60)

    def press(self, url: str) -> requests.Response:
        """Press the page's button."""
        return self._session.post(url, allow_redirects=False, timeout=60)

    def sign_in(self, link: str, upn: str) -> requests.Response:
        """From the link through Microsoft's sign-in page as `upn`, and back."""
        return self.open(remote.sign_in(self.press(link).headers["Location"], upn))

    def activate(self, link: str, upn: str) -> requests.Response:
        """The whole way: sign in, grant the permissions, come back."""
        to_consent = self.sign_in(link, upn).headers["Location"]
        return self.open(remote.consent(to_consent, upn))


def wait_for(condition: Callable[[], bool], seconds: float, pause: float = 0.02) -> float | None:
    """Seconds until the condition held; None if it did not in time."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return time.monotonic() - began
        time.sleep(pause)
    return None
