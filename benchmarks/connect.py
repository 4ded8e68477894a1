"""Connecting a whole company: Graph calls per member and the time it takes, against one call at a time.

Why: Graph's limits and its latency are paid per HTTP request, so the calls per member decide how long an admin waits
and how many companies can connect at once. The product puts up to twenty subscriptions or calendar reads into one
`$batch`, which counts as one call here. The plain way makes one subscription and reads one calendar per member, with
one requests session, and stores nothing; it is timed on a sample and scaled up. The target is at most 0.25 calls per
member. The product also matches everybody and writes about eight storage rows per member, which its CPU seconds show.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from resource import RUSAGE_CHILDREN, getrusage

import requests

from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import once
from benchmarks.world import NO_TIMER, Place, product
from local.client import Browser, wait_for
from local.stack import Stack
from shared.freebusy import rolling_window
from shared.graph.calendar import calendar_view

MEMBERS = 2_000
SAMPLE = 200
TARGET = 0.25
"""Graph calls per member."""
OUTLOOK_SECONDS = 0.1
"""How long the simulated Outlook takes to answer; the real one takes about as long or longer."""
LONGEST = 400.0
"""Seconds after which something is wrong."""


@dataclass(frozen=True)
class Cost:
    """What connecting everybody took."""

    calls: int
    seconds: float
    cpu_seconds: float | None = None
    """Of the service's process, over its whole life."""


def run() -> None:
    """Measure and print."""
    heading(f"Connecting {MEMBERS:,} members, about twenty events each; Outlook takes {OUTLOOK_SECONDS} s a call")
    progress("starting the product with a generated company")
    with product(MEMBERS, NO_TIMER) as place:
        place.stack.microsoft.world.switches.outlook_service_seconds = OUTLOOK_SECONDS
        progress("roster, activation link, sign-in, consent, and all calendars (a minute or two)")
        ours = connect(place)
        progress(f"the plain way, for {SAMPLE} members")
        plain = one_by_one(place)
        ours = replace(ours, cpu_seconds=cpu_seconds(place.stack))
    rows = [("product", ours), (f"one call at a time ({SAMPLE}, scaled)", plain)]
    columns = ("", "Graph calls", "per member", "ratio", "consent to last", "ratio", "service CPU")
    table(columns, [_row(name, cost, plain) for name, cost in rows])
    met = "met" if ours.calls / MEMBERS <= TARGET else "MISSED"
    note(f"All members are connected. The target of {TARGET} calls per member is {met}.")


def _row(name: str, cost: Cost, plain: Cost) -> tuple[str, ...]:
    return (
        name,
        f"{cost.calls:,}",
        f"{cost.calls / MEMBERS:.3f}",
        times(cost.calls / plain.calls),
        milliseconds(cost.seconds),
        times(cost.seconds / plain.seconds),
        milliseconds(cost.cpu_seconds) if cost.cpu_seconds else "",
    )


def cpu_seconds(stack: Stack) -> float:
    """What the service has used; it is stopped, for only an ended child's usage is known."""
    before = getrusage(RUSAGE_CHILDREN)
    stack.stop_service()
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def connect(place: Place) -> Cost:
    """From the roster to every calendar read, as people and their platform do it."""
    place.client("service").put_roster(place.generated.organization.members)
    link = place.client("owner").make_link()["url"]
    before = graph_calls(place)
    browser = Browser()
    began = time.monotonic()
    browser.activate(link, place.generated.admin)
    if wait_for(lambda: _read(place) >= MEMBERS, LONGEST, pause=0.1) is None:
        raise TimeoutError(f"{_read(place)} calendars were read in {LONGEST:.0f} s")
    if wait_for(lambda: _connected(place) == MEMBERS, LONGEST, pause=0.5) is None:
        raise TimeoutError(f"{_connected(place)} members were connected in {LONGEST:.0f} s")
    return Cost(graph_calls(place) - before, time.monotonic() - began)


def one_by_one(place: Place) -> Cost:
    """What a plain program does for each member: subscribe, then read."""
    session, base = place.graph(), f"{place.stack.microsoft.https_url}/v1.0"
    window = rolling_window(datetime.now(UTC))
    people = list(place.generated.world.tenants[place.generated.tenant_id].users)[:SAMPLE]
    before = graph_calls(place)

    def all_of_them() -> None:
        for user in people:
            _succeed(session.post(f"{base}/subscriptions", json=_subscription(place, user)))
            _succeed(session.get(f"{base}{calendar_view(user, window)}"))

    seconds = once(all_of_them)
    scale = MEMBERS / SAMPLE
    return Cost(round((graph_calls(place) - before) * scale), seconds * scale)


def _subscription(place: Place, user: str) -> dict[str, str]:
    """Not the change types of the product's own subscription, beside which Graph would refuse it."""
    return {
        "changeType": "updated",
        "notificationUrl": f"{place.stack.url}/webhooks/graph",
        "resource": f"users/{user}/events",
        "expirationDateTime": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
        "clientState": "benchmark",
    }


def _succeed(answer: requests.Response) -> None:
    answer.raise_for_status()
    answer.json()


def graph_calls(place: Place) -> int:
    """HTTP requests that reached Graph so far; the items of a batch came in one."""
    return sum(entry["batch"] is None and entry["path"].startswith("/v1.0/") for entry in place.request_log())


def _read(place: Place) -> int:
    """Calendars that Graph was asked for so far."""
    return sum(entry["path"].endswith("/calendarView") for entry in place.request_log())


def _connected(place: Place) -> int:
    """Members whom the product says are connected."""
    members = place.client("owner").members()
    return sum(member["state"] == "connected" for member in members)
