"""What people enter into their Outlook calendars in the story, as Graph takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

SECRET = "SECRET-"  # noqa: S105 - marks every private text of the sample world


def tomorrow(hour: int) -> datetime:
    """That hour of the next day, UTC."""
    return (datetime.now(UTC) + timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)


def times(start: datetime, minutes: int) -> dict[str, Any]:
    """When an event is."""
    ends = {"start": start, "end": start + timedelta(minutes=minutes)}
    return {side: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"} for side, at in ends.items()}


def event(start: datetime, minutes: int, shown_as: str = "busy") -> dict[str, Any]:
    """An event with a private title."""
    return {"subject": f"{SECRET}demo", "showAs": shown_as, **times(start, minutes)}


def weekly(first: datetime) -> dict[str, Any]:
    """What makes an event a weekly series without an end."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [first.strftime("%A").lower()]}
    dates = {"type": "noEnd", "startDate": first.date().isoformat(), "recurrenceTimeZone": "UTC"}
    return {"recurrence": {"pattern": pattern, "range": dates}}
