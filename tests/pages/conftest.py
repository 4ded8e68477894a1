"""A real browser on the real pages; whatever it complains about fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser import chromium
from tests.pages.api import Site, World, token

REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""

PATIENCE = 20_000
"""Milliseconds after which something that should have appeared counts as missing."""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium(PATIENCE) as running:
        yield running


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.world = World()
    return running_site


@pytest.fixture
def world(site: Site) -> World:
    return site.world


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a path in a new browser context of English in UTC; keywords go to the context."""
    complaints: list[str] = []
    contexts = []

    def complain(message: ConsoleMessage) -> None:
        refused_by_api = message.text.startswith("Failed to load resource") and "/api/" in message.location["url"]
        refused_page = message.text.startswith("Failed to load resource") and "/refused/" in message.location["url"]
        if message.type in ("error", "warning") and not refused_by_api and not refused_page:
            complaints.append(message.text)

    def open_path(path: str, **context: Any) -> Page:
        known = {"locale": "en-GB", "timezone_id": "UTC", "viewport": {"width": 1200, "height": 900}}
        contexts.append(browser.new_context(**{**known, **context}))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site.url + path)
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_home(open_page: Open) -> Open:
    """Opens the home page as the platform would send somebody there."""

    def open_as(role: str = "admin", *, claims: dict[str, Any] | None = None, **context: Any) -> Page:
        return open_page(f"/#token={token(role, **(claims or {}))}", **context)

    return open_as
