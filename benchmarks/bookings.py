"""Booking a time, against what a program without a memory would do, and against the two requests it takes at least.

Why: a visitor waits for it. The plainest program posts an event to Outlook; one that looks first reads the time
before. Neither survives a lost answer or two visitors at once; what that costs is the rest: the row that says what is
being done, the message that looks after it, and the agenda in which the time is held.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import requests

from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import NO_TIMER, Place, product
from shared.http import new_session

MEMBERS, TURNS = 20, 40
OUTLOOK_SECONDS = 0.1
PER_DAY, AHEAD = 24, 300
"""Bookings of a member, all on a day on which no generated event lies."""

Action = Callable[[], object]


def run() -> None:
    """Measure and print."""
    heading(f"Booking half an hour, {TURNS} times each, in turns")
    progress("connecting a generated company")
    with product(MEMBERS, NO_TIMER) as place:
        place.connect()
        place.stack.microsoft.world.switches.outlook_service_seconds = OUTLOOK_SECONDS
        progress("booking")
        timings = in_turns(_actions(place), TURNS)
    base = timings["look, then post: two requests to Outlook"]
    table(("", "p50", "p95", "against two requests"), [_row(name, taken, base) for name, taken in timings.items()])
    note(f"Outlook takes {OUTLOOK_SECONDS} s for each request, as it does in life or more.")


def _row(name: str, taken: Timings, base: Timings) -> tuple[str, ...]:
    return name, milliseconds(taken.median), milliseconds(taken.p95), times(taken.median / base.median)


def _actions(place: Place) -> dict[str, Action]:
    naive, api = _Naive(place), _Api(place)
    return {
        "post, without a look": lambda: naive.post(*naive.slots()),
        "look, then post: two requests to Outlook": naive.look_and_post,
        "PUT a booking": api.book,
        "the same again": api.repeat,
        "PUT a booking of time that is taken": api.refused,
    }


class _Slots:
    """Times that nobody has taken, one after the other."""

    def __init__(self, first: int) -> None:
        self._numbers = count(first, 2)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._day = today + timedelta(days=AHEAD)

    def __call__(self) -> tuple[int, datetime]:
        """Which member, and when."""
        member, number = divmod(next(self._numbers), PER_DAY)
        return member, self._day + timedelta(hours=number)


class _Naive:
    """Asks Outlook alone."""

    def __init__(self, place: Place) -> None:
        self.slots = _Slots(0)
        tenant = place.stack.microsoft.world.tenants[place.generated.tenant_id]
        self._people = [user.id for user in tenant.users.values()]
        self._session, self._url = place.graph(), f"{place.stack.microsoft.https_url}/v1.0/users"

    def post(self, member: int, start: datetime) -> None:
        """Make the event."""
        body = {"subject": "Introduction", "start": _moment(start), "end": _moment(start + timedelta(minutes=30))}
        self._session.post(f"{self._url}/{self._people[member]}/events", json=body).raise_for_status()

    def look_and_post(self) -> None:
        """Read the time, then make the event."""
        member, start = self.slots()
        span = {"startDateTime": start.isoformat(), "endDateTime": (start + timedelta(minutes=30)).isoformat()}
        found = self._session.get(f"{self._url}/{self._people[member]}/calendarView", params=span)
        found.raise_for_status()
        self.post(member, start)


class _Api:
    """Asks the service."""

    def __init__(self, place: Place) -> None:
        self._slots, self._place = _Slots(1), place
        self._session = new_session()
        self._session.headers["Authorization"] = f"Bearer {place.token('service')}"
        self._members = [member.id for member in place.generated.organization.members]
        self._made = count()
        self._last: tuple[str, datetime] = ("", datetime.now(UTC))

    def book(self) -> None:
        """A new booking."""
        member, start = self._slots()
        path = f"{self._place.stack.url}/api/members/{self._members[member]}/bookings/b-{next(self._made)}"
        self._last = path, start
        _require(self._put(path, start), 201)

    def repeat(self) -> None:
        """The last one once more."""
        _require(self._put(*self._last), 200)

    def refused(self) -> None:
        """Another one at its time."""
        path, start = self._last
        _require(self._put(f"{path}-late", start + timedelta(minutes=15)), 409)

    def _put(self, path: str, start: datetime) -> requests.Response:
        body = {
            "subject": "Introduction",
            "start": start.isoformat(),
            "end": (start + timedelta(minutes=30)).isoformat(),
        }
        return self._session.put(path, json=body)


def _require(answer: requests.Response, status: int) -> None:
    if answer.status_code != status:
        raise ValueError(f"{answer.status_code} instead of {status}: {answer.text}")


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
