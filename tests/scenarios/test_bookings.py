"""P3: meetings booked over the API are in Outlook once, at a time that was free, and busy in the next answer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.scenarios.company import Company, today

Json = dict[str, Any]
DAY = today() + timedelta(days=3)
VERA = {"email": "vera@visitors.example", "name": "Vera Visitor"}


def at(hour: int, minute: int = 0) -> str:
    return (DAY + timedelta(hours=hour, minutes=minute)).isoformat()


def meeting(hour: int = 9, minutes: int = 30, **more: Any) -> Json:
    return {"start": at(hour), "end": at(hour, minutes), "subject": "Introduction", **more}


def send(
    company: Company, method: str, booking: str, body: Any = None, member: str = "ann", if_match: str | None = None
) -> requests.Response:
    headers = {"Authorization": f"Bearer {company.token('service')}"} | ({"If-Match": if_match} if if_match else {})
    url = f"{company.stack.url}/api/members/{member}/bookings/{booking}"
    return requests.request(method, url, json=body, headers=headers, timeout=60)


def book(company: Company, booking: str, body: Json, **more: Any) -> Json:
    answer = send(company, "PUT", booking, body, **more)
    assert answer.status_code in (200, 201), answer.text
    found: Json = answer.json()
    return found


def problem(answer: requests.Response, status: int, code: str) -> Json:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    found: Json = answer.json()
    assert found["type"].endswith(f":{code}")
    return found


def events(company: Company, name: str = "ann") -> list[Json]:
    """What is in somebody's calendar that day."""
    return company.microsoft.events(company.tenant, f"{name}@{company.domain}", DAY, DAY + timedelta(days=1))


def mails(company: Company, kind: str, name: str = "ann") -> list[Json]:
    sent = company.microsoft.outbox(company.tenant, f"{name}@{company.domain}")
    return [mail for mail in sent if mail["kind"] == kind]


def begin(event: Json) -> str:
    return datetime.fromisoformat(event["start"]["dateTime"][:19]).replace(tzinfo=UTC).isoformat()


def test_a_booking_is_one_event_that_says_what_was_asked_for(connected: Company) -> None:
    asked = meeting(
        description="About <b>us</b>.\nSee you!", location="Room 1", attendees=[VERA], sensitivity="private",
        reminder_minutes=None,
    )  # fmt: skip
    answer = send(connected, "PUT", "b-1", asked)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    booked = answer.json()
    assert booked | {"changed_at": ""} == {
        "id": "b-1", "member": "ann", "state": "confirmed", "start": at(9).replace("+00:00", "Z"),
        "end": at(9, 30).replace("+00:00", "Z"), "version": 1, "teams_meeting": False, "join_url": None,
        "hosts": [{"member": "ann", "state": "written"}], "attendees": [{"response": "none"}],
        "changed_at": "", "cancelled_by": None,
    }  # fmt: skip
    (event,) = events(connected)
    assert (event["subject"], event["location"]["displayName"]) == ("Introduction", "Room 1")
    assert (event["sensitivity"], event["isReminderOn"], event["showAs"]) == ("private", False, "busy")
    assert "About &lt;b&gt;us&lt;/b&gt;.<br>See you!" in event["body"]["content"]
    assert [mail["to"] for mail in mails(connected, "invitation")] == [[VERA["email"]]]


def test_repeating_a_booking_changes_nothing(connected: Company) -> None:
    first = book(connected, "b-1", meeting(attendees=[VERA]))
    again = send(connected, "PUT", "b-1", meeting(attendees=[VERA]))
    assert (again.status_code, again.json(), again.headers["ETag"]) == (200, first, '"1"')
    read = send(connected, "GET", "b-1")
    assert (read.status_code, read.json(), read.headers["ETag"]) == (200, first, '"1"')
    assert len(events(connected)) == 1
    assert len(mails(connected, "invitation")) == 1


def test_booked_time_is_busy_in_the_next_answer(connected: Company) -> None:
    connected.microsoft.add_notification_fault("drop", tenant=connected.tenant)
    book(connected, "b-1", meeting(9, 60))
    busy = connected.backend.busy("ann", DAY, DAY + timedelta(days=1))["busy"]
    assert [block["start"] for block in busy] == [at(9).replace("+00:00", "Z")]
    wish = {"members": [{"id": "ann"}], "start": at(8), "end": at(11), "duration_minutes": 60, "step_minutes": 60}
    offered = connected.backend.call("POST", "/api/available-times", wish).json()["slots"]
    assert [slot["start"] for slot in offered] == [at(8).replace("+00:00", "Z"), at(10).replace("+00:00", "Z")]


