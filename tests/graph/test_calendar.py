"""Which time an event takes: read from Outlook's shape, never shorter than the event in any reading."""
# ruff: noqa: DTZ001 - wall times have no zone

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from shared.errors import Gone, MailboxUnreadable, MicrosoftError, TryLater
from shared.graph.calendar import AllDayBlock, Seen, calendar_view, in_turn, parse_event, place_all_day, take_page
from shared.graph.timezones import zone
from shared.model import BusyBlock, BusyStatus, CalendarKey, ConnectionStatus, MailboxKey, Window
from tests.properties import given

B = BusyStatus
BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(text: str, where: str | None = "UTC") -> dict[str, Any]:
    return {"dateTime": text, "timeZone": where}


def event(**changed: Any) -> dict[str, Any]:
    """A one-hour meeting as calendarView sends it."""
    return {
        "@odata.etag": 'W/"x"',
        "id": "AAMk",
        "start": at("2026-12-09T20:30:00.0000000"),
        "end": at("2026-12-09T21:30:00.0000000"),
        "showAs": "busy",
        "isAllDay": False,
        "isCancelled": False,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "originalStartTimeZone": "W. Europe Standard Time",
        **changed,
    }


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in event().items() if key not in names}


HOUR = utc("2026-12-09T20:30"), utc("2026-12-09T21:30")

TAKES_TIME = {
    "busy": (event(), B.BUSY),
    "tentative": (event(showAs="tentative"), B.TENTATIVE),
    "out of office": (event(showAs="oof"), B.OOF),
    "working elsewhere": (event(showAs="workingElsewhere"), B.WORKING_ELSEWHERE),
    "unknown": (event(showAs="unknown"), B.UNKNOWN),
    "a status of next year": (event(showAs="focusing"), B.UNKNOWN),
    "free in another case": (event(showAs="Free"), B.UNKNOWN),
    "a status that is empty": (event(showAs=""), B.UNKNOWN),
    "a status that is null": (event(showAs=None), B.UNKNOWN),
    "no status, as in a delta stub": (without("showAs"), B.UNKNOWN),
    "nothing but times": ({"start": event()["start"], "end": event()["end"]}, B.UNKNOWN),
    "accepted": (event(responseStatus={"response": "accepted"}), B.BUSY),
    "tentatively accepted": (event(responseStatus={"response": "tentativelyAccepted"}), B.BUSY),
    "not answered": (event(responseStatus={"response": "notResponded"}), B.BUSY),
    "no response status": (event(responseStatus=None), B.BUSY),
    "a response that is null": (event(responseStatus={"response": None}), B.BUSY),
    "all-day is null": (event(isAllDay=None), B.BUSY),
    "cancelled is null": (event(isCancelled=None), B.BUSY),
    "cancelled is a text that says no": (event(isCancelled="false"), B.BUSY),
    "no zone where it was made": (without("originalStartTimeZone"), B.BUSY),
}


@pytest.mark.parametrize(("sent", "status"), TAKES_TIME.values(), ids=TAKES_TIME.keys())
def test_takes_time(sent: dict[str, Any], status: BusyStatus) -> None:
    assert parse_event(sent) == BusyBlock(*HOUR, status)


TAKES_NONE = {
    "free": event(showAs="free"),
    "cancelled": event(isCancelled=True),
    "declined": event(responseStatus={"response": "declined", "time": "2026-11-01T00:00:00Z"}),
    "free all day": event(showAs="free", isAllDay=True),
    "cancelled and out of office": event(showAs="oof", isCancelled=True),
}


@pytest.mark.parametrize("sent", TAKES_NONE.values(), ids=TAKES_NONE.keys())
def test_takes_no_time(sent: dict[str, Any]) -> None:
    assert parse_event(sent) is None


