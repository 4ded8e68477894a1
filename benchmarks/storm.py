"""Storms of notifications: reads made for them, time until everything is true, and what a second tenant feels.

Why: a bulk edit, a migration or a backlog of Graph's makes hundreds of notifications, and Outlook serves an app four
requests at a time per mailbox. One read per notification would be refused there and keep everybody else waiting. The
floor is one read of a mailbox, after its last change. Whoever did not cause the storm should hardly notice: single
changes of a second tenant are timed without a storm and during one, in the same run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count, takewhile
from random import Random
from threading import Event

from benchmarks.calendars import Calendar, Seen, calendars_of, fields, until, watch
from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, once
from benchmarks.world import NO_TIMER, Place, customers
from local.client import Json
from local.microsoft.faults import NotificationFault
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.remote import Microsoft

MEMBERS = 500
CHANGES_EACH, DUPLICATES = 3, 500
BESIDE = 40
"""People of the second tenant."""
WATCHERS = 2
"""Single changes of the second tenant at a time."""
UNDISTURBED = 60
"""Changes each watcher times without a storm."""
OUTLOOK_SECONDS = 0.1
"""How long the simulated Outlook takes to answer; the real one takes about as long or longer."""
SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class Storm:
    """What one storm came to."""

    sent: int
    again: int
    """Notifications among them that Graph sent once more, for want of an answer in time."""
    posts: int
    reads: Counter[str]
    """Reads of calendars, by directory user."""
    refused: int
    """Reads among them that Outlook answered with an error."""
    seconds: float
    """From the last change until every touched calendar equalled Outlook."""


def run() -> None:
    """Measure and print."""
    heading(f"Storms: a tenant of {MEMBERS} members beside one of {BESIDE}; Outlook takes {OUTLOOK_SECONDS} s a call")
    progress("connecting two generated companies")
    with customers([MEMBERS, BESIDE], NO_TIMER) as (place, other):
        place.connect()
        other.connect()
        place.stack.microsoft.world.switches.outlook_service_seconds = OUTLOOK_SECONDS
        storms = {
            "1,000 in one post, 1 mailbox": _in_one_post(place),
            "500 one by one, 1 mailbox": _one_by_one(place),
        }
        alone, mixed, during = _beside(place, other)
    _report(storms | {f"2,000 mixed, {MEMBERS} mailboxes": mixed})
    _report_beside(alone, during)


def _report(storms: Mapping[str, Storm]) -> None:
    columns = ("", "notifications", "posts", "again", "reads", "a mailbox", "at most", "refused", "all true after")
    table(columns, [_row(name, found) for name, found in storms.items()])
    note("All true: every touched calendar equals Outlook in the public API; counted from the last change.")
    note("Reads are counted until nothing waits in any queue; the least is one a mailbox.")
    note(
        f"Of the mixed ones {DUPLICATES} are duplicates, and their posts carry what is told of the second tenant too."
    )


def _row(name: str, found: Storm) -> tuple[str, ...]:
    reads = found.reads
    numbers = (found.sent, found.posts, found.again, reads.total(), reads.total() / len(reads), max(reads.values()))
    shown = (f"{number:,.2f}" if isinstance(number, float) else f"{number:,}" for number in numbers)
    return name, *shown, f"{found.refused:,}", milliseconds(found.seconds)


def _report_beside(alone: Sequence[Seen], during: Sequence[Seen]) -> None:
    base = Timings.of([seen.visible for seen in alone])
    rows = [
        _row_beside("without a storm", alone, base),
        _row_beside("during the mixed storm", during, base),
    ]
    table(("second tenant", "changes", "202 p50", "202 p99", "visible p50", "ratio", "visible p99", "ratio"), rows)
    note(f"Seconds from a change to the notification's 202 and to changed busy times; {WATCHERS} changes at a time.")


def _row_beside(name: str, found: Sequence[Seen], base: Timings) -> tuple[str, ...]:
    told, visible = (Timings.of([getattr(seen, what) for seen in found]) for what in ("acknowledged", "visible"))
    median, p99 = times(visible.median / base.median), times(visible.p99 / base.p99)
    shown = [milliseconds(taken) for taken in (told.median, told.p99, visible.median, visible.p99)]
    return name, str(len(found)), *shown[:3], median, shown[3], p99


def _in_one_post(place: Place) -> Storm:
    """What one calendar's changes are gathered into while the simulated Outlook is too busy to send."""
    progress("1,000 notifications of one mailbox in one post")
    calendar = calendars_of(place)[0]

    def change() -> None:
        for number in range(1_000):
            calendar.edit(number)

    return _storm(place, [calendar], lambda: place.stack.microsoft.call(change))


