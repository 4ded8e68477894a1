from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil import rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from local.microsoft.graph.recurrence import POSITIONS, WEEKDAYS, Series, series

FOREVER = date(2032, 12, 31)


def dates(pattern: dict[str, Any], start: str, first: str, last: str, **range_: Any) -> list[str]:
    recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": start, **range_}}
    found = series(recurrence).between(date.fromisoformat(first), date.fromisoformat(last))
    return [day.isoformat() for day in found]


YEAR = ("2026-01-01", "2026-12-31")


@pytest.mark.parametrize(
    ("pattern", "start", "window", "expected"),
    [
        ({"type": "daily", "interval": 3}, "2026-01-01", ("2026-01-05", "2026-01-12"), ["01-07", "01-10"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["tuesday", "sunday"], "firstDayOfWeek": "monday"},
            "2026-01-06",
            ("2026-01-01", "2026-02-03"),
            ["01-06", "01-11", "01-20", "01-25", "02-03"],
        ),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["tuesday", "sunday"], "firstDayOfWeek": "sunday"},
            "2026-01-06",
            ("2026-01-01", "2026-02-03"),
            ["01-06", "01-18", "01-20", "02-01", "02-03"],
        ),
        (
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
            "2026-01-31",
            ("2026-01-01", "2026-05-01"),
            ["01-31", "02-28", "03-31", "04-30"],
        ),
        (
            {"type": "absoluteMonthly", "interval": 5, "dayOfMonth": 15},
            "2026-01-15",
            YEAR,
            ["01-15", "06-15", "11-15"],
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
            "2026-01-01",
            ("2026-01-01", "2026-03-31"),
            ["01-30", "02-27", "03-27"],
        ),
        (
            {"type": "relativeMonthly", "interval": 3, "daysOfWeek": ["monday", "tuesday"], "index": "first"},
            "2026-01-01",
            YEAR,
            ["01-05", "04-06", "07-06", "10-05"],
        ),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["thursday"], "index": "second"},
            "2026-02-01",
            ("2026-02-01", "2026-03-31"),
            ["02-12", "03-12"],
        ),
        ({"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29}, "2024-02-29", YEAR, ["02-28"]),
        (
            {"type": "relativeYearly", "interval": 1, "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"},
            "2020-11-26",
            YEAR,
            ["11-26"],
        ),
    ],
)
def test_patterns(pattern: dict[str, Any], start: str, window: tuple[str, str], expected: list[str]) -> None:
    assert dates(pattern, start, *window) == [f"2026-{day}" for day in expected]


def test_leap_day_comes_back_in_leap_years() -> None:
    pattern = {"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29}
    assert dates(pattern, "2024-02-29", "2028-01-01", "2028-12-31") == ["2028-02-29"]


def test_ranges_end_by_date_inclusively_and_by_number() -> None:
    daily = {"type": "daily", "interval": 1}
    by_date = dates(daily, "2026-01-01", *YEAR, type="endDate", endDate="2026-01-03")
    by_number = dates(daily, "2026-01-01", *YEAR, type="numbered", numberOfOccurrences=3)
    assert by_date == by_number == ["2026-01-01", "2026-01-02", "2026-01-03"]


def test_endless_series_reaches_far_ahead_and_can_be_asked_backwards() -> None:
    daily = {"type": "daily", "interval": 1}
    assert dates(daily, "2016-01-01", "2026-06-01", "2026-06-02") == ["2026-06-01", "2026-06-02"]
    assert dates(daily, "2016-01-01", "2016-01-01", "2016-01-01") == ["2016-01-01"]
    assert dates(daily, "2016-01-01", "2015-01-01", "2015-12-31") == []


weekdays = st.lists(st.sampled_from(sorted(WEEKDAYS)), min_size=1, max_size=7, unique=True)
patterns = st.one_of(
    st.fixed_dictionaries({"type": st.just("daily"), "interval": st.integers(1, 40)}),
    st.fixed_dictionaries(
        {
            "type": st.just("weekly"),
            "interval": st.integers(1, 9),
            "daysOfWeek": weekdays,
            "firstDayOfWeek": st.sampled_from(sorted(WEEKDAYS)),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("absoluteMonthly"), "interval": st.integers(1, 13), "dayOfMonth": st.integers(1, 31)}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("relativeMonthly"),
            "interval": st.integers(1, 13),
            "daysOfWeek": weekdays,
            "index": st.sampled_from(sorted(POSITIONS)),
        }
    ),
)
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@settings(deadline=None, max_examples=60)
@given(patterns, days, days, st.integers(0, 400))
def test_a_window_holds_exactly_the_series_days_in_it(
    pattern: dict[str, Any], start: date, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    range_ = {"type": "noEnd", "startDate": start.isoformat()}
    whole = Series({"pattern": pattern, "range": range_}).between(start, FOREVER)
    found = Series({"pattern": pattern, "range": range_}).between(first, last)
    assert found == [day for day in whole if first <= day <= last]
    assert whole == sorted(set(whole))
    assert all(day >= start for day in whole)


@settings(deadline=None, max_examples=60)
@given(weekdays, st.integers(1, 6), days, st.sampled_from(sorted(WEEKDAYS)))
def test_weeks_count_from_the_week_of_the_start(names: list[str], interval: int, start: date, first_day: str) -> None:
    """An independent reading of the definition: every nth week, weeks beginning on firstDayOfWeek."""
    pattern = {"type": "weekly", "interval": interval, "daysOfWeek": names, "firstDayOfWeek": first_day}
    recurrence = {"pattern": pattern, "range": {"type": "noEnd", "startDate": start.isoformat()}}
    end = start + timedelta(days=120)
    week = start - timedelta(days=(start.weekday() - WEEKDAYS[first_day].weekday) % 7)
    wanted = {WEEKDAYS[name].weekday for name in names}
    every = (start + timedelta(days=n) for n in range(121))
    expected = [d for d in every if d.weekday() in wanted and (d - week).days // 7 % interval == 0]
    assert Series(recurrence).between(start, end) == expected


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 28), st.integers(1, 12), days)
def test_days_every_month_has_follow_the_icalendar_rule(day: int, interval: int, start: date) -> None:
    pattern = {"type": "absoluteMonthly", "interval": interval, "dayOfMonth": day}
    recurrence = {
        "pattern": pattern,
        "range": {"type": "numbered", "startDate": start.isoformat(), "numberOfOccurrences": 9},
    }
    midnight = datetime.combine(start, time())
    rule = rrule.rrule(rrule.MONTHLY, dtstart=midnight, interval=interval, bymonthday=day, count=9)
    assert Series(recurrence).between(start, date(2050, 1, 1)) == [moment.date() for moment in rule]