TIMES = {
    # start, end, expected first instant, expected last instant
    "in a named zone": (
        at("2026-12-09T09:00:00", "W. Europe Standard Time"),
        at("2026-12-09T10:00:00", "W. Europe Standard Time"),
        "2026-12-09T08:00",
        "2026-12-09T09:00",
    ),
    "in two zones": (
        at("2026-12-09T09:00:00", "Europe/Berlin"),
        at("2026-12-09T10:00:00", "America/New_York"),
        "2026-12-09T08:00",
        "2026-12-09T15:00",
    ),
    "through the gap": (
        at("2026-03-29T01:30:00", "Europe/Berlin"),
        at("2026-03-29T03:30:00", "Europe/Berlin"),
        "2026-03-29T00:30",
        "2026-03-29T01:30",
    ),
    "inside the gap": (
        at("2026-03-29T02:15:00", "Europe/Berlin"),
        at("2026-03-29T02:45:00", "Europe/Berlin"),
        "2026-03-29T00:15",
        "2026-03-29T01:45",
    ),
    "through the repeat": (
        at("2026-10-25T01:30:00", "Europe/Berlin"),
        at("2026-10-25T03:30:00", "Europe/Berlin"),
        "2026-10-24T23:30",
        "2026-10-25T02:30",
    ),
    "inside the repeat": (
        at("2026-10-25T02:15:00", "Europe/Berlin"),
        at("2026-10-25T02:45:00", "Europe/Berlin"),
        "2026-10-25T00:15",
        "2026-10-25T01:45",
    ),
    "no zone": (
        at("2026-12-09T09:00:00", None),
        at("2026-12-09T10:00:00", None),
        "2026-12-08T19:00",
        "2026-12-09T22:00",
    ),
    "zone field absent": (
        {"dateTime": "2026-12-09T09:00:00"},
        {"dateTime": "2026-12-09T10:00:00"},
        "2026-12-08T19:00",
        "2026-12-09T22:00",
    ),
    "custom zone": (
        at("2026-12-09T09:00:00", "tzone://Microsoft/Custom"),
        at("2026-12-09T10:00:00", "Customized Time Zone"),
        "2026-12-08T19:00",
        "2026-12-09T22:00",
    ),
    "zero length": (at("2026-12-09T09:00:00"), at("2026-12-09T09:00:00"), "2026-12-09T09:00", "2026-12-09T09:00"),
    "since the first year": (
        at("0001-01-01T00:00:00.0000000"),
        at("2026-12-09T10:00:00"),
        "1900-01-01T00:00",
        "2026-12-09T10:00",
    ),
    "until the last year": (
        at("2026-12-09T09:00:00"),
        at("9999-12-31T23:59:59.9999999"),
        "2026-12-09T09:00",
        "2200-01-01T00:00",
    ),
}


@pytest.mark.parametrize(("start", "end", "first", "last"), TIMES.values(), ids=TIMES.keys())
def test_the_time_an_event_takes(start: dict[str, Any], end: dict[str, Any], first: str, last: str) -> None:
    assert parse_event(event(start=start, end=end)) == BusyBlock(utc(first), utc(last), B.BUSY)


def day(first: str, end: str, made_in: str | None = "W. Europe Standard Time", status: str = "oof") -> dict[str, Any]:
    return event(
        isAllDay=True,
        showAs=status,
        start=at(f"{first}T00:00:00.0000000"),
        end=at(f"{end}T00:00:00.0000000"),
        originalStartTimeZone=made_in,
    )


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(
            day("2026-12-09", "2026-12-10"),
            AllDayBlock(date(2026, 12, 9), date(2026, 12, 10), B.OOF, BERLIN),
            id="one day",
        ),
        pytest.param(
            day("2026-12-30", "2027-01-03", None),
            AllDayBlock(date(2026, 12, 30), date(2027, 1, 3), B.OOF, None),
            id="over new year, made nobody knows where",
        ),
        pytest.param(
            day("2026-12-09", "2026-12-10", "tzone://Microsoft/Custom", "busy"),
            AllDayBlock(date(2026, 12, 9), date(2026, 12, 10), B.BUSY, None),
            id="made in a custom zone",
        ),
    ],
)
def test_an_all_day_event_is_dates(sent: dict[str, Any], expected: AllDayBlock) -> None:
    assert parse_event(sent) == expected