def _one_by_one(place: Place) -> Storm:
    """Changes of one calendar over HTTP, as fast as the simulated Outlook takes them."""
    progress("500 changes of one mailbox")
    calendar, outlook = calendars_of(place)[1], Microsoft(place.stack.microsoft.http_url)
    event = calendar.event().id

    def change() -> None:
        for number in range(500):
            outlook.update_event(place.generated.tenant_id, calendar.user.id, event, fields(number))

    return _storm(place, [calendar], change)


def _beside(place: Place, other: Place) -> tuple[list[Seen], Storm, list[Seen]]:
    """The second tenant alone, the mixed storm, and the second tenant during it."""
    storm_over = Event()
    progress("single changes of the second tenant")
    with ThreadPoolExecutor(WATCHERS) as pool:
        shares = [range(first, first + UNDISTURBED * WATCHERS, WATCHERS) for first in range(WATCHERS)]
        alone = list(pool.map(partial(_watched, other), shares))
        progress(f"notifications across {MEMBERS} mailboxes, and changes of the second tenant meanwhile")
        shares_then = [
            takewhile(lambda _: not storm_over.is_set(), count(share.stop, share.step)) for share in shares
        ]
        during = [pool.submit(_watched, other, share) for share in shares_then]
        try:
            mixed = _mixed(place, storm_over.set)
        finally:
            storm_over.set()
    return _joined(alone), mixed, _joined(one.result() for one in during)


def _joined(some: Iterable[list[Seen]]) -> list[Seen]:
    return [seen for one in some for seen in one]


def _watched(place: Place, numbers: Iterable[int]) -> list[Seen]:
    """Single changes, each in the calendar of its number."""
    client, calendars = place.client("service"), calendars_of(place)
    return [watch(calendars[number % BESIDE], client, number) for number in numbers]


def _mixed(place: Place, over: Callable[[], None]) -> Storm:
    """Everybody's calendar several times over, in any order, and many notifications twice."""
    calendars = calendars_of(place)
    order = calendars * CHANGES_EACH
    Random(1).shuffle(order)
    world = place.stack.microsoft.world
    world.faults.add(NotificationFault("duplicate", tenant=place.generated.tenant_id, times=DUPLICATES))

    def change() -> None:
        for number, calendar in enumerate(order):
            calendar.move(number)

    return _storm(place, calendars, change, over)


def _storm(
    place: Place, calendars: Sequence[Calendar], change: Callable[[], None], over: Callable[[], None] = lambda: None
) -> Storm:
    """Make the changes and count what they set off until nothing is left to do; `over` is called once all is true."""
    before, posts, asked = _counts(calendars), _posts(place), len(place.request_log())
    change()
    seconds = once(partial(_until_true, place, calendars, asked))
    over()
    place.come_to_rest()
    counts = _counts(calendars) - before
    reads = _reads_since(place, asked)
    refused = sum(entry["status"] != 200 for entry in reads)
    return Storm(
        sent=counts["sent"],
        again=counts["retried"],
        posts=_posts(place) - posts,
        reads=Counter(_whose(entry) for entry in reads),
        refused=refused,
        seconds=seconds,
    )


def _until_true(place: Place, calendars: Sequence[Calendar], asked: int) -> None:
    """Look at whichever calendar was read since so many requests, so that looking costs the service little."""
    client, waiting = place.client("service"), {calendar.user.id: calendar for calendar in calendars}

    def look() -> bool:
        for user in {_whose(entry) for entry in _reads_since(place, asked)} & waiting.keys():
            if waiting[user].is_true(client):
                del waiting[user]
        return not waiting

    until(look, SECONDS_BETWEEN_LOOKS)


def _counts(calendars: Sequence[Calendar]) -> Counter[str]:
    """What became of the calendars' notifications so far."""
    return Counter({what: sum(one.delivered(what) for one in calendars) for what in ("sent", "retried")})


def _posts(place: Place) -> int:
    """Posts of notifications that were answered, or given up, so far."""
    endpoints = delivery_of(place.stack.microsoft.world).endpoints.values()
    return sum(len(endpoint.answers) for endpoint in endpoints)


def _reads_since(place: Place, asked: int) -> list[Json]:
    """Reads of the tenant's calendars after so many requests, those that were refused included."""
    tenant = place.generated.tenant_id
    return [
        entry
        for entry in place.request_log()[asked:]
        if entry["tenant"] == tenant and entry["path"].endswith("/calendarView")
    ]


def _whose(entry: Json) -> str:
    """The directory user in `/v1.0/users/{user}/calendarView`."""
    user: str = entry["path"].split("/")[3]
    return user
