"""The browser's tabs, handed on from test to test.

A new one costs about a second of processor time, most of it in a process that meets the pages' scripts and fonts for
the first time. A tab is handed on empty: no document, no storage, no cookies, the window it was opened with.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""
WINDOW = {"width": 1200, "height": 900}
USUAL = {"locale": "en-GB", "timezone_id": "UTC", "viewport": WINDOW, "color_scheme": "light"}
"""English in UTC, by day."""


class Tab:
    """One page in a context of its own, and what the browser complained about in it."""

    def __init__(self, browser: Browser, options: dict[str, Any], patience: int) -> None:
        self.options = options
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(patience)
        self.page: Page = self.context.new_page()
        self.page.add_init_script(REPORT_VIOLATIONS)
        self.page.on("console", self._complain)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _complain(self, message: ConsoleMessage) -> None:
        refused_by_api = message.text.startswith("Failed to load resource") and "/api/" in message.location["url"]
        refused_page = message.text.startswith("Failed to load resource") and "/refused/" in message.location["url"]
        if message.type in ("error", "warning") and not refused_by_api and not refused_page:
            self.complaints.append(message.text)

    def empty(self) -> None:
        """Leave the page, and nothing of it."""
        self.page.evaluate("sessionStorage.clear(), localStorage.clear()")
        self.page.goto("about:blank")
        self.context.clear_cookies()
        self.page.set_viewport_size(self.options["viewport"])
        self.page.emulate_media(color_scheme=self.options["color_scheme"])


class Tabs:
    """Those that are open in a browser, lent to one test at a time."""

    def __init__(self, browser: Browser, url: str, patience: int) -> None:
        self._browser = browser
        self._url = url
        self._patience = patience
        self._idle: list[Tab] = []

    def lend(self, **options: Any) -> Tab:
        """A tab in a context with these options, all others being usual."""
        wanted = {**USUAL, **options}
        found = next((tab for tab in self._idle if tab.options == wanted), None)
        if found is None:
            return Tab(self._browser, wanted, self._patience)
        self._idle.remove(found)
        return found

    def take_back(self, tab: Tab) -> list[str]:
        """Empty it for the next test, or close it if it went astray; what the browser complained about meanwhile."""
        if tab.page.is_closed() or not tab.page.url.startswith(self._url):
            tab.context.close()
        else:
            tab.empty()
            self._idle.append(tab)
        found, tab.complaints = tab.complaints, []
        return found
