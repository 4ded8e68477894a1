"""An occurrence may move, but not past the occurrences before and after it."""

from __future__ import annotations

from datetime import date, timedelta

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.instances import Instance, occurrence
from local.microsoft.graph.recurrence import series
from local.microsoft.graph.zones import utc
from local.microsoft.world import Json

REACH = timedelta(days=800)
"""How far to look for neighbours; no pattern in use repeats more rarely."""


def check_between_neighbours(instance: Instance, fields: Json, mailbox_zone: str) -> None:
    """400 ErrorOccurrenceCrossingBoundary when a new start or end passes a neighbour."""
    if "start" not in fields or "end" not in fields or instance.original_date is None:
        return
    before, after = _neighbours(instance, mailbox_zone)
    start, end = utc(fields["start"]), utc(fields["end"])
    if (before and start < before.end) or (after and end > after.start):
        message = "Modified occurrence is crossing or overlapping adjacent occurrence."
        raise GraphError(400, "ErrorOccurrenceCrossingBoundary", message)


def _neighbours(instance: Instance, mailbox_zone: str) -> tuple[Instance | None, Instance | None]:
    event, day = instance.event, date.fromisoformat(instance.original_date or "")
    dates = series(event.fields["recurrence"])
    found = {
        near: occurrence(event, mailbox_zone, near.isoformat()) for near in dates.between(day - REACH, day + REACH)
    }
    earlier = [i for near, i in found.items() if near < day and i is not None]
    later = [i for near, i in found.items() if near > day and i is not None]
    return (earlier[-1] if earlier else None), (later[0] if later else None)
