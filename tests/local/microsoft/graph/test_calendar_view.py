from __future__ import annotations

import pytest

from local.microsoft.graph import events
from local.microsoft.world import Mailbox
from tests.local.microsoft.graph.conftest import ADELE, UNLICENSED, Graph, weekly

MARCH = {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-04-01T00:00:00Z"}
VIEW = f"/users/{ADELE}/calendarView"


def starts(items: list[dict[str, dict[str, str]]]) -> list[str]:
    return [item["start"]["dateTime"][:16] for item in items]


def test_pages_of_ten_by_default_until_the_last_link(graph: Graph) -> None:
    for day in range(1, 26):
        graph.add_event(start=f"2026-03-{day:02}T09:00:00", end=f"2026-03-{day:02}T10:00:00")
    first = graph.get(VIEW, params=MARCH).json()
    assert len(first["value"]) == 10
    assert starts(graph.pages(VIEW, params=MARCH)) == [f"2026-03-{day:02}T09:00" for day in range(1, 26)]


def test_selected_fields_come_alone_with_id_and_etag(graph: Graph) -> None:
    graph.add_event(showAs="oof")
    item = graph.get(VIEW, params={**MARCH, "$select": "start,showAs"}).json()["value"][0]
    assert set(item) == {"@odata.etag", "id", "start", "showAs"}
    assert item["showAs"] == "oof"


def test_private_text_comes_when_nothing_is_selected(graph: Graph) -> None:
    graph.add_event(subject="Layoffs", sensitivity="private", body={"contentType": "text", "content": "Hush"})
    item = graph.get(VIEW, params=MARCH).json()["value"][0]
    assert item["subject"] == "Layoffs"
    assert "Hush" in item["body"]["content"]
    assert item["type"] == "singleInstance"


@pytest.mark.parametrize("field", ["createdDateTime", "lastModifiedDateTime"])
def test_times_of_creation_cannot_be_selected(graph: Graph, field: str) -> None:
    assert graph.get(VIEW, params={**MARCH, "$select": field}).status_code == 400


@pytest.mark.parametrize("missing", ["startDateTime", "endDateTime"])
def test_both_ends_of_the_window_are_required(graph: Graph, missing: str) -> None:
    response = graph.get(VIEW, params={name: value for name, value in MARCH.items() if name != missing})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "ErrorInvalidParameter")


@pytest.mark.parametrize("top", ["0", "1001", "many"])
def test_top_outside_its_range_is_refused(graph: Graph, top: str) -> None:
    assert graph.get(VIEW, params={**MARCH, "$top": top}).status_code == 400


def test_filters_are_refused_rather_than_ignored(graph: Graph) -> None:
    assert graph.get(VIEW, params={**MARCH, "$filter": "showAs eq 'busy'"}).status_code == 400


def test_window_offsets_count_and_no_offset_is_utc(graph: Graph) -> None:
    graph.world.switches.touching_events = False
    graph.add_event()
    east = {"startDateTime": "2026-03-10T12:00:00+03:00", "endDateTime": "2026-03-10T13:00:00+03:00"}
    assert len(graph.get(VIEW, params=east).json()["value"]) == 1
    bare = {"startDateTime": "2026-03-10T10:00:00", "endDateTime": "2026-03-10T11:00:00"}
    assert graph.get(VIEW, params=bare).json()["value"] == []


def test_touching_events_come_only_when_switched_on(graph: Graph) -> None:
    graph.add_event()
    after = {"startDateTime": "2026-03-10T10:00:00Z", "endDateTime": "2026-03-10T11:00:00Z"}
    assert len(graph.get(VIEW, params=after).json()["value"]) == 1
    graph.world.switches.touching_events = False
    assert graph.get(VIEW, params=after).json()["value"] == []


@pytest.mark.parametrize("zone", ["Pacific Standard Time", "America/Los_Angeles"])
def test_preferred_zone_in_windows_and_iana_names(graph: Graph, zone: str) -> None:
    graph.add_event()
    headers = {"Prefer": f'IdType="ImmutableId", outlook.timezone="{zone}"'}
    item = graph.get(VIEW, params=MARCH, headers=headers).json()["value"][0]
    assert item["start"] == {"dateTime": "2026-03-10T02:00:00.0000000", "timeZone": zone}
    assert item["originalStartTimeZone"] == "UTC"


def test_unknown_preferred_zone_is_refused(graph: Graph) -> None:
    response = graph.get(VIEW, params=MARCH, headers={"Prefer": 'outlook.timezone="Middle/Earth"'})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "TimeZoneNotSupportedException")


def test_all_day_is_the_same_date_in_every_zone(graph: Graph) -> None:
    graph.tenant.users[ADELE].mailbox = Mailbox(time_zone="Pacific/Auckland")
    graph.add_event(start="2026-03-10T00:00:00", end="2026-03-12T00:00:00", isAllDay=True, zone="Pacific/Auckland")
    for zone in ("UTC", "Hawaiian Standard Time"):
        item = graph.get(VIEW, params=MARCH, headers={"Prefer": f'outlook.timezone="{zone}"'}).json()["value"][0]
        assert item["start"] == {"dateTime": "2026-03-10T00:00:00.0000000", "timeZone": zone}
        assert item["end"] == {"dateTime": "2026-03-12T00:00:00.0000000", "timeZone": zone}


