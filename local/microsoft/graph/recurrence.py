"""Which dates a recurring event falls on: Graph's recurrence patterns and ranges, expanded lazily.

Dates are calendar dates in the series' zone; times of day are put on them in `instances`.
https://learn.microsoft.com/graph/api/resources/patternedrecurrence
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from dateutil import rrule

from local.microsoft.world import Json

WEEKDAYS = {
    "sunday": rrule.SU,
    "monday": rrule.MO,
    "tuesday": rrule.TU,
    "wednesday": rrule.WE,
    "thursday": rrule.TH,
    "friday": rrule.FR,
    "saturday": rrule.SA,
}
POSITIONS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
FREQUENCIES: dict[str, Any] = {
    "daily": rrule.DAILY,
    "weekly": rrule.WEEKLY,
    "absoluteMonthly": rrule.MONTHLY,
    "relativeMonthly": rrule.MONTHLY,
    "absoluteYearly": rrule.YEARLY,
    "relativeYearly": rrule.YEARLY,
}
SHORTEST_MONTH = 28


class Series:
    """The dates of one recurrence, in order, computed as far as somebody asked."""

    def __init__(self, recurrence: Json) -> None:
        self._known: list[date] = []
        self._rest: Iterator[datetime] = iter(rule(recurrence["pattern"], recurrence["range"]))

    def between(self, first: date, last: date) -> list[date]:
        """The dates from `first` to `last`, both included."""
        while not self._known or self._known[-1] <= last:
            following = next(self._rest, None)
            if following is None:
                break
            self._known.append(following.date())
        return self._known[bisect_left(self._known, first) : bisect_right(self._known, last)]


def series(recurrence: Json) -> Series:
    """The series of a Graph `patternedRecurrence`; equal recurrences share one expansion."""
    return _series(json.dumps(recurrence, sort_keys=True))


@lru_cache(maxsize=20_000)
def _series(recurrence: str) -> Series:
    return Series(json.loads(recurrence))


def rule(pattern: Json, range_: Json) -> rrule.rrule:
    """Graph's pattern and range as an iCalendar rule over midnights."""
    return rrule.rrule(
        FREQUENCIES[pattern["type"]],
        dtstart=datetime.combine(date.fromisoformat(range_["startDate"]), time()),
        interval=pattern.get("interval") or 1,
        wkst=WEEKDAYS[pattern.get("firstDayOfWeek") or "sunday"],
        **_days(pattern),
        **_end(range_),
    )


def _days(pattern: Json) -> dict[str, Any]:
    kind = pattern["type"]
    month = {"bymonth": pattern["month"]} if kind.endswith("Yearly") else {}
    weekdays = {"byweekday": [WEEKDAYS[day] for day in pattern.get("daysOfWeek") or ()]}
    if kind == "daily":
        return {}
    if kind == "weekly":
        return weekdays
    if kind.startswith("absolute"):
        return {**month, **_day_of_month(pattern["dayOfMonth"])}
    return {**month, **weekdays, "bysetpos": POSITIONS[pattern.get("index") or "first"]}


def _day_of_month(day: int) -> dict[str, Any]:
    """Exchange falls back to a short month's last day, where iCalendar skips the month."""
    if day <= SHORTEST_MONTH:
        return {"bymonthday": day}
    return {"bymonthday": list(range(SHORTEST_MONTH, day + 1)), "bysetpos": -1}


def _end(range_: Json) -> dict[str, Any]:
    if range_["type"] == "numbered":
        return {"count": range_["numberOfOccurrences"]}
    if range_["type"] == "endDate":
        return {"until": datetime.combine(date.fromisoformat(range_["endDate"]), time())}
    return {}
