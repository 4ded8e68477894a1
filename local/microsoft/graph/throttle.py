"""Graph's limits as real counters: per app and mailbox for Outlook, per app and tenant for the directory.

https://learn.microsoft.com/graph/throttling-limits
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.microsoft.clock import Clock
from local.microsoft.graph.errors import GraphError
from local.microsoft.switches import Switches

MAILBOX_REQUESTS = 10_000
MAILBOX_WINDOW = timedelta(minutes=10)
MAILBOX_CONCURRENCY = 4
DIRECTORY_WINDOW = timedelta(seconds=10)
PRESSURE = 0.8
"""Share of the directory limit from which answers carry `x-ms-throttle-limit-percentage`."""

Key = tuple[str, str]


@dataclass
class Window:
    """What was spent in the last stretch of simulated time."""

    length: timedelta
    spent: deque[tuple[datetime, int]] = field(default_factory=deque)
    total: int = 0

    def add(self, now: datetime, cost: int) -> int:
        """Spend `cost` and return the total within the window; throttled calls count too."""
        self.spent.append((now, cost))
        self.total += cost
        while self.spent[0][0] <= now - self.length:
            self.total -= self.spent.popleft()[1]
        return self.total

    def seconds_until_room(self, now: datetime, limit: int) -> int:
        """Whole seconds until the total is back under `limit`."""
        excess = self.total - limit
        for moment, cost in self.spent:
            excess -= cost
            if excess < 0:
                return max(1, int((moment + self.length - now).total_seconds()) + 1)
        return int(self.length.total_seconds())


@dataclass
class Throttle:
    """All counters of one world."""

    mailboxes: dict[Key, Window] = field(default_factory=dict)
    """By app and mailbox."""
    in_flight: dict[Key, int] = field(default_factory=dict)
    directories: dict[Key, Window] = field(default_factory=dict)
    """By app and tenant, in resource units."""

    @contextmanager
    def mailbox_slot(self, app: str, mailbox: str, clock: Clock, switches: Switches) -> Iterator[None]:
        """Hold one of an app's four places at a mailbox, or raise 429."""
        key = (app, mailbox)
        if switches.throttling:
            self._admit(key, clock.now(), switches)
        self.in_flight[key] = self.in_flight.get(key, 0) + 1
        try:
            yield
        finally:
            self.in_flight[key] -= 1
            if not self.in_flight[key]:
                del self.in_flight[key]

    def _admit(self, key: Key, now: datetime, switches: Switches) -> None:
        window = self.mailboxes.setdefault(key, Window(MAILBOX_WINDOW))
        if window.add(now, 1) > MAILBOX_REQUESTS:
            raise throttled("MailboxRequests", window.seconds_until_room(now, MAILBOX_REQUESTS), switches)
        if self.in_flight.get(key, 0) >= MAILBOX_CONCURRENCY:
            raise throttled("MailboxConcurrency", 1, switches)

    def charge_directory(self, key: Key, cost: int, limit: int, now: datetime, code: str) -> dict[str, str]:
        """Spend resource units of an (app, tenant); the headers of the answer, or 429."""
        window = self.directories.setdefault(key, Window(DIRECTORY_WINDOW))
        share = window.add(now, cost) / limit
        headers = {"x-ms-resource-unit": str(cost)}
        if share >= PRESSURE:
            headers["x-ms-throttle-limit-percentage"] = f"{min(share, 1.8):.1f}"
        if share > 1:
            raise self._directory_refusal(key, window.seconds_until_room(now, limit), headers, code)
        return headers

    def _directory_refusal(self, key: Key, wait: int, headers: dict[str, str], code: str) -> GraphError:
        scope = {
            "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{key[0]}/{key[1]}",
            "x-ms-throttle-information": "ResourceUnitLimitExceeded",
            "Retry-After": str(wait),
        }
        return GraphError(429, code, "Too many requests.", {**headers, **scope})


def directory_limit(users: int) -> int:
    """Resource units per ten seconds for an app in a tenant of this size."""
    if users < 50:
        return 3_500
    return 5_000 if users <= 500 else 8_000


def resource_units(path: str, query: dict[str, str]) -> int:
    """What a directory GET costs: `GET users` 2, others 1, adjusted by its options, at least 1."""
    cost = 2 if path.strip("/").lower() == "users" else 1
    cost -= "$select" in query
    cost += "$expand" in query
    cost -= query.get("$top", "").isdigit() and int(query["$top"]) < 20
    return max(1, cost)


def throttled(limit: str, wait: int, switches: Switches) -> GraphError:
    """Outlook's 429 for one of its limits."""
    headers = {"Retry-After": str(wait)} if switches.outlook_retry_after else {}
    return GraphError(429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers)
