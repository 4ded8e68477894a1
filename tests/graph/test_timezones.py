"""Zones by every name Outlook gives them, and wall times in all their readings."""
# ruff: noqa: DTZ001 - wall times have no zone

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from shared.graph.timezones import EARLIEST, LATEST, earliest_instant, latest_instant, wall_time, zone
from tests.properties import given

H = timedelta(hours=1)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(win_tz))
def test_every_windows_name_is_a_zone(name: str) -> None:
    assert zone(name) is not None


@pytest.mark.parametrize("name", sorted(available_timezones()))
def test_every_iana_name_is_a_zone(name: str) -> None:
    assert zone(name) is not None


KNOWN = {
    "W. Europe Standard Time": "Europe/Berlin",
    "GMT Standard Time": "Europe/London",
    "Pacific Standard Time": "America/Los_Angeles",
    "India Standard Time": "Asia/Kolkata",
    "Nepal Standard Time": "Asia/Katmandu",
    "AUS Central Standard Time": "Australia/Darwin",
    "Chatham Islands Standard Time": "Pacific/Chatham",
    "Line Islands Standard Time": "Pacific/Kiritimati",
    "Dateline Standard Time": "Etc/GMT+12",
    "E. South America Standard Time": "America/Sao_Paulo",
    "UTC-11": "Etc/GMT+11",
    "UTC+13": "Etc/GMT-13",
    "Europe/Berlin": "Europe/Berlin",
}


@pytest.mark.parametrize(("name", "same_as"), KNOWN.items())
@pytest.mark.parametrize("moment", ["2026-01-15T12:00", "2026-07-15T12:00"])
def test_a_name_means_the_place_it_is_known_for(name: str, same_as: str, moment: str) -> None:
    assert (
        wall(moment).replace(tzinfo=zone(name)).utcoffset()
        == wall(moment).replace(tzinfo=ZoneInfo(same_as)).utcoffset()
    )


@pytest.mark.parametrize("name", ["UTC", "utc", "Etc/UTC", "Etc/GMT", "GMT", "Etc/UCT", "Greenwich"])
def test_utc_by_any_name(name: str) -> None:
    found = zone(name)
    assert found is not None
    assert found.utcoffset(datetime(2026, 7, 1)) == timedelta()


NO_ZONE = {
    "absent": None,
    "empty": "",
    "a blank": " ",
    "custom": "tzone://Microsoft/Custom",
    "customized": "Customized Time Zone",
    "misspelt": "W. Europe Standrd Time",
    "abbreviation nobody has": "XYZT",
    "an offset": "+02:00",
    "a folder of zones": "America",
    "a path out of the folder": "../../../etc/passwd",
    "an absolute path": "/etc/localtime",
    "too long for a file name": "x" * 5000,
    "a zero byte": "Europe\0Berlin",
    "half a surrogate": "\ud800",
    "a display name": "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
}


@pytest.mark.parametrize("name", NO_ZONE.values(), ids=NO_ZONE.keys())
def test_nobody_can_tell(name: str | None) -> None:
    assert zone(name) is None


def test_outlooks_own_name_for_utc_is_utc() -> None:
    assert zone("tzone://Microsoft/Utc") == UTC


@given(st.text())
def test_no_name_makes_it_raise(name: str) -> None:
    assert zone(name) is None or isinstance(zone(name), tzinfo)


WALLS = {
    "2026-12-09T20:30:00.0000000": datetime(2026, 12, 9, 20, 30),
    "2026-12-09T20:30:00": datetime(2026, 12, 9, 20, 30),
    "2026-12-09T20:30:00.123": datetime(2026, 12, 9, 20, 30, 0, 123_000),
    "2026-12-09T20:30:00.1234567": datetime(2026, 12, 9, 20, 30, 0, 123_456),
    "2026-12-09T20:30:59.9999999": datetime(2026, 12, 9, 20, 30, 59, 999_999),
    "2026-12-09T20:30:00Z": datetime(2026, 12, 9, 20, 30),
    "0001-01-01T00:00:00.0000000": EARLIEST,
    "1899-12-31T23:59:59.9999999": EARLIEST,
    "1900-01-01T00:00:00.0000000": EARLIEST,
    "2200-01-01T00:00:00.0000000": LATEST,
    "9999-12-31T23:59:59.9999999": LATEST,
    "2028-02-29T00:00:00.0000000": datetime(2028, 2, 29),
}


@pytest.mark.parametrize(("text", "expected"), WALLS.items())
def test_a_wall_time(text: str, expected: datetime) -> None:
    assert wall_time(text) == expected
    assert wall_time(text).tzinfo is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-13-01T00:00:00",
        "2026-02-29T00:00:00",
        "2026-12-09T24:30:00",
        "0000-01-01T00:00:00",
        "10000-01-01T00:00:00",
        "2026-12-09T20:30:00.0000000 UTC",
        "/Date(1796848200000)/",
        "2026-12-09T20:30:00\n",
    ],
)
def test_no_wall_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wall_time(text)


def test_a_wall_time_with_an_offset_is_not_one() -> None:
    """Dropping the offset would move the event."""
    with pytest.raises(ValueError, match=r"."):
        wall_time("2026-12-09T20:30:00+02:00")