def test_all_day_series_gives_dates(graph: Graph) -> None:
    recurrence = weekly("2026-03-03", ["tuesday"])
    graph.add_event(start="2026-03-03T00:00:00", end="2026-03-04T00:00:00", isAllDay=True, recurrence=recurrence)
    items = graph.get(VIEW, params=MARCH).json()["value"]
    assert starts(items) == [f"2026-03-{day:02}T00:00" for day in (3, 10, 17, 24, 31)]
    assert items[0]["end"]["dateTime"] == "2026-03-04T00:00:00.0000000"


def test_series_keeps_wall_time_over_dst_with_an_id_per_occurrence(graph: Graph) -> None:
    recurrence = weekly("2025-01-06", ["monday"], recurrenceTimeZone="W. Europe Standard Time")
    graph.add_event(
        start="2025-01-06T09:00:00",
        end="2025-01-06T09:30:00",
        zone="W. Europe Standard Time",
        recurrence=recurrence,
    )
    items = graph.get(VIEW, params=MARCH).json()["value"]
    assert starts(items) == [f"2026-03-{day:02}T{hour}" for day, hour in (
        (2, "08:00"), (9, "08:00"), (16, "08:00"), (23, "08:00"), (30, "07:00"),
    )]  # fmt: skip
    assert len({item["id"] for item in items}) == 5
    assert {item["type"] for item in items} == {"occurrence"}
    assert len({item["seriesMasterId"] for item in items}) == 1


def test_exceptions_move_in_and_out_of_the_window_and_cancelled_ones_vanish(graph: Graph) -> None:
    series = graph.add_event(
        start="2026-02-23T09:00:00", end="2026-02-23T10:00:00", recurrence=weekly("2026-02-23", ["monday"])
    )
    move = lambda day: {  # noqa: E731
        "start": {"dateTime": f"{day}T15:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T16:00:00", "timeZone": "UTC"},
    }
    graph.change(events.change_occurrence, series.id, "2026-02-23", move("2026-03-01"))
    graph.change(events.change_occurrence, series.id, "2026-03-30", {**move("2026-04-02"), "showAs": "free"})
    graph.change(events.cancel_occurrence, series.id, "2026-03-09")
    items = graph.get(VIEW, params=MARCH).json()["value"]
    assert starts(items) == ["2026-03-01T15:00", "2026-03-02T09:00", "2026-03-16T09:00", "2026-03-23T09:00"]
    assert items[0]["type"] == "exception"
    assert items[0]["originalStart"] == "2026-02-23T09:00:00Z"


def test_order_by_start_descending(graph: Graph) -> None:
    for day in (10, 12, 11):
        graph.add_event(start=f"2026-03-{day}T09:00:00", end=f"2026-03-{day}T10:00:00")
    items = graph.get(VIEW, params={**MARCH, "$orderby": "start/dateTime desc"}).json()["value"]
    assert starts(items) == ["2026-03-12T09:00", "2026-03-11T09:00", "2026-03-10T09:00"]


def test_secondary_calendars_are_apart(graph: Graph) -> None:
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    mailbox.calendars["AAMkSide"] = "Side project"
    moved = graph.add_event()
    before = moved.id
    graph.change(events.move_event, moved.id, "AAMkSide")
    assert graph.get(VIEW, params=MARCH).json()["value"] == []
    side = graph.get(f"/users/{ADELE}/calendars/AAMkSide/calendarView", params=MARCH).json()["value"]
    assert side[0]["id"] != before
    missing = graph.get(f"/users/{ADELE}/calendars/nope/calendarView", params=MARCH)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ErrorItemNotFound")


def test_immutable_id_survives_a_move(graph: Graph) -> None:
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    mailbox.calendars["AAMkSide"] = "Side project"
    event = graph.add_event()
    headers = {"Prefer": 'IdType="ImmutableId"'}
    seen = graph.get(VIEW, params=MARCH, headers=headers).json()["value"][0]["id"]
    graph.change(events.move_event, event.id, "AAMkSide")
    assert graph.get(f"/users/{ADELE}/events/{seen}", headers=headers).json()["id"] == seen


@pytest.mark.parametrize(
    ("user", "status", "code"),
    [("nobody@contoso.com", 404, "ErrorInvalidUser"), (UNLICENSED, 404, "MailboxNotEnabledForRESTAPI")],
)
def test_missing_people_and_mailboxes(graph: Graph, user: str, status: int, code: str) -> None:
    response = graph.get(f"/users/{user}/calendarView", params=MARCH)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


def test_mailbox_on_premises_is_not_enabled(graph: Graph) -> None:
    graph.tenant.users[ADELE].mailbox = Mailbox(hosted="on_premises")
    assert graph.get(VIEW, params=MARCH).json()["error"]["code"] == "MailboxNotEnabledForRESTAPI"


def test_user_principal_name_works_in_place_of_the_id(graph: Graph) -> None:
    graph.add_event()
    assert len(graph.get("/users/Adele@contoso.com/calendarView", params=MARCH).json()["value"]) == 1
