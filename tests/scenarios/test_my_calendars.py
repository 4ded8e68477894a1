"""Members select calendars of their connections: over HTTP, on the running service."""

from __future__ import annotations

from datetime import timedelta

from local import truth
from local.client import Client
from local.microsoft.world import PRIMARY_CALENDAR
from tests.scenarios.company import ZONE, Company, Json, times, today, waits
from tests.scenarios.own_account import Account, Person, new_account


class Selecting:
    """A member's calendars of one connection."""

    def __init__(self, client: Client, connection: str) -> None:
        self._client = client
        self._address = f"/api/me/connections/{connection}/calendars"

    def listed(self) -> dict[str, Json]:
        """By name."""
        answer = self._client.call("GET", self._address)
        answer.raise_for_status()
        return {one["name"]: one for one in answer.json()["calendars"]}

    def select(self, *checked: str, bookings: str) -> Json:
        """The answer's status and document."""
        answer = self._client.call("PUT", self._address, {"checked": checked, "bookings": bookings})
        found: Json = {"http": answer.status_code, **answer.json()}
        return found


def is_true(company: Company, account: Account, *calendars: str) -> bool:
    """Whether ann's busy times equal what these calendars of the account say."""
    start, end = today(), today() + timedelta(days=60)
    reach = (start - timedelta(days=2), end + timedelta(days=2))
    events = [e for c in calendars for e in company.microsoft.events_in(account.tenant, account.upn, c, *reach)]
    answer = company.backend.busy("ann", start, end)
    return answer["freshness"] == "fresh" and truth.answered(answer) == truth.taken(events, start, end, ZONE)


def meet_in(company: Company, account: Account, calendar: str, hour: int) -> None:
    fields = {"subject": "SECRET-second", "showAs": "busy", **times(today() + timedelta(days=1, hours=hour), 60)}
    company.microsoft.create_event_in(account.tenant, account.upn, calendar, fields)


def test_calendars_of_both_connections_count_as_selected_and_bookings_go_where_they_are_to(
    connected: Company,
) -> None:
    ann, managed = Person(connected), Account(connected.tenant, f"ann@{connected.domain}")
    second = connected.microsoft.add_calendar(managed.tenant, managed.upn, "Second")
    meet_in(connected, managed, second, 9)
    of_company = Selecting(ann.client, "managed")
    assert [one["is_checked"] for one in of_company.listed().values()] == [True, False]
    assert of_company.select(PRIMARY_CALENDAR, second, bookings=second)["http"] == 200
    assert waits(lambda: is_true(connected, managed, PRIMARY_CALENDAR, second))
    assert booked_into(connected, managed, "b-1", 14) == "Second"

    own = new_account(connected, "consumer")
    ann.connected(own)
    club = connected.microsoft.add_calendar(own.tenant, own.upn, "Club")
    meet_in(connected, own, club, 16)
    assert Selecting(ann.client, "personal").select(club, bookings=club)["http"] == 200
    assert waits(lambda: busy_hours(connected) == {9, 14, 16})
    answer = ann.client.call("PUT", "/api/me/booking-connection", {"connection": "personal"})
    assert [one["receives_bookings"] for one in answer.json()["connections"]] == [False, True]
    assert booked_into(connected, own, "b-2", 18) == "Club"
    assert ann.disconnect().status_code == 200
    assert ann.managed()["receives_bookings"]
    assert waits(lambda: busy_hours(connected) == {9, 14, 18})  # a booking takes its time wherever it is
    rows = repr(connected.rows("Calendars", f"{connected.org}|ann")) + repr(connected.rows("Audit", connected.org))
    assert not any(name in rows for name in ("Second", "Club"))


def busy_hours(company: Company) -> set[int]:
    """Hours of tomorrow at which something begins."""
    answer = company.busy("ann", days=3)
    assert all(block["status"] != "free" for block in answer["busy"])
    tomorrow = f"{today() + timedelta(days=1):%F}T"
    return {int(block["start"][11:13]) for block in answer["busy"] if block["start"].startswith(tomorrow)}


def booked_into(company: Company, account: Account, booking: str, hour: int) -> str:
    """Book ann; the name of the calendar it is in."""
    start = today() + timedelta(days=1, hours=hour)
    body = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat(), "subject": "Intro"}
    body |= {"attendees": [{"email": "visitor@elsewhere.example", "name": "Vera"}]}
    answer = company.backend.call("PUT", f"/api/members/ann/bookings/{booking}", body)
    assert answer.status_code == 201, answer.text
    found = [
        one["name"]
        for one in company.microsoft.calendars(account.tenant, account.upn)
        for event in company.microsoft.events_in(account.tenant, account.upn, one["id"])
        if event["subject"] == "Intro" and event["start"]["dateTime"].startswith(f"{start:%FT%H}")
    ]
    assert len(found) == 1
    return str(found[0])


def test_what_cannot_be_selected_is_refused_by_the_field_and_changes_nothing(connected: Company) -> None:
    ann, managed = Person(connected), Account(connected.tenant, f"ann@{connected.domain}")
    locked = connected.microsoft.add_calendar(managed.tenant, managed.upn, "Holidays", read_only=True)
    shared = connected.microsoft.share_calendar(
        connected.tenant, f"ben@{connected.domain}", PRIMARY_CALENDAR, managed.upn
    )
    selecting = Selecting(ann.client, "managed")
    before = selecting.listed()
    assert before["Holidays"]["is_read_only"]
    assert next(one for one in before.values() if one["id"] == shared)["is_shared"]
    refused = {
        "checked": (["AAMkNobodys"], PRIMARY_CALENDAR),
        "bookings": ([PRIMARY_CALENDAR, locked], locked),
    }
    for field, (checked, bookings) in refused.items():
        problem = selecting.select(*checked, PRIMARY_CALENDAR, bookings=bookings)
        assert (problem["http"], problem["field"]) == (400, field)
    problem = selecting.select(PRIMARY_CALENDAR, shared, bookings=PRIMARY_CALENDAR)
    assert problem["http"] == 409
    assert "does not let us read" in problem["detail"]
    assert selecting.listed() == before
    assert ann.client.call("GET", "/api/me/connections/personal/calendars").status_code == 404
