"""Reading a member's busy times against reading the same row with nothing on top.

Why: it is the product's most frequent question, and 90 days of a full calendar are one row. `Availability.busy`
should add little over the SDK's point read, which in turn costs more than the request it makes: a signed GET with
requests. Through HTTP come the host, the caller's token and the answer's JSON; an empty function on the same host
shows how much of that is the host's.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import formatdate
from urllib.parse import quote, urlsplit

from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import Place, empty_functions, product
from shared.availability import Availability
from shared.bootstrap import Services
from shared.freebusy import rolling_window
from shared.http import new_session
from shared.model import (
    DEFAULT,
    BusyBlock,
    BusyStatus,
    Connection,
    ConnectionStatus,
    MailboxKey,
    MemberKey,
    Snapshot,
    Window,
)
from shared.settings import Settings, StorageSettings
from shared.storage.calendars import partition, row_key
from shared.storage.service import table_service

MAILBOX = MailboxKey("t", "o")
BLOCKS = 400
READS = 200


def run() -> None:
    """Measure and print."""
    heading(f"Busy times: 90 days with {BLOCKS} blocks, {READS} reads each, in turns")
    progress("starting the product and a host with empty functions")
    with product(1) as place, empty_functions(place.stack) as empty:
        actions = _actions(place, empty)
        progress("reading")
        timings = in_turns(actions, READS)
    base = timings["SDK: get_entity of the same row"]
    rows = [_row(name, taken, base) for name, taken in timings.items()]
    table(("", "p50", "p99", "reads/s", "against the SDK"), rows)
    note("Each is one caller; requests to Azurite and to the hosts go over kept-open connections.")


def _row(name: str, taken: Timings, base: Timings) -> tuple[str, ...]:
    rate = f"{taken.rate:,.0f}"
    return name, milliseconds(taken.median), milliseconds(taken.p99), rate, times(taken.median / base.median)


def _actions(place: Place, empty: str) -> dict[str, Callable[[], object]]:
    """What is compared, the cheapest first."""
    services = Services(Settings.from_env(place.stack.settings))
    owner = MemberKey(place.generated.organization.id, place.generated.organization.members[0].id)
    snapshot = full_calendar(services.now())
    services.tables.calendars.replace(owner, MAILBOX, {DEFAULT: snapshot})
    bound = Connection(owner.member, ConnectionStatus.CONNECTED, services.now(), None, *MAILBOX)
    services.tables.connections.put(*owner, bound)
    span = Window(services.now(), services.now() + timedelta(days=90))
    return {
        "requests: signed GET of the row": raw_read(place.stack.azurite.connection_string, owner),
        "SDK: get_entity of the same row": sdk_read(services.settings.storage, owner),
        "Availability.busy in this process": busy_read(services.availability, owner, span),
        "empty function through HTTP": call(f"{empty}/empty", 202),
        "GET /api/members/{member}/busy": busy_call(place, owner, span),
    }


def full_calendar(now: datetime) -> Snapshot:
    """Blocks of half an hour, spread evenly over the window."""
    window = rolling_window(now)
    step = (window.end - window.start) / BLOCKS
    starts = (window.start + number * step for number in range(BLOCKS))
    blocks = tuple(BusyBlock(start, start + timedelta(minutes=30), BusyStatus.BUSY) for start in starts)
    return Snapshot(window, blocks, now)


def raw_read(connection_string: str, owner: MemberKey) -> Callable[[], object]:
    """One GET of the row over a session without proxy look-ups, signed as storage asks (SharedKeyLite for tables).

    https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
    """
    known = dict(pair.split("=", 1) for pair in connection_string.strip(";").split(";"))
    name, key = known["AccountName"], base64.b64decode(known["AccountKey"])
    row = f"Calendars(PartitionKey='{quote(partition(owner))}',RowKey='{quote(row_key(MAILBOX))}')"
    url, session = f"{known['TableEndpoint']}/{row}", new_session()
    resource = f"/{name}{urlsplit(url).path}"

    def read() -> None:
        date = formatdate(usegmt=True)
        mac = base64.b64encode(hmac.digest(key, f"{date}\n{resource}".encode(), "sha256")).decode()
        headers = {
            "Accept": "application/json;odata=nometadata",
            "x-ms-date": date,
            "x-ms-version": "2019-02-02",
            "Authorization": f"SharedKeyLite {name}:{mac}",
        }
        answer = session.get(url, headers=headers)
        answer.raise_for_status()
        answer.json()

    return read


def sdk_read(settings: StorageSettings, owner: MemberKey) -> Callable[[], object]:
    """The SDK's point read, over the session the product gives it."""
    client = table_service(settings).get_table_client("Calendars")
    return lambda: client.get_entity(partition(owner), row_key(MAILBOX))


def busy_read(availability: Availability, owner: MemberKey, span: Window) -> Callable[[], object]:
    """The product's answer without HTTP."""

    def read() -> None:
        if len(availability.busy(owner, span).blocks) < BLOCKS * 0.9:
            raise ValueError("blocks are missing")

    return read


def call(url: str, status: int, headers: Mapping[str, str] | None = None) -> Callable[[], object]:
    """One GET, of which only this status counts."""
    session = new_session()

    def get() -> None:
        answer = session.get(url, headers=headers)
        if answer.status_code != status:
            raise ValueError(f"{url} answered {answer.status_code}, not {status}")

    return get


def busy_call(place: Place, owner: MemberKey, span: Window) -> Callable[[], object]:
    """The public API."""
    times_asked = f"start={span.start:%Y-%m-%dT%H:%M:%SZ}&end={span.end:%Y-%m-%dT%H:%M:%SZ}"
    token = {"Authorization": f"Bearer {place.token('service')}"}
    return call(f"{place.stack.url}/api/members/{owner.member}/busy?{times_asked}", 200, token)
