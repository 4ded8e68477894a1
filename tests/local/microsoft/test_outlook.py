"""Outlook's pages: what people see of a calendar and do to it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import Event, World

NORA = "nora@contoso.com"
ZONE = "Romance Standard Time"
GUEST = {"emailAddress": {"address": "gina@example.com", "name": "Gina"}, "type": "required"}


def day(ahead: int = 3) -> str:
    return f"{datetime.now(UTC) + timedelta(days=ahead):%Y-%m-%d}"


def times(start: str = "09:00", end: str = "10:00", on: str = "") -> dict[str, Any]:
    moments = {"start": start, "end": end}
    return {name: {"dateTime": f"{on or day()}T{at}:00", "timeZone": ZONE} for name, at in moments.items()}


class Outlook:
    """Nora's page, in the browser of somebody who tries the product."""

    def __init__(self, microsoft: Simulator, remote: Microsoft, session: requests.Session) -> None:
        self.remote, self.session = remote, session
        self.user = remote.add_user(CONTOSO, "Nora", NORA, mailbox={"time_zone": ZONE})["id"]
        self.http_url = microsoft.http_url
        self.address = f"{microsoft.http_url}/outlook/{CONTOSO}/{self.user}"

    def page(self, **query: str) -> str:
        answer = self.session.get(self.address, params=query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def submit(self, name: str, status: int = 200, **fields: str) -> str:
        """Fill in the form of that name on the page and send it; the page it leads to."""
        action = re.search(rf'action="(/[^"]*/{name}\?[^"]*)"', self.page())
        assert action, f"no form {name}"
        answer = self.session.post(self.http_url + html.unescape(action[1]), data=fields)
        assert answer.status_code == status, answer.text
        assert answer.request.method == ("GET" if status == 200 else "POST")
        return answer.text

    def book(self, **fields: Any) -> dict[str, Any]:
        return self.remote.create_event(CONTOSO, NORA, {"subject": "Intro call", **times(), **fields})

    def events(self) -> list[dict[str, Any]]:
        return self.remote.events(CONTOSO, NORA)


@pytest.fixture
def outlook(microsoft: Simulator, remote: Microsoft, session: requests.Session) -> Outlook:
    return Outlook(microsoft, remote, session)


def visible(page: str) -> str:
    """The text of a page without the forms."""
    text = re.sub(r"(?s)<style>.*?</style>|<details>.*?</details>|<[^>]+>", " ", page)
    return " ".join(html.unescape(text).split())


def test_people_with_a_mailbox_are_listed_and_found(microsoft: Simulator, session: requests.Session) -> None:
    page = session.get(f"{microsoft.http_url}/outlook").text
    assert "Adele Vance" in page
    assert 'type="search"' in page
    without = [u for u in microsoft.world.tenants[CONTOSO].users.values() if u.mailbox is None]
    assert without
    assert all(user.user_principal_name not in page for user in without)
    found = session.get(f"{microsoft.http_url}/outlook", params={"search": "VANCE"}).text
    assert re.findall(r'href="/outlook/[^"]*">([^<]*) <', found) == ["Adele Vance"]
    nobody = session.get(f"{microsoft.http_url}/outlook", params={"search": "<i>"}).text
    assert "&lt;i&gt;" in nobody
    assert "<i>" not in nobody


def test_events_are_listed_by_day_with_all_that_matters(outlook: Outlook) -> None:
    meeting = {"attendees": [GUEST], "isOnlineMeeting": True, "showAs": "tentative", "sensitivity": "private"}
    booked = outlook.book(**meeting, location={"displayName": "Room 1"})
    outlook.remote.answer_event(CONTOSO, NORA, booked["id"], "gina@example.com", "accepted")
    said = visible(outlook.page())
    when = datetime.fromisoformat(day())
    assert f"{when:%A} {when.day} {when:%B %Y}" in said
    assert "09:00 to 10:00 Intro call Tentative Private Teams At Room 1 Gina: accepted" in said
    assert "Invitation: Intro call To gina@example.com" in said


def test_text_from_outside_is_escaped(outlook: Outlook) -> None:
    hostile = "\"><script>alert('x')</script>"
    guest = {"emailAddress": {"address": "g@example.com", "name": hostile}}
    outlook.book(subject=hostile, attendees=[guest], location={"displayName": hostile})
    outlook.remote.move_event(CONTOSO, NORA, outlook.events()[0]["id"], hostile)
    assert "<script" not in outlook.page(done=hostile)
    refused = outlook.session.get(f"{outlook.http_url}/outlook/{CONTOSO}/{quote(hostile, safe='')}")
    assert (refused.status_code, "<script" in refused.text) == (404, False)


def test_event_is_added(outlook: Outlook) -> None:
    page = outlook.submit(
        "events",
        subject="Lunch",
        start=f"{day()}T12:00",
        end=f"{day()}T13:00",
        show_as="oof",
        private="yes",
        teams="yes",
        attendees="a@example.com, b@example.com",
    )
    assert "The event is in the calendar." in page
    (event,) = outlook.events()
    assert (event["subject"], event["showAs"], event["sensitivity"]) == ("Lunch", "oof", "private")
    assert event["onlineMeeting"]["joinUrl"]
    assert event["originalStartTimeZone"] == ZONE
    assert len(event["attendees"]) == 2
    assert "12:00 to 13:00 Lunch Away Private Teams a@example.com: no answer; b@example.com: no answer" in visible(
        page
    )


def test_whole_days_are_added_and_moved_as_people_count_them(outlook: Outlook) -> None:
    page = outlook.submit("events", subject="Off", start=f"{day(3)}T09:00", end=f"{day(4)}T10:00", all_day="yes")
    assert "All day until" in visible(page)
    (event,) = outlook.events()
    assert (event["start"]["dateTime"][:10], event["end"]["dateTime"][:10]) == (day(3), day(5))
    page = outlook.submit("time", start=day(6), end=day(6))
    assert "All day Off" in visible(page)
    (event,) = outlook.events()
    assert (event["start"]["dateTime"][:10], event["end"]["dateTime"][:10]) == (day(6), day(7))


def test_event_is_renamed_rescheduled_and_deleted(outlook: Outlook) -> None:
    outlook.book()
    outlook.submit("subject", subject="Mine now")
    page = outlook.submit("time", start=f"{day(4)}T15:00", end=f"{day(4)}T15:45")
    assert "15:00 to 15:45 Mine now" in visible(page)
    assert "The event is deleted." in outlook.submit("delete")
    assert outlook.events() == []


def test_attendee_answers(outlook: Outlook) -> None:
    outlook.book(attendees=[GUEST])
    page = outlook.submit("answer", attendee="gina@example.com", response="declined")
    assert "Gina: declined" in visible(page)
    assert outlook.events()[0]["attendees"][0]["status"]["response"] == "declined"


def test_owner_answers_an_invitation(outlook: Outlook) -> None:
    outlook.book(isOrganizer=False, organizer=GUEST)
    page = outlook.submit("answer", attendee=NORA, response="tentativelyAccepted")
    assert "Invited by Gina Nora: tentative" in visible(page)
    assert outlook.events()[0]["responseStatus"]["response"] == "tentativelyAccepted"


def test_event_moves_to_another_calendar_and_back(outlook: Outlook) -> None:
    before = outlook.book()["id"]
    assert "Calendar: Second" in visible(outlook.submit("calendar", calendar="Second"))
    assert outlook.events()[0]["id"] != before
    assert "Calendar: Second" not in visible(outlook.submit("calendar", calendar="AAMkCalendar"))


def test_only_the_shown_occurrence_of_a_series_is_changed(outlook: Outlook) -> None:
    pattern = {"type": "daily", "interval": 1}
    dates = {"type": "numbered", "numberOfOccurrences": 3, "startDate": day(), "recurrenceTimeZone": ZONE}
    outlook.book(recurrence={"pattern": pattern, "range": dates})
    outlook.submit("subject", subject="Exception")
    outlook.submit("time", start=f"{day()}T11:00", end=f"{day()}T12:00")
    said = visible(outlook.page())
    assert "11:00 to 12:00 Exception Busy Series" in said
    assert said.count("09:00 to 10:00 Intro call") == 2
    outlook.submit("delete")
    assert "Exception" not in visible(outlook.page())
    assert len(outlook.events()) == 2


def test_impossible_changes_are_said_on_the_page_and_change_nothing(outlook: Outlook) -> None:
    booked = outlook.book(attendees=[GUEST])
    assert "Give a start and an end." in outlook.submit("time", 400, start="", end="soon")
    assert "end time" in outlook.submit("time", 400, start=f"{day()}T12:00", end=f"{day()}T11:00")
    assert "no attendee" in outlook.submit("answer", 404, attendee="x@example.com", response="accepted")
    assert "one of" in outlook.submit("answer", 400, attendee="gina@example.com", response="maybe")
    assert outlook.remote.event(CONTOSO, NORA, booked["id"])["changeKey"] == booked["changeKey"]


def test_form_of_an_event_that_is_gone_says_so(outlook: Outlook) -> None:
    action = f"{outlook.address}/events/{outlook.book()['id']}/delete"
    outlook.submit("delete")
    for change in (action, action.replace("delete", "explode")):
        gone = outlook.session.post(change)
        assert (gone.status_code, "Not done." in gone.text) == (404, True)


@pytest.mark.parametrize("loses", ["licence", "account", "cloud"])
def test_calendar_of_nobody_is_not_found(outlook: Outlook, loses: str) -> None:
    if loses == "licence":
        outlook.remote.remove_mailbox(CONTOSO, NORA)
    elif loses == "account":
        outlook.remote.delete_user(CONTOSO, NORA)
    else:
        outlook.remote.change_mailbox(CONTOSO, NORA, hosted="on_premises")
    page = outlook.session.get(outlook.address)
    assert (page.status_code, "There is no such calendar" in page.text) == (404, True)
    assert NORA not in outlook.session.get(f"{outlook.http_url}/outlook?search=nora").text


def test_more_days_are_shown_when_asked_for_and_stay_shown(outlook: Outlook) -> None:
    outlook.book(**times(on=day(40)))
    assert "Intro call" not in visible(outlook.page())
    page = outlook.page(days="60")
    assert "Intro call" in visible(page)
    action = re.search(r'action="([^"]*/subject\?days=60)"', page)
    assert action
    answer = outlook.session.post(outlook.http_url + action[1], data={"subject": "Later"})
    assert "Later" in visible(answer.text)
    assert outlook.page(days="soon") == outlook.page()


def test_what_people_do_is_no_request_of_an_app(outlook: Outlook, world: World) -> None:
    outlook.book()
    outlook.submit("subject", subject="Mine")
    assert not [entry for entry in world.requests if "outlook" in entry["path"]]
    events: dict[str, Event] = world.tenants[CONTOSO].users[outlook.user].mailbox.events  # type: ignore[union-attr]
    assert [event.fields["subject"] for event in events.values()] == ["Mine"]
