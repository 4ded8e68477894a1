"""From a change in Outlook to changed busy times, against the least that takes: one notification and one read.

Why: a double booking needs only the moment in which Outlook already says busy and the cache does not. Whoever caches
cannot be faster than Graph's notification (a) and one read of the calendar (b). Whoever does not cache pays (b) at
every question, here as one GET with one requests session. Graph's own delay before it notifies is 0.02 s in the
simulator; the real one is seconds, and the same for everybody.
Single changes come to calendars that have been left alone for some seconds. The last row changes a calendar again
as soon as its last change is visible: what is told while it is still being read waits for one more read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count

from benchmarks.calendars import Calendar, Seen, calendars_of, watch
from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, once
from benchmarks.world import NO_TIMER, Place, product
from shared.freebusy import rolling_window
from shared.graph.calendar import calendar_view

MEMBERS = 100
CHANGES = 150
OUTLOOK_SECONDS = (0.0, 0.1)
"""How long the simulated Outlook takes to answer; the real one takes about as long as the second, or longer."""
IN_SUCCESSION = 25
"""Changes of one calendar, each made as soon as the one before it is visible."""

Rows = Iterator[tuple[str, ...]]


def run() -> None:
    """Measure and print."""
    heading(f"From a change in Outlook to changed busy times: {CHANGES} changes in {MEMBERS} calendars")
    progress("connecting a generated company")
    with product(MEMBERS, NO_TIMER) as place:
        place.connect()
        numbers = count()
        rows = [row for seconds in OUTLOOK_SECONDS for row in _measure(place, seconds, numbers)]
    table(("", "Outlook takes", "p50", "p99", "p50 of a + b"), rows)
    note("One change at a time, round robin; the public API is asked every five milliseconds or so.")
    note(f"In quick succession: {IN_SUCCESSION} changes of one calendar, the first not counted.")


def _measure(place: Place, seconds: float, numbers: Iterator[int]) -> Rows:
    """The rows for an Outlook that takes so long."""
    place.stack.microsoft.world.switches.outlook_service_seconds = seconds
    progress(f"single changes while Outlook takes {seconds} s a call")
    single, reads = _independent(place, numbers)
    progress("changes in quick succession")
    following = _in_succession(place, numbers)
    place.come_to_rest()
    told = Timings.of([seen.acknowledged for seen in single])
    visible = Timings.of([seen.visible for seen in single])
    least = told.median + reads.median
    found = {
        "a: change to the notification's 202": told,
        "b: one live read, GET calendarView": reads,
        "change to changed busy times": visible,
        "the same, in quick succession": following,
    }
    for name, taken in found.items():
        yield name, f"{seconds} s", milliseconds(taken.median), milliseconds(taken.p99), times(taken.median / least)


def _independent(place: Place, numbers: Iterator[int]) -> tuple[list[Seen], Timings]:
    """Single changes, each followed by a live read of the same calendar."""
    client, read, calendars = place.client("service"), live_read(place), calendars_of(place)
    seen, reads = [], []
    for turn in range(CHANGES):
        calendar = calendars[turn % MEMBERS]
        seen.append(watch(calendar, client, next(numbers)))
        reads.append(once(partial(read, calendar)))
    return seen, Timings.of(reads)


def _in_succession(place: Place, numbers: Iterator[int]) -> Timings:
    """Changes of one calendar whose last change was seen a moment ago; the first one does not count."""
    client, calendar = place.client("service"), calendars_of(place)[0]
    return Timings.of([watch(calendar, client, next(numbers)).visible for _ in range(IN_SUCCESSION)][1:])


def live_read(place: Place) -> Callable[[Calendar], None]:
    """What a program that caches nothing does at every question."""
    session, base = place.graph(), f"{place.stack.microsoft.https_url}/v1.0"

    def read(calendar: Calendar) -> None:
        answer = session.get(f"{base}{calendar_view(calendar.user.id, rolling_window(datetime.now(UTC)))}")
        answer.raise_for_status()
        answer.json()

    return read