@pytest.mark.parametrize(
    "overlap", [{"hour": 9}, {"hour": 8, "minutes": 90}, {"hour": 10, "buffer_before_minutes": 45}]
)
def test_a_time_that_another_booking_takes_is_refused_with_that_time(connected: Company, overlap: Json) -> None:
    book(connected, "b-1", meeting(9))
    refused = problem(send(connected, "PUT", "b-2", meeting(**overlap)), 409, "time-taken")
    assert refused["member"] == "ann"
    start, end = (at(9, minute).replace("+00:00", "Z") for minute in (0, 30))
    assert refused["conflict"] == {"start": start, "end": end, "status": "busy"}
    assert send(connected, "GET", "b-2").status_code == 404
    assert len(events(connected)) == 1


def test_a_time_that_outlook_shows_as_taken_is_refused_though_nobody_told(connected: Company) -> None:
    connected.microsoft.add_notification_fault("drop", tenant=connected.tenant)
    connected.meet("ann", days=3, hour=9)
    refused = problem(send(connected, "PUT", "b-1", meeting(9)), 409, "time-taken")
    assert refused["conflict"]["end"] == at(10).replace("+00:00", "Z")
    assert len(events(connected)) == 1


def test_a_moved_booking_leaves_its_old_time(connected: Company) -> None:
    book(connected, "b-1", meeting(9, attendees=[VERA]))
    answer = send(connected, "PUT", "b-1", meeting(14, attendees=[VERA], location="Room 2"))
    assert (answer.status_code, answer.headers["ETag"], answer.json()["version"]) == (200, '"2"', 2)
    (event,) = events(connected)
    assert (begin(event), event["location"]["displayName"]) == (at(14), "Room 2")
    assert len(mails(connected, "update")) == 1
    assert book(connected, "b-2", meeting(9))["state"] == "confirmed"


def test_a_cancelled_booking_leaves_the_calendar_and_its_attendees_get_the_message(connected: Company) -> None:
    book(connected, "b-1", meeting(attendees=[VERA]))
    answer = send(connected, "DELETE", "b-1", {"message": "I am ill, sorry."})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    cancelled = answer.json()
    assert (cancelled["state"], cancelled["cancelled_by"]) == ("cancelled", "platform")
    assert cancelled["hosts"] == [{"member": "ann", "state": "removed"}]
    assert events(connected) == []
    (mail,) = mails(connected, "cancellation")
    assert (mail["to"], mail["comment"]) == ([VERA["email"]], "I am ill, sorry.")
    again = send(connected, "DELETE", "b-1")
    assert (again.status_code, again.json()) == (200, cancelled)
    assert len(mails(connected, "cancellation")) == 1
    assert book(connected, "b-2", meeting())["state"] == "confirmed"
    problem(send(connected, "PUT", "b-1", meeting(14)), 409, "conflict")


def test_only_the_version_that_if_match_names_is_changed(connected: Company) -> None:
    problem(send(connected, "PUT", "b-1", meeting(), if_match="*"), 412, "out-of-date")
    problem(send(connected, "PUT", "b-1", meeting(), if_match='"1"'), 412, "out-of-date")
    assert events(connected) == []
    book(connected, "b-1", meeting())
    assert book(connected, "b-1", meeting(10), if_match='"1"')["version"] == 2
    for stale in ('"1"', 'W/"1"', '"another"', '""', f'"{"9" * 40}"'):
        for method, body in (("PUT", meeting(11)), ("DELETE", None)):
            problem(send(connected, method, "b-1", body, if_match=stale), 412, "out-of-date")
    assert [begin(event) for event in events(connected)] == [at(10)]
    assert book(connected, "b-1", meeting(11), if_match='W/"2"')["version"] == 3
    assert send(connected, "DELETE", "b-1", if_match="*").json()["state"] == "cancelled"


@pytest.mark.parametrize("tag", ["1", '"1', '"1", "2"', 'w/"1"', "**", '"é"', '"' + "x" * 80 + '"'])
def test_an_if_match_that_is_none_is_refused_by_name(untouched: Company, tag: str) -> None:
    for method, body in (("PUT", meeting()), ("DELETE", None)):
        answer = send(untouched, method, "none", body, if_match=tag.encode("latin-1").decode("latin-1"))
        assert problem(answer, 400, "invalid-input")["field"] == "If-Match"


