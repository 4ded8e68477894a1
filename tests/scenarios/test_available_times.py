"""Times that can be offered, on the running service: hours, buffers, combinations, policy and what is not known."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.scenarios.company import Company, today

Json = dict[str, Any]
DAY = today() + timedelta(days=2)


def asked(*members: Json | str, **more: Any) -> Json:
    named = [{"id": one} if isinstance(one, str) else one for one in members]
    hours = {"start": at(8), "end": at(12), "duration_minutes": 60, "step_minutes": 60}
    return {"members": named, **hours, **more}


def at(hour: int, minute: int = 0) -> str:
    return (DAY + timedelta(hours=hour, minutes=minute)).isoformat()


def find(company: Company, *members: Json | str, **more: Any) -> Json:
    answer = company.backend.call("POST", "/api/available-times", asked(*members, **more))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def times(found: Json) -> dict[int, tuple[str, ...]]:
    """Who is free, by the hour."""
    return {datetime.fromisoformat(slot["start"]).hour: tuple(slot.get("members", ())) for slot in found["slots"]}


def busy(company: Company) -> None:
    """Ann meets from 9 to 10, ben from 10 to 11."""
    for name, hour in (("ann", 9), ("ben", 10)):
        company.meet(name, days=2, hour=hour)
        assert company.becomes_true(name)


def test_members_combine_as_asked(connected: Company) -> None:
    busy(connected)
    assert times(find(connected, "ann", "ben")) == {8: (), 11: ()}
    anyone = {8: ("ann", "ben"), 9: ("ben",), 10: ("ann",), 11: ("ann", "ben")}
    assert times(find(connected, "ann", "ben", combine="anyone")) == anyone
    assert times(find(connected, "ann", "ben", combine="at_least", at_least=2)) == {8: anyone[8], 11: anyone[11]}
    assert {one["freshness"] for one in find(connected, "ann", "ben")["members"]} == {"fresh"}


def test_buffers_hours_and_notice_leave_times_out(connected: Company) -> None:
    busy(connected)
    assert set(times(find(connected, "ann"))) == {8, 10, 11}
    assert set(times(find(connected, "ann", buffer_after_minutes=5))) == {10, 11}
    assert set(times(find(connected, "ann", buffer_before_minutes=5))) == {8, 11}
    day = f"{DAY:%A}".lower()
    working = {"weekly": {day: [{"start": "09:00", "end": "11:00"}]}, "time_zone": "UTC"}
    assert set(times(find(connected, {"id": "ann", "working_hours": working}))) == {10}
    off = working | {"overrides": [{"date": f"{DAY:%Y-%m-%d}", "hours": []}]}
    assert times(find(connected, {"id": "ann", "working_hours": off})) == {}
    assert times(find(connected, "ann", minimum_notice_minutes=7 * 24 * 60)) == {}


def test_hours_lie_in_the_rosters_zone_unless_they_name_one(connected: Company) -> None:
    zoned = {"weekly": {f"{DAY:%A}".lower(): [{"start": "09:00", "end": "24:00"}]}}
    amsterdam = find(connected, {"id": "ann", "working_hours": zoned}, start=at(0))
    utc = find(connected, {"id": "ann", "working_hours": zoned | {"time_zone": "UTC"}}, start=at(0))
    assert min(times(amsterdam)) < min(times(utc)) == 9


@pytest.mark.parametrize(
    ("rule", "done", "offered"), [("block", "blocked", 0), ("allow", "taken_as_free", 4), ("read_live", "blocked", 0)]
)
def test_unknown_time_follows_the_policy(company: Company, rule: str, done: str, offered: int) -> None:
    company.join("ann")
    company.admin.call("PATCH", "/api/outlook/policy", {"unknown_time": rule}).raise_for_status()
    found = find(company, "ann")
    assert (found["members"][0]["unknown"], len(found["slots"])) == (done, offered)
    assert found["members"][0]["freshness"] == "unknown"


def test_calendars_that_are_not_known_are_read_live_together(connected: Company) -> None:
    busy(connected)
    calendars = connected.services().tables.calendars
    for name in ("ann", "ben"):
        calendars.delete(connected.member(name), connected.mailbox(name))
    found = find(connected, "ann", "ben", combine="anyone")
    assert [one["unknown"] for one in found["members"]] == ["read_live", "read_live"]
    assert times(found) == {8: ("ann", "ben"), 9: ("ben",), 10: ("ann",), 11: ("ann", "ben")}


def test_times_further_ahead_than_is_read_are_not_offered_and_nobody_is_asked_for_them(connected: Company) -> None:
    before = len(connected.calendar_requests())
    start = DAY + timedelta(days=80)
    found = find(connected, "ann", start=start.isoformat(), end=(start + timedelta(days=62)).isoformat())
    assert found["members"][0]["freshness"] == "unknown"
    assert max(slot["end"] for slot in found["slots"]) < (today() + timedelta(days=92)).isoformat()
    assert len(connected.calendar_requests()) == before


def test_more_times_than_fit_an_answer_are_asked_for_from_where_it_ends(connected: Company) -> None:
    first = find(connected, "ann", limit=3)
    assert (set(times(first)), first["next"]) == ({8, 9, 10}, at(11).replace("+00:00", "Z"))
    rest = find(connected, "ann", limit=3, start=first["next"])
    assert (set(times(rest)), rest["next"]) == ({11}, None)


WRONG = {
    "nobody": ({"members": []}, "members"),
    "somebody twice": ({"members": [{"id": "ann"}, {"id": "ann"}]}, "members[1].id"),
    "too long": ({"end": (DAY + timedelta(days=63)).isoformat()}, "end"),
    "too short a step": ({"step_minutes": 1}, "step_minutes"),
    "no duration": ({"duration_minutes": 0}, "duration_minutes"),
    "more than there are": ({"combine": "at_least", "at_least": 2}, "at_least"),
    "hours the wrong way round": (
        {"members": [{"id": "ann", "working_hours": {"weekly": {"monday": [{"start": "17:00", "end": "09:00"}]}}}]},
        "members[0].working_hours.weekly.monday[0].end",
    ),
    "a zone that is none": (
        {"members": [{"id": "ann", "working_hours": {"weekly": {}, "time_zone": "Mars/Base"}}]},
        "members[0].working_hours.time_zone",
    ),
}


@pytest.mark.parametrize(("change", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_names_the_field(untouched: Company, change: Json, field: str) -> None:
    answer = untouched.backend.call("POST", "/api/available-times", asked("ann") | change)
    assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text


def test_members_ask_about_themselves_only(untouched: Company) -> None:
    ann = untouched.client("user", "ann")
    assert ann.call("POST", "/api/available-times", asked("ann")).status_code == 200
    assert ann.call("POST", "/api/available-times", asked("ann", "ben")).status_code == 404
    assert untouched.backend.call("POST", "/api/available-times", asked("nobody")).status_code == 404