PLACED = {
    # owner's zone, zone it was made in, first day, day after the last, expected start, expected end
    "Berlin in winter": ("Europe/Berlin", None, "2026-12-09", "2026-12-10", "2026-12-08T23:00", "2026-12-09T23:00"),
    "Berlin in summer": ("Europe/Berlin", None, "2026-07-09", "2026-07-10", "2026-07-08T22:00", "2026-07-09T22:00"),
    "Berlin, 23 hours": ("Europe/Berlin", None, "2026-03-29", "2026-03-30", "2026-03-28T23:00", "2026-03-29T22:00"),
    "Berlin, 25 hours": ("Europe/Berlin", None, "2026-10-25", "2026-10-26", "2026-10-24T22:00", "2026-10-25T23:00"),
    "Berlin, two weeks over a change": (
        "Europe/Berlin",
        None,
        "2026-10-19",
        "2026-11-02",
        "2026-10-18T22:00",
        "2026-11-01T23:00",
    ),
    "Kiritimati": ("Pacific/Kiritimati", None, "2026-12-09", "2026-12-10", "2026-12-08T10:00", "2026-12-09T10:00"),
    "Baker Island": ("Etc/GMT+12", None, "2026-12-09", "2026-12-10", "2026-12-09T12:00", "2026-12-10T12:00"),
    "Kolkata": ("Asia/Kolkata", None, "2026-12-09", "2026-12-10", "2026-12-08T18:30", "2026-12-09T18:30"),
    "Kathmandu": ("Asia/Kathmandu", None, "2026-12-09", "2026-12-10", "2026-12-08T18:15", "2026-12-09T18:15"),
    "Chatham": ("Pacific/Chatham", None, "2026-12-09", "2026-12-10", "2026-12-08T10:15", "2026-12-09T10:15"),
    "Auckland, southern summer": (
        "Pacific/Auckland",
        None,
        "2026-12-09",
        "2026-12-10",
        "2026-12-08T11:00",
        "2026-12-09T11:00",
    ),
    "the owner's zone wins": (
        "Europe/Berlin",
        "Asia/Tokyo",
        "2026-12-09",
        "2026-12-10",
        "2026-12-08T23:00",
        "2026-12-09T23:00",
    ),
    "else where it was made": (
        None,
        "Tokyo Standard Time",
        "2026-12-09",
        "2026-12-10",
        "2026-12-08T15:00",
        "2026-12-09T15:00",
    ),
    "else anywhere on earth": (None, None, "2026-12-09", "2026-12-10", "2026-12-08T10:00", "2026-12-10T12:00"),
    "the day before a missing midnight": (
        "Asia/Beirut",
        None,
        "2026-03-28",
        "2026-03-29",
        "2026-03-27T22:00",
        "2026-03-28T22:00",
    ),
    "two midnights, the day before": (
        "America/Havana",
        None,
        "2026-10-31",
        "2026-11-01",
        "2026-10-31T04:00",
        "2026-11-01T05:00",
    ),
}


@pytest.mark.parametrize(("owner", "made_in", "first", "end", "start", "until"), PLACED.values(), ids=PLACED.keys())
def test_an_all_day_event_in_the_owners_days(
    owner: str | None, made_in: str | None, first: str, end: str, start: str, until: str
) -> None:
    block = AllDayBlock(date.fromisoformat(first), date.fromisoformat(end), B.OOF, zone(made_in))
    assert place_all_day(block, zone(owner)) == BusyBlock(utc(start), utc(until), B.OOF)


