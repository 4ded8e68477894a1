"""What can happen to a notification between Graph and the listener's URL."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from local.microsoft.faults import NotificationFault
from local.microsoft.graph.endpoints import Notice

LATER = timedelta(seconds=2)
"""By how much a reordered notification falls behind, in simulated time."""


def spoil(notice: Notice, faults: list[NotificationFault], now: datetime) -> list[tuple[datetime, Notice]]:
    """When and as what the notice arrives: not at all, twice, late, or with somebody else's details."""
    due, copies = now, 1
    for fault in faults:
        if fault.kind == "drop":
            return []
        if fault.kind == "duplicate":
            copies += 1
        elif fault.kind == "delay":
            due += timedelta(seconds=fault.delay_seconds)
        elif fault.kind == "reorder":
            due += LATER
        else:
            notice = _altered(notice, fault)
    return [(due, notice)] * copies


def _altered(notice: Notice, fault: NotificationFault) -> Notice:
    item = deepcopy(notice.item)
    if fault.kind == "wrong_client_state":
        item["clientState"] = f"forged-{uuid4()}"
    elif fault.kind == "no_client_state":
        item["clientState"] = None
    elif fault.kind == "unknown_subscription":
        item["subscriptionId"] = str(uuid4())
    return replace(notice, item=item)
