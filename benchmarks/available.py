"""Times that can be offered for many people at once, against the table reads it takes, and against asking Outlook.

Why: a page with meeting times asks for everybody of a team and two months. From the cache that is one small partition
per person; the least it can take is those reads, one after the other or eight at a time, with nothing made of them.
Whoever keeps no cache asks Outlook: `getSchedule` takes twenty people and under 62 days a call.
https://learn.microsoft.com/graph/api/calendar-getschedule
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from azure.data.tables import TableClient

from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import NO_TIMER, Place, product
from shared.http import new_session
from shared.model import MemberKey
from shared.settings import Settings
from shared.storage.calendars import partition
from shared.storage.point_reads import AT_ONCE, point_reads
from shared.storage.service import table_service

MEMBERS, DAYS, TURNS = 50, 62, 40
OUTLOOK_SECONDS = 0.1
SCHEDULES = 20
"""People in one `getSchedule`."""
WORK = [{"start": "09:00", "end": "17:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), WORK)

ZONE = "America/New_York"

Action = Callable[[], object]


def run() -> None:
    """Measure and print."""
    heading(f"Times for {MEMBERS} members over {DAYS} days, {TURNS} questions each, in turns")
    progress("connecting a generated company")
    with product(MEMBERS, NO_TIMER) as place:
        place.connect()
        place.stack.microsoft.world.switches.outlook_service_seconds = OUTLOOK_SECONDS
        progress("asking")
        timings = in_turns(_actions(place), TURNS)
    base = timings["the same reads, one after the other"]
    table(("", "p50", "p95", "against the reads"), [_row(name, taken, base) for name, taken in timings.items()])
    note(
        f"Half-hour meetings every quarter of an hour, working hours on weekdays; Outlook takes {OUTLOOK_SECONDS} s."
    )
    note(
        f"Reads: the SDK's query of each member's partition, not decoded into anything; at most {AT_ONCE} at a time."
    )


def _row(name: str, taken: Timings, base: Timings) -> tuple[str, ...]:
    return name, milliseconds(taken.median), milliseconds(taken.p95), times(taken.median / base.median)


def _actions(place: Place) -> dict[str, Action]:
    members = [member.id for member in place.generated.organization.members]
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    client = table_service(Settings.from_env(place.stack.settings).storage).get_table_client("Calendars")
    keys = [partition(MemberKey(place.generated.organization.id, member)) for member in members]
    reads = [partial(_read, client, key) for key in keys]
    return {
        "the same reads, one after the other": lambda: [read() for read in reads],
        f"the same reads, {AT_ONCE} at a time": lambda: point_reads(lambda number: reads[number](), range(MEMBERS)),
        "POST /api/available-times, everyone": _ask(place, members, start, "everyone"),
        "POST /api/available-times, anyone": _ask(place, members, start, "anyone"),
        "getSchedule, three calls": _schedules(place, start, together=False),
        "getSchedule, three calls at once": _schedules(place, start, together=True),
    }


def _read(client: TableClient, key: str) -> list[Any]:
    return list(client.query_entities("PartitionKey eq @p", parameters={"p": key}))


def _ask(place: Place, members: Sequence[str], start: datetime, combine: str) -> Action:
    """The public API, with everybody's working hours in their own zone."""
    question = {
        "members": [{"id": member, "working_hours": {"weekly": WEEK, "time_zone": ZONE}} for member in members],
        "start": start.isoformat(),
        "end": (start + timedelta(days=DAYS)).isoformat(),
        "duration_minutes": 30,
        "combine": combine,
    }
    session = new_session()
    headers = {"Authorization": f"Bearer {place.token('service')}"}

    def ask() -> None:
        answer = session.post(f"{place.stack.url}/api/available-times", json=question, headers=headers)
        answer.raise_for_status()
        if {member["freshness"] for member in answer.json()["members"]} != {"fresh"}:
            raise ValueError("not everybody's calendar is fresh")

    return ask


def _schedules(place: Place, start: datetime, *, together: bool) -> Action:
    """The same people's free/busy from Outlook, as the plainest program asks for it."""
    tenant = place.stack.microsoft.world.tenants[place.generated.tenant_id]
    people = [user.user_principal_name for user in tenant.users.values()]
    groups = [people[first : first + SCHEDULES] for first in range(0, MEMBERS, SCHEDULES)]
    session, url = place.graph(), f"{place.stack.microsoft.https_url}/v1.0/users/{people[0]}/calendar/getSchedule"
    # A second less: Graph wants less than 62 days.
    ends = (start, start + timedelta(days=DAYS, seconds=-1))
    spans = [{"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for at in ends]

    def ask(group: Sequence[str]) -> int:
        body = {"schedules": list(group), "startTime": spans[0], "endTime": spans[1]}
        answer = session.post(url, json=body)
        answer.raise_for_status()
        return answer.status_code

    if together:
        return lambda: point_reads(lambda number: ask(groups[number]), range(len(groups)))
    return lambda: [ask(group) for group in groups]