@pytest.mark.parametrize(
    ("name", "missing"),
    [("Asia/Beirut", "2026-03-29"), ("Africa/Cairo", "2026-04-24"), ("America/Sao_Paulo", "2018-11-04")],
)
def test_a_day_without_midnight_is_covered_from_its_first_instant(name: str, missing: str) -> None:
    first = date.fromisoformat(missing)
    where = ZoneInfo(name)
    placed = place_all_day(AllDayBlock(first, first + timedelta(days=1), B.OOF, None), where)
    one_o_clock = datetime.combine(first, datetime.min.time().replace(hour=1), where)
    assert placed.start <= one_o_clock.astimezone(UTC)
    assert placed.end == datetime.combine(first + timedelta(days=1), datetime.min.time(), where).astimezone(UTC)


MALFORMED = {
    "null": None,
    "a text": "event",
    "an empty object": {},
    "no start": without("start"),
    "no end": without("end"),
    "a start that is null": event(start=None),
    "a start that is a text": event(start="2026-12-09T20:30:00"),
    "a start without time": event(start={"timeZone": "UTC"}),
    "an end that is null": event(end={"dateTime": None, "timeZone": "UTC"}),
    "an end that is a number": event(end={"dateTime": 1796848200, "timeZone": "UTC"}),
    "an end that is no time": event(end=at("tomorrow")),
    "a zone that is a number": event(start=at("2026-12-09T20:30:00", 1)),  # type: ignore[arg-type]
    "a zone that is a list": event(start=at("2026-12-09T20:30:00", [])),  # type: ignore[arg-type]
    "a status that is a list": event(showAs=["free"]),
    "a status that is an object": event(showAs={"a": "free"}),
    "a response status that is a text": event(responseStatus="declined"),
    "an end before the start": event(end=at("2026-12-09T20:29:59")),
    "an end a year before the start": event(end=at("2025-12-09T20:30:00")),
    "an all-day event of no day": day("2026-12-09", "2026-12-09"),
    "an all-day event that ends before it starts": day("2026-12-09", "2026-12-08"),
    "an all-day event without times": {**without("start", "end"), "isAllDay": True},
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_event_spoils_the_read_rather_than_vanish(sent: Any) -> None:
    found: list[Seen] = []
    with pytest.raises(TryLater):
        take_page({"value": [event(), sent]}, found)


def test_an_all_day_event_that_does_not_end_at_midnight_takes_its_last_day_too() -> None:
    sent = day("2026-12-09", "2026-12-10") | {"end": at("2026-12-09T23:59:59.0000000")}
    block = parse_event(sent)
    assert isinstance(block, AllDayBlock)
    placed = place_all_day(block, ZoneInfo("UTC"))
    assert placed.start <= utc("2026-12-09T00:00") < utc("2026-12-09T23:59:59") <= placed.end


PAGES = {
    "no value": {},
    "a value that is null": {"value": None},
    "a value that is a text": {"value": "x"},
    "a value that is an empty text": {"value": ""},
    "a value that is an object": {"value": {"id": "x"}},
    "a value that is an empty object": {"value": {}},
    "an error with status 200": {"error": {"code": "x"}},
    "a link that is no text": {"value": [], "@odata.nextLink": 7},
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_malformed_page_does_not_pass_for_an_empty_calendar(page: dict[str, Any]) -> None:
    with pytest.raises(TryLater):
        take_page(page, [])


def test_a_page_adds_its_events_with_their_versions_and_names_the_next() -> None:
    found: list[Seen] = []
    named = event(id="AAk=", **{"@odata.etag": 'W/"1"'})
    link = take_page({"value": [named, event(showAs="free")], "@odata.nextLink": "https://g/next"}, found)
    assert (link, found) == (
        "https://g/next", [Seen("AAk=", 'W/"1"', BusyBlock(*HOUR, B.BUSY)), Seen("AAMk", 'W/"x"', None)]
    )  # fmt: skip
    assert take_page({"value": [event()]}, found) is None
    assert len(found) == 3


@pytest.mark.parametrize("problem", [Gone("x"), MailboxUnreadable(ConnectionStatus.NO_MAILBOX, "x"), TryLater("x")])
def test_a_failed_page_is_its_failure(problem: MicrosoftError) -> None:
    with pytest.raises(type(problem)) as raised:
        take_page(problem, [])
    assert raised.value is problem


def test_the_view_asks_for_times_and_status_only() -> None:
    window = Window(utc("2026-11-30T00:00"), datetime(2027, 3, 1, 1, tzinfo=BERLIN))
    url = urlsplit(calendar_view("aaaa0000-0000-4000-8000-000000000001", window))
    query = parse_qs(url.query)
    assert url.path == "/users/aaaa0000-0000-4000-8000-000000000001/calendarView"
    assert query["startDateTime"] == ["2026-11-30T00:00:00Z"]
    assert query["endDateTime"] == ["2027-03-01T00:00:00Z"]
    assert query["$top"] == ["1000"]
    private = {"subject", "body", "bodyPreview", "attendees", "location", "locations", "organizer", "categories"}
    assert not private & set(query["$select"][0].split(","))


# Properties: a block never is shorter than the event, in any reading of its zone.

NAMES = [*sorted(win_tz), *sorted(available_timezones()), "tzone://Microsoft/Custom", "", None]
CONCRETE = [ZoneInfo(name) for name in sorted(available_timezones())]
names = st.sampled_from(NAMES)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(), timedelta(days=4))


@given(instants, lengths, names, names, st.sampled_from(CONCRETE), st.sampled_from(CONCRETE))
def test_a_block_covers_the_event_wherever_its_zone_really_is(
    start: datetime, length: timedelta, start_name: str | None, end_name: str | None, guess: ZoneInfo, other: ZoneInfo
) -> None:
    end = start + length
    start_zone, end_zone = zone(start_name) or guess, zone(end_name) or other
    sent = event(
        start=at(f"{start.astimezone(start_zone):%Y-%m-%dT%H:%M:%S.%f}0", start_name),
        end=at(f"{end.astimezone(end_zone):%Y-%m-%dT%H:%M:%S.%f}0", end_name),
    )
    block = parse_event(sent)
    assert isinstance(block, BusyBlock)
    assert block.start <= start
    assert end <= block.end


@given(
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.integers(1, 20),
    names,
    names,
    st.sampled_from(CONCRETE),
    st.integers(0, 86_399),
)
def test_an_all_day_block_covers_every_instant_of_its_days(
    first: date, days: int, owner: str | None, made_in: str | None, guess: ZoneInfo, second: int
) -> None:
    block = AllDayBlock(first, first + timedelta(days=days), B.OOF, zone(made_in))
    placed = place_all_day(block, zone(owner))
    where = zone(owner) or zone(made_in) or guess
    for inside in (first, first + timedelta(days=days - 1)):
        wall = datetime.combine(inside, datetime.min.time()) + timedelta(seconds=second)
        for fold in (0, 1):
            assert placed.start <= wall.replace(tzinfo=where, fold=fold).astimezone(UTC) < placed.end


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("2026-12-09T20:30:00"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["dateTime", "timeZone"]), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(list(event())), anything))
def test_whatever_an_event_looks_like_the_page_is_read_or_spoilt(changed: dict[str, Any]) -> None:
    try:
        take_page({"value": [event(**changed)]}, [])
    except TryLater:
        return


def test_of_one_mailbox_a_few_calendars_are_asked_at_once_and_of_others_all() -> None:
    full, other = MailboxKey("t", "1"), MailboxKey("t", "2")
    urls = {CalendarKey(full, str(number)): "" for number in range(7)} | {CalendarKey(other): ""}
    rounds = []
    while urls:
        turn, urls = in_turn(urls)
        rounds.append([key.calendar for key in turn])
    assert rounds == [["0", "1", "2", ""], ["3", "4", "5"], ["6"]]