READINGS = {
    # zone, wall time, first instant, last instant
    "an ordinary time": ("Europe/Berlin", "2026-12-09T20:30", "2026-12-09T19:30", "2026-12-09T19:30"),
    "Berlin skips 02:30": ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T00:30", "2026-03-29T01:30"),
    "Berlin before the gap": ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59", "2026-03-29T00:59"),
    "Berlin after the gap": ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00", "2026-03-29T01:00"),
    "Berlin repeats 02:30": ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),
    "Berlin before the repeat": ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59", "2026-10-24T23:59"),
    "Berlin after the repeat": ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00", "2026-10-25T02:00"),
    "New York skips 02:30": ("America/New_York", "2026-03-08T02:30", "2026-03-08T06:30", "2026-03-08T07:30"),
    "New York repeats 01:30": ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", "2026-11-01T06:30"),
    "Sydney skips 02:30 in October": ("Australia/Sydney", "2026-10-04T02:30", "2026-10-03T15:30", "2026-10-03T16:30"),
    "Sydney repeats 02:30 in April": ("Australia/Sydney", "2026-04-05T02:30", "2026-04-04T15:30", "2026-04-04T16:30"),
    "Lord Howe skips half an hour": (
        "Australia/Lord_Howe",
        "2026-10-04T02:15",
        "2026-10-03T15:15",
        "2026-10-03T15:45",
    ),
    "Lord Howe repeats half an hour": (
        "Australia/Lord_Howe",
        "2026-04-05T01:45",
        "2026-04-04T14:45",
        "2026-04-04T15:15",
    ),
    "Chatham, at 45 minutes, skips": ("Pacific/Chatham", "2026-09-27T02:50", "2026-09-26T13:05", "2026-09-26T14:05"),
    "Kathmandu": ("Asia/Kathmandu", "2026-06-01T00:00", "2026-05-31T18:15", "2026-05-31T18:15"),
    "Sao Paulo has no midnight in 2018": (
        "America/Sao_Paulo",
        "2018-11-04T00:00",
        "2018-11-04T02:00",
        "2018-11-04T03:00",
    ),
    "Beirut has no midnight": ("Asia/Beirut", "2026-03-29T00:00", "2026-03-28T21:00", "2026-03-28T22:00"),
    "Beirut repeats the hour before midnight": (
        "Asia/Beirut",
        "2026-10-24T23:30",
        "2026-10-24T20:30",
        "2026-10-24T21:30",
    ),
    "Cairo has no midnight": ("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T21:00", "2026-04-23T22:00"),
    "Havana has two midnights": ("America/Havana", "2026-11-01T00:00", "2026-11-01T04:00", "2026-11-01T05:00"),
    "Apia skipped a whole day": ("Pacific/Apia", "2011-12-30T12:00", "2011-12-29T22:00", "2011-12-30T22:00"),
    "Kiritimati, first of all": ("Pacific/Kiritimati", "2026-06-01T00:00", "2026-05-31T10:00", "2026-05-31T10:00"),
    "Baker Island, last of all": ("Etc/GMT+12", "2026-06-01T00:00", "2026-06-01T12:00", "2026-06-01T12:00"),
    "UTC": ("UTC", "2026-06-01T00:00", "2026-06-01T00:00", "2026-06-01T00:00"),
    "unknown": ("tzone://Microsoft/Custom", "2026-06-02T00:00", "2026-06-01T10:00", "2026-06-02T12:00"),
}


@pytest.mark.parametrize(("name", "at", "first", "last"), READINGS.values(), ids=READINGS.keys())
def test_the_first_and_last_instant_a_wall_time_can_mean(name: str, at: str, first: str, last: str) -> None:
    assert earliest_instant(wall(at), zone(name)) == utc(first)
    assert latest_instant(wall(at), zone(name)) == utc(last)


ZONES = [ZoneInfo(name) for name in sorted(available_timezones()) if not name.startswith(("SystemV", "right"))]
walls = st.datetimes(datetime(1900, 1, 3), datetime(2199, 12, 29))
zones = st.sampled_from(ZONES)


@given(walls, zones)
def test_every_reading_of_a_wall_time_lies_between_its_first_and_last_instant(at: datetime, where: ZoneInfo) -> None:
    first, last = earliest_instant(at, where), latest_instant(at, where)
    for fold in (0, 1):
        assert first <= at.replace(tzinfo=where, fold=fold).astimezone(UTC) <= last


@given(walls, zones)
def test_an_instant_lies_between_the_readings_of_its_own_wall_time(moment: datetime, where: ZoneInfo) -> None:
    instant = moment.replace(tzinfo=UTC)
    shown = instant.astimezone(where).replace(tzinfo=None)
    assert earliest_instant(shown, where) <= instant <= latest_instant(shown, where)


@given(walls, zones)
def test_an_unknown_zone_covers_every_zone_there_is(at: datetime, where: ZoneInfo) -> None:
    assert earliest_instant(at, None) <= earliest_instant(at, where)
    assert latest_instant(at, where) <= latest_instant(at, None)


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin", None])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.0000000", "9999-12-31T23:59:59.9999999"])
def test_outlooks_first_and_last_years_convert_without_overflow(name: str | None, text: str) -> None:
    assert earliest_instant(wall_time(text), zone(name)) <= latest_instant(wall_time(text), zone(name))
