"""What Outlook says of somebody's time, read past the product: the measure of its cache.

Written without any of the product's code, so that a mistake in one does not hide in the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

Block = tuple[datetime, datetime, str]
Json = dict[str, Any]


def taken(events: Iterable[Json], start: datetime, end: datetime, owner_zone: str) -> list[Block]:
    """The blocks of expanded events (times in UTC) inside a span; all-day events lie in the owner's zone."""
    found = []
    for event in events:
        declined = event.get("responseStatus", {}).get("response") == "declined"
        if event["showAs"] == "free" or event.get("isCancelled") or declined:
            continue
        first, last = (_instant(event, side, owner_zone) for side in ("start", "end"))
        if max(first, start) < min(last, end):
            found.append((max(first, start), min(last, end), event["showAs"]))
    return sorted(found)


def answered(busy: Json) -> list[Block]:
    """The blocks of an answer of the service."""
    moments = [(block["start"], block["end"], block["status"]) for block in busy["busy"]]
    return sorted((datetime.fromisoformat(a), datetime.fromisoformat(b), status) for a, b, status in moments)


def _instant(event: Json, side: str, owner_zone: str) -> datetime:
    wall = datetime.fromisoformat(event[side]["dateTime"])
    if event["isAllDay"]:
        return datetime.combine(wall.date(), time(), ZoneInfo(owner_zone)).astimezone(UTC)
    return wall.replace(tzinfo=UTC)
