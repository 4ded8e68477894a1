"""A real browser on the real pages; whatever it complains about fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.pages.api import Site, World, token
from tests.pages.tabs import Tab, Tabs

PATIENCE = 20_000
"""Milliseconds after which something that should have appeared counts as missing."""

Open = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Until the last of these tests: while it runs, this thread has no room for another one, nor for another loop."""
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


@pytest.fixture(scope="package")
def tabs(browser: Browser, running_site: Site) -> Tabs:
    return Tabs(browser, running_site.url, PATIENCE)


@pytest.fixture
def open_page(tabs: Tabs, site: Site) -> Iterator[Open]:
    """Opens a path in a tab of its own, of English in UTC; keywords go to the tab's context."""
    lent: list[Tab] = []

    def open_path(path: str, **context: Any) -> Page:
        lent.append(tabs.lend(**context))
        lent[-1].page.goto(site.url + path)
        return lent[-1].page

    yield open_path
    assert [complaint for tab in lent for complaint in tabs.take_back(tab)] == []


@pytest.fixture
def open_home(open_page: Open) -> Open:
    """Opens the home page as the platform would send somebody there."""

    def open_as(role: str = "admin", *, claims: dict[str, Any] | None = None, **context: Any) -> Page:
        return open_page(f"/#token={token(role, **(claims or {}))}", **context)

    return open_as