def test_a_booking_with_several_hosts_is_in_all_their_calendars_with_one_invitation(connected: Company) -> None:
    booked = book(connected, "b-1", meeting(attendees=[VERA], hosts=["ben"]))
    assert booked["hosts"] == [{"member": name, "state": "written"} for name in ("ann", "ben")]
    assert [len(events(connected, name)) for name in ("ann", "ben")] == [1, 1]
    assert [len(mails(connected, "invitation", name)) for name in ("ann", "ben")] == [1, 0]
    refused = problem(send(connected, "PUT", "b-1", meeting(attendees=[VERA])), 400, "invalid-input")
    assert refused["field"] == "hosts"
    assert send(connected, "DELETE", "b-1").json()["state"] == "cancelled"
    assert [events(connected, name) for name in ("ann", "ben")] == [[], []]


def test_where_one_host_is_not_free_nobody_is_booked(connected: Company) -> None:
    book(connected, "b-1", meeting(9), member="ben")
    refused = problem(send(connected, "PUT", "b-2", meeting(9, hosts=["ben"])), 409, "time-taken")
    assert refused["member"] == "ben"
    assert events(connected) == []
    assert book(connected, "b-3", meeting(9))["state"] == "confirmed"


def test_a_teams_meeting_comes_with_its_join_link_and_stays_one(connected: Company) -> None:
    booked = book(connected, "b-1", meeting(teams_meeting=True))
    (event,) = events(connected)
    assert booked["join_url"] == event["onlineMeeting"]["joinUrl"]
    assert booked["join_url"].startswith("https://")
    refused = problem(send(connected, "PUT", "b-1", meeting()), 400, "invalid-input")
    assert refused["field"] == "teams_meeting"


def test_where_nothing_can_be_written_the_problem_says_what_to_do(connected: Company) -> None:
    connected.hire("nell", mailbox=None)
    connected.join("nell")
    assert connected.reaches("nell", "no_mailbox")
    connected.admin.call("PUT", "/api/outlook/members/ben/exclusion").raise_for_status()
    for name, reason in (("nell", "no_mailbox"), ("ben", "excluded")):
        refused = problem(send(connected, "PUT", "b-1", meeting(), member=name), 409, "calendar-not-writable")
        assert (refused["member"], refused["reason"]) == (name, reason)
        assert len(refused["detail"].split(". ")) > 2, "what it is, and what to do"
        assert send(connected, "GET", "b-1", member=name).status_code == 404
    user = f"ann@{connected.domain}"
    connected.microsoft.change_mailbox(connected.tenant, user, online_meetings=False)
    refused = problem(send(connected, "PUT", "b-1", meeting(teams_meeting=True)), 409, "calendar-not-writable")
    assert refused["reason"] == "teams_not_allowed"
    assert events(connected) == []


def test_who_and_what_is_not_there_is_404(untouched: Company) -> None:
    problem(send(untouched, "PUT", "b-1", meeting(), member="nobody"), 404, "not-found")
    problem(send(untouched, "PUT", "b-1", meeting(hosts=["nobody"])), 404, "not-found")
    for method in ("GET", "DELETE"):
        problem(send(untouched, method, "never"), 404, "not-found")
        problem(send(untouched, method, "b-1", member="nobody"), 404, "not-found")
    problem(send(untouched, "PUT", "a%2Fb", meeting()), 404, "not-found")
    assert events(untouched) == []


