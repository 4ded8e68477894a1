"""Graph for a signed-in user: the own mailbox, nobody else's, and what colleagues share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from local.microsoft.remote import Microsoft
from local.microsoft.world import PRIMARY_CALENDAR

from .conftest import ADELE, BRUNO, FULL, SHARED, TENANT, Graph, Me, code, event

WINDOW = "startDateTime=2026-03-01&endDateTime=2026-04-01"


@pytest.mark.parametrize(
    "path",
    ["", "/calendars", "/calendar", f"/calendarView?{WINDOW}", "/events", f"/calendarView/delta?{WINDOW}"],
)
@pytest.mark.parametrize("owner", ["/me", f"/users/{ADELE}", "/users/adele@contoso.com"])
def test_the_own_things_are_there_under_every_name(as_user: Callable[..., Me], owner: str, path: str) -> None:
    assert as_user().get(owner + path).status_code == 200


@pytest.mark.parametrize("scopes", [FULL, SHARED])
@pytest.mark.parametrize("path", ["", "/calendars", "/calendar", f"/calendarView?{WINDOW}", "/events"])
def test_nobody_elses_are(as_user: Callable[..., Me], path: str, scopes: tuple[str, ...]) -> None:
    answer = as_user(scopes=scopes).get(f"/users/{BRUNO}{path}")
    denied = "ErrorAccessDenied" if path else "Authorization_RequestDenied"
    assert code(answer) == (403, denied)


@pytest.mark.parametrize(
    ("scopes", "profile", "reads", "writes"),
    [
        (("User.Read",), 200, 403, 403),
        (("Calendars.Read",), 403, 200, 403),
        (("Calendars.ReadWrite",), 403, 200, 201),
        (("https://graph.microsoft.com/Calendars.ReadWrite",), 403, 200, 201),
    ],
)
def test_each_scope_opens_what_it_says(
    as_user: Callable[..., Me], scopes: tuple[str, ...], profile: int, reads: int, writes: int
) -> None:
    me = as_user(scopes=scopes)
    answers = (me.get("/me"), me.get(f"/me/calendarView?{WINDOW}"), me.post("/me/events", event()))
    assert tuple(answer.status_code for answer in answers) == (profile, reads, writes)


def test_calendars_say_which_is_the_default_who_owns_them_and_what_can_be_done(
    as_user: Callable[..., Me], remote: Microsoft
) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project", providers=["skypeForBusiness"])
    holidays = remote.add_calendar(TENANT, ADELE, "Holidays", read_only=True)
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE)
    found = {calendar["id"]: calendar for calendar in as_user().get("/me/calendars").json()["value"]}
    assert list(found) == [PRIMARY_CALENDAR, side, holidays, shared]
    assert [c["isDefaultCalendar"] for c in found.values()] == [True, False, False, False]
    assert [c["canEdit"] for c in found.values()] == [True, True, False, False]
    assert [c["owner"]["address"] for c in found.values()] == ["adele@contoso.com"] * 3 + ["bruno@contoso.com"]
    assert [c["allowedOnlineMeetingProviders"] for c in found.values()] == [
        ["teamsForBusiness"],
        ["skypeForBusiness"],
        ["teamsForBusiness"],
        [],
    ]
    assert found == {calendar["id"]: calendar for calendar in remote.calendars(TENANT, ADELE)}
    chosen = as_user().get(f"/me/calendars/{shared}?$select=name,canEdit").json()
    assert chosen.pop("@odata.context")
    assert chosen == {"id": shared, "name": "Bruno (Calendar)", "canEdit": False}


@pytest.mark.parametrize(("providers", "is_online"), [(["teamsForBusiness"], True), ([], False)])
def test_a_calendar_decides_for_itself_whether_teams_meetings_are_made_in_it(
    as_user: Callable[..., Me], remote: Microsoft, providers: list[str], is_online: bool
) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project", providers=providers)
    body = event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    assert as_user().post(f"/me/calendars/{side}/events", body).json()["isOnlineMeeting"] is is_online
    assert as_user().post("/me/events", body).json()["isOnlineMeeting"] is True


def test_calendars_come_in_pages(as_user: Callable[..., Me], remote: Microsoft) -> None:
    for number in range(11):
        remote.add_calendar(TENANT, ADELE, f"Calendar {number}")
    assert len(as_user().get("/me/calendars").json()["value"]) == 10
    assert len(as_user().pages("/me/calendars?$top=5")) == 12


def test_each_calendar_has_its_own_events(as_user: Callable[..., Me], remote: Microsoft) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project")
    there = remote.create_event_in(TENANT, ADELE, side, event())["id"]
    me = as_user()
    here = me.post("/me/events", event()).json()["id"]
    for path in ("calendarView", "calendarView/delta", "events"):
        query = f"?{WINDOW}" if "View" in path else ""
        assert [e["id"] for e in me.get(f"/me/calendars/{side}/{path}{query}").json()["value"]] == [there]
        assert [e["id"] for e in me.get(f"/me/calendar/{path}{query}").json()["value"]] == [here]
    march = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert [e["id"] for e in remote.events_in(TENANT, ADELE, side, *march)] == [there]
    assert {e["id"] for e in remote.events(TENANT, ADELE, *march)} == {here, there}
    remote.remove_calendar(TENANT, ADELE, side)
    assert code(me.get(f"/me/calendars/{side}/events")) == (404, "ErrorItemNotFound")
    assert code(me.get(f"/me/events/{there}")) == (404, "ErrorItemNotFound")


def test_a_locked_calendar_is_read_only(as_user: Callable[..., Me], remote: Microsoft) -> None:
    holidays = remote.add_calendar(TENANT, ADELE, "Holidays", read_only=True)
    day = remote.create_event_in(TENANT, ADELE, holidays, event())["id"]
    me = as_user()
    assert me.get(f"/me/calendars/{holidays}/events/{day}").status_code == 200
    refused = [
        me.post(f"/me/calendars/{holidays}/events", event()),
        me("PATCH", f"/me/events/{day}", json={"subject": "y"}),
        me("DELETE", f"/me/calendars/{holidays}/events/{day}"),
    ]
    assert [code(answer) for answer in refused] == [(403, "ErrorAccessDenied")] * 3
    remote.change_calendar(TENANT, ADELE, holidays, read_only=False, name="Ours")
    assert me.post(f"/me/calendars/{holidays}/events", event()).status_code == 201


@pytest.mark.parametrize("can_edit", [False, True])
def test_a_shared_calendar_is_read_where_it_shows_up_and_written_as_far_as_it_is_shared(
    as_user: Callable[..., Me], remote: Microsoft, graph: Graph, can_edit: bool
) -> None:
    theirs = graph.add_event(BRUNO)
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE, can_edit=can_edit)
    me = as_user()
    for path in (f"calendarView?{WINDOW}", f"calendarView/delta?{WINDOW}", "events"):
        assert [e["id"] for e in me.get(f"/me/calendars/{shared}/{path}").json()["value"]] == [theirs.id]
    assert me.get(f"/me/events/{theirs.id}").status_code == 200
    written = [
        me.post(f"/me/calendars/{shared}/events", event(subject="by Adele")),
        me("PATCH", f"/me/calendars/{shared}/events/{theirs.id}", json={"subject": "by Adele"}),
        me("PATCH", f"/me/events/{theirs.id}", json={"subject": "by Adele"}),
    ]
    assert [answer.status_code for answer in written] == ([201, 200, 200] if can_edit else [403] * 3)
    stored = [e.fields["subject"] for e in graph.tenant.users[BRUNO].mailbox.events.values()]  # type: ignore[union-attr]
    assert stored == (["by Adele"] * 2 if can_edit else ["Review"])
    remote.remove_calendar(TENANT, ADELE, shared)
    assert code(me.get(f"/me/calendars/{shared}/events")) == (404, "ErrorItemNotFound")


def test_at_its_owners_address_a_shared_calendar_needs_the_permission_for_it(
    as_user: Callable[..., Me], remote: Microsoft
) -> None:
    side = remote.add_calendar(TENANT, BRUNO, "Side project")
    remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE, can_edit=True)
    plain, sharing = as_user(), as_user(scopes=SHARED)
    assert code(plain.get(f"/users/{BRUNO}/calendar/events")) == (403, "ErrorAccessDenied")
    assert sharing.get(f"/users/{BRUNO}/calendar/events").status_code == 200
    assert sharing.post(f"/users/{BRUNO}/events", event()).status_code == 201
    assert code(sharing.get(f"/users/{BRUNO}/calendars/{side}/events")) == (403, "ErrorAccessDenied")


def test_who_shares_and_leaves_takes_the_calendar_along(as_user: Callable[..., Me], remote: Microsoft) -> None:
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE)
    remote.delete_user(TENANT, BRUNO, permanently=True)
    assert [c["id"] for c in as_user().get("/me/calendars").json()["value"]] == [PRIMARY_CALENDAR]
    assert as_user().get(f"/me/calendars/{shared}/events").status_code == 404


def test_a_batch_carries_the_users_token(as_user: Callable[..., Me], remote: Microsoft) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project")
    urls = ("/me", "/me/calendars", f"/me/calendars/{side}/calendarView?{WINDOW}", f"/users/{BRUNO}/calendars")
    batch = {"requests": [{"id": url, "method": "GET", "url": url} for url in urls]}
    answers = {a["id"]: a["status"] for a in as_user().post("/$batch", batch).json()["responses"]}
    assert answers == dict(zip(urls, (200, 200, 200, 403), strict=True))
