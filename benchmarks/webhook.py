"""Notifications acknowledged per second by the real webhook, against functions that do nothing or only enqueue.

Why: Graph waits three seconds for an answer and counts slow ones against the whole host name, and a post carries up
to 1,000 items. The webhook verifies every item's client state and enqueues before it answers. `empty` is what any
function on this host costs with the same bodies, `only enqueue` adds the same number of constant messages through
the same output binding, so that the last step to `webhook` is our own work. The floor is the host's own 404.
The queue is not worked off meanwhile: on Azure, queue functions scale apart from HTTP functions.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

from benchmarks.load import CALLERS, Target, under_load
from benchmarks.report import heading, milliseconds, note, progress, table, times
from benchmarks.timing import Timings, in_turns
from benchmarks.world import empty_functions, product
from shared.bootstrap import utc_now
from shared.client_state import ClientState
from shared.lanes import Lanes
from shared.messages import GROUP
from shared.model import MailboxKey
from shared.notifications import accept

SIZES = (1, 50, 1_000)
KEY = bytes(range(32))
SECONDS = 1.8
UNWORKED = {
    f"AzureWebJobs.{function}.Disabled": "true" for function in ("calendar_sync", "calendar_bulk", "directory_sync")
}
"""Azure's own way of switching functions off."""


def run() -> None:
    """Measure and print."""
    heading(f"Webhook: notifications acknowledged, {CALLERS} callers at once, {SECONDS} s each, in turns")
    progress("starting the product and a host with empty functions")
    with product(1, UNWORKED) as place, empty_functions(place.stack) as empty:
        key = base64.b64decode(place.stack.settings["SECRET_KEYS"])
        rows = [row for size in SIZES for row in _compare(size, _body(size, key), place.stack.url, empty)]
    columns = ("items a post", "", "notifications/s", "posts/s", "p50", "p99", "of empty", "of enqueue")
    table(columns, rows)
    note("Every client state is genuine and of a mailbox of its own, so no two items fall together.")
    note(f"Verifying and grouping {SIZES[-1]:,} items takes {milliseconds(_own_work())} of one CPU.")


def _compare(size: int, body: bytes, product_url: str, empty_url: str) -> Iterator[tuple[str, ...]]:
    """The rows of one size."""
    progress(f"posts of {size} ({len(body) / 1024:,.0f} KiB)")
    messages = -(-size // GROUP)
    targets = {
        "floor: host's 404": Target(f"{empty_url}/nowhere", 404),
        "empty": Target(f"{empty_url}/empty", 202),
        f"only enqueue ({messages})": Target(f"{empty_url}/enqueue/{messages}", 202),
        "webhook": Target(f"{product_url}/webhooks/graph", 202),
    }
    bases = ("empty", f"only enqueue ({messages})")
    timings = under_load(targets, body, SECONDS)
    for number, (name, taken) in enumerate(timings.items()):
        label = f"{size:,}" if number == 0 else ""
        yield label, name, *_numbers(size, taken), *(times(taken.rate / timings[base].rate) for base in bases)


def _numbers(size: int, taken: Timings) -> tuple[str, ...]:
    """Rates and latencies."""
    rates = f"{taken.rate * size:,.0f}", f"{taken.rate:,.0f}"
    return *rates, milliseconds(taken.median), milliseconds(taken.p99)


def _own_work() -> float:
    """Seconds of our code for the largest post, without host and storage."""
    body, client_state, lanes = _body(SIZES[-1], KEY), ClientState([KEY]), Lanes()
    return in_turns({"accept": lambda: accept(body, client_state, lanes, utc_now())}, 20)["accept"].median


def _body(size: int, key: bytes) -> bytes:
    """A post as Graph makes it, each item about another mailbox of one tenant."""
    client_state, tenant = ClientState([key]), str(uuid.uuid4())
    return json.dumps(
        {"value": [_item(client_state, MailboxKey(tenant, str(uuid.uuid4()))) for _ in range(size)]}
    ).encode()


def _item(client_state: ClientState, mailbox: MailboxKey) -> dict[str, object]:
    event = f"AAMkAG{uuid.uuid4().hex * 4}AAA="
    resource = f"Users/{mailbox.object_id}/Events/{event}"
    return {
        "subscriptionId": str(uuid.uuid4()),
        "subscriptionExpirationDateTime": "2026-12-01T09:00:00.0000000+00:00",
        "clientState": client_state.issue(mailbox),
        "tenantId": mailbox.tenant_id,
        "id": str(uuid.uuid4()),
        "changeType": "updated",
        "resource": resource,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": resource,
            "@odata.etag": 'W/"DwAAABYAAAB="',
            "id": event,
        },
    }