WRONG: dict[str, tuple[Json, str]] = {
    "no start": ({"start": None}, "start"),
    "a start without an offset": ({"start": "2030-01-01T09:00:00"}, "start"),
    "parts of a second": ({"start": at(9).replace("+", ".5+")}, "start"),
    "an end before the start": ({"end": at(8)}, "end"),
    "no time at all": ({"end": at(9)}, "end"),
    "longer than a day": ({"end": at(33, 1)}, "end"),
    "over": ({"start": "2020-01-01T09:00:00Z", "end": "2020-01-01T10:00:00Z"}, "end"),
    "no subject": ({"subject": ""}, "subject"),
    "a subject that is too long": ({"subject": "x" * 256}, "subject"),
    "a subject of two lines": ({"subject": "one\r\nBcc: two"}, "subject"),
    "a zero byte": ({"subject": "a\0b"}, "subject"),
    "a description that is too long": ({"description": "x" * 20_001}, "description"),
    "a description with controls": ({"description": "a\x1bb"}, "description"),
    "a place of two lines": ({"location": "a\nb"}, "location"),
    "a place that is too long": ({"location": "x" * 256}, "location"),
    "an attendee who is text": ({"attendees": ["vera@x.example"]}, "attendees[0]"),
    "an attendee without an address": ({"attendees": [{"name": "Vera"}]}, "attendees[0].email"),
    "an address that is none": ({"attendees": [VERA, {"email": "vera"}]}, "attendees[1].email"),
    "an address of two lines": ({"attendees": [{"email": "a@x.example\nb@x.example"}]}, "attendees[0].email"),
    "a name of two lines": ({"attendees": [VERA | {"name": "a\nb"}]}, "attendees[0].name"),
    "somebody twice": ({"attendees": [VERA, {"email": "VERA@Visitors.example"}]}, "attendees[1].email"),
    "too many": ({"attendees": [{"email": f"v{n}@x.example"} for n in range(501)]}, "attendees"),
    "too many with hosts": (
        {"attendees": [{"email": f"v{n}@x.example"} for n in range(500)], "hosts": ["ben"]}, "attendees",
    ),
    "Teams as text": ({"teams_meeting": "yes"}, "teams_meeting"),
    "a reminder behind the start": ({"reminder_minutes": -1}, "reminder_minutes"),
    "a reminder of half a minute": ({"reminder_minutes": 0.5}, "reminder_minutes"),
    "a sensitivity nobody knows": ({"sensitivity": "secret"}, "sensitivity"),
    "a buffer below nothing": ({"buffer_before_minutes": -5}, "buffer_before_minutes"),
    "a buffer of more than a day": ({"buffer_after_minutes": 1441}, "buffer_after_minutes"),
    "the member as a further host": ({"hosts": ["ann"]}, "hosts[0]"),
    "a host twice": ({"hosts": ["ben", "ben"]}, "hosts[1]"),
    "a host who cannot be": ({"hosts": ["a/b"]}, "hosts[0]"),
    "too many hosts": ({"hosts": [f"m-{n}" for n in range(21)]}, "hosts"),
    "a field nobody knows": ({"colour": "red"}, "colour"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_booking_names_the_field_and_writes_nothing(untouched: Company, change: Json, field: str) -> None:
    answer = send(untouched, "PUT", "wrong", meeting() | change)
    refused = problem(answer, 400, "invalid-input")
    assert (refused["field"], bool(refused["detail"])) == (field, True)
    assert send(untouched, "GET", "wrong").status_code == 404
    assert events(untouched) == []


@pytest.mark.parametrize("message", ["x" * 2_001, "a\0b", 1, None])
def test_a_wrong_message_calls_nothing_off(untouched: Company, message: Any) -> None:
    refused = problem(send(untouched, "DELETE", "none", {"message": message}), 400, "invalid-input")
    assert refused["field"] == "message"


HOSTILE = {
    "markup": "<script>alert(1)</script>",
    "our own mark": '<div id="meeting-description">x</div></div>',
    "a formula": '=HYPERLINK("https://evil.example")',
    "JSON": '{"a": "\\"}',
    "another direction": "abc\u202edef\u2066",
    "beyond the first plane": "🗓️ 𒀀",
    "a query": "' or 1 eq 1 or '",
}


def test_hostile_text_arrives_as_the_text_it_is(connected: Company) -> None:
    for number, text in enumerate(HOSTILE.values()):
        booking, hour = uuid.uuid4().hex, 2 * number
        asked = meeting(hour, location=text, description=text, attendees=[VERA | {"name": text}], subject=text)
        assert book(connected, booking, asked)["state"] == "confirmed"
        found = next(event for event in events(connected) if begin(event) == at(hour))
        assert (found["subject"], found["location"]["displayName"]) == (text, text)
        assert found["attendees"][0]["emailAddress"] == {"address": VERA["email"], "name": text}
        assert "<script" not in found["body"]["content"]
        assert book(connected, booking, asked | {"description": "Another."})["version"] == 2
        changed = next(event for event in events(connected) if begin(event) == at(hour))
        assert "Another." in changed["body"]["content"]
        assert "evil.example" not in changed["body"]["content"]
