"""The control API and its client."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import ControlError, Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE

Get = Callable[..., requests.Response]
START = datetime(2026, 12, 7, 9, tzinfo=UTC)


def meeting(start: datetime = START, minutes: int = 30, **more: Any) -> dict[str, Any]:
    end = start + timedelta(minutes=minutes)
    times = {
        name: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", end))
    }
    return {"subject": "made by a test", **times, **more}


def made_by_test(remote: Microsoft, upn: str = ADELE) -> list[dict[str, Any]]:
    events = remote.events(CONTOSO, upn, START - timedelta(days=1), START + timedelta(days=22))
    return [event for event in events if event["subject"] == "made by a test"]


def weekly() -> dict[str, Any]:
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}
    return {"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-12-07", "recurrenceTimeZone": "UTC"}}


def test_the_world_is_summed_up(remote: Microsoft, microsoft: Simulator) -> None:
    world = remote.world()
    assert (world["http_url"], world["https_url"]) == (microsoft.http_url, microsoft.https_url)
    tenants = ["Contoso", "Fabrikam", "Personal accounts", "Northwind Consulting", "Woodgrove Bank"]
    assert [tenant["display_name"] for tenant in world["tenants"]] == tenants
    assert world["tenants"][0]["users"] == 43


def test_time_can_be_moved_stopped_and_set(remote: Microsoft) -> None:
    remote.stop_time()
    before = remote.now()
    assert remote.advance(3600) == before + timedelta(hours=1)
    assert remote.set_time(START) == START == remote.now()
    remote.resume_time()
    assert remote.now() > START


def test_a_tenant_and_a_user_can_be_added(remote: Microsoft, world: World) -> None:
    tenant = remote.add_tenant("Northwind", ["northwind.com"])
    user = remote.add_user(tenant["id"], "Nina", "nina@northwind.com", mailbox={"time_zone": "UTC", "kind": "user"})
    assert user["proxy_addresses"] == ["SMTP:nina@northwind.com"]
    assert world.tenants[tenant["id"]].users[user["id"]].mailbox is not None
    assert remote.add_user("northwind.com", "No Mailbox", "no@northwind.com", mailbox=None)["mailbox"] is None
    with pytest.raises(ControlError, match="exists"):
        remote.add_user("northwind.com", "Nina", "NINA@northwind.com")


def test_users_can_be_found_and_changed(remote: Microsoft) -> None:
    assert [user["display_name"] for user in remote.users(CONTOSO, "vance")] == ["Adele Vance"]
    remote.change_user(CONTOSO, ADELE, user_principal_name="adele.new@contoso.com", account_enabled=False)
    user = remote.user(CONTOSO, "adele.new@contoso.com")
    assert (user["account_enabled"], user["mail"]) == (False, ADELE)


def test_a_mailbox_can_be_taken_and_given_back_with_its_events(remote: Microsoft) -> None:
    events = len(remote.events(CONTOSO, ADELE))
    assert remote.remove_mailbox(CONTOSO, ADELE)["mailbox"] is None
    with pytest.raises(ControlError, match="has no mailbox"):
        remote.events(CONTOSO, ADELE)
    remote.restore_mailbox(CONTOSO, ADELE)
    assert len(remote.events(CONTOSO, ADELE)) == events > 0


def test_a_mailbox_can_move_on_premises(remote: Microsoft, graph: Get) -> None:
    address = f"/users/{ADELE}/calendarView?startDateTime=2026-12-01&endDateTime=2026-12-02"
    assert graph(address).status_code == 200
    remote.change_mailbox(CONTOSO, ADELE, hosted="on_premises")
    assert graph(address).json()["error"]["code"] == "MailboxNotEnabledForRESTAPI"


def test_mailboxes_can_be_kept_from_the_app(remote: Microsoft, graph: Get) -> None:
    address = f"/users/{ADELE}/calendarView?startDateTime=2026-12-01&endDateTime=2026-12-02"
    remote.change_tenant(CONTOSO, denied_mailboxes=[remote.user(CONTOSO, ADELE)["id"]])
    assert graph(address).json()["error"]["code"] == "ErrorAccessDenied"
    remote.change_tenant(CONTOSO, denied_mailboxes=[])
    assert graph(address).status_code == 200


def test_events_can_be_made_moved_changed_and_deleted(remote: Microsoft) -> None:
    event = remote.create_event(CONTOSO, ADELE, meeting())
    remote.update_event(CONTOSO, ADELE, event["id"], {"showAs": "tentative"})
    assert [e["showAs"] for e in made_by_test(remote)] == ["tentative"]
    new_id = remote.move_event(CONTOSO, ADELE, event["id"])
    assert new_id != event["id"]
    remote.delete_event(CONTOSO, ADELE, new_id)
    assert made_by_test(remote) == []


def test_single_occurrences_can_be_changed_and_cancelled(remote: Microsoft) -> None:
    series = remote.create_event(CONTOSO, ADELE, meeting(recurrence=weekly()))
    later = meeting(START + timedelta(days=8))
    remote.cancel_occurrence(CONTOSO, ADELE, series["id"], "2026-12-21")
    remote.change_occurrence(
        CONTOSO, ADELE, series["id"], "2026-12-14", {"start": later["start"], "end": later["end"]}
    )
    shown = [(event["type"], event["start"]["dateTime"][:10]) for event in made_by_test(remote)]
    assert shown == [("occurrence", "2026-12-07"), ("exception", "2026-12-15"), ("occurrence", "2026-12-28")]


def test_invitations_are_in_the_outbox(remote: Microsoft) -> None:
    attendee = {"emailAddress": {"address": "guest@example.com", "name": "Guest"}, "type": "required"}
    remote.create_event(CONTOSO, ADELE, meeting(attendees=[attendee]))
    assert len(remote.outbox(CONTOSO, ADELE)) == 1


def test_consent_is_given_and_taken_in_three_ways(remote: Microsoft, world: World) -> None:
    principals = world.tenants[CONTOSO].principals
    remote.grant_consent("contoso.com")
    assert principals[CLIENT_ID].roles == {"User.Read.All", "Calendars.ReadWrite"}
    remote.revoke_consent(CONTOSO, "roles_removed", ["Calendars.ReadWrite"])
    assert principals[CLIENT_ID].roles == {"User.Read.All"}
    remote.revoke_consent(CONTOSO, "disabled")
    assert not principals[CLIENT_ID].enabled
    remote.revoke_consent(CONTOSO, "deleted")
    assert principals == {}
    with pytest.raises(ControlError, match="has not consented"):
        remote.revoke_consent(CONTOSO)


def test_the_app_registration_can_be_changed(remote: Microsoft, world: World) -> None:
    credential = {"issuer": "https://issuer", "subject": "s", "audience": "a"}
    app = remote.change_app(certificates=[], federated_credentials=[credential], group_membership_claims="None")
    assert (app["certificates"], app["federated_credentials"]) == ([], [credential])
    assert world.apps[CLIENT_ID].group_membership_claims == "None"
    with pytest.raises(ControlError, match="no app"):
        remote.change_app("nobody", certificates=[])


def test_faults_are_listed_strike_and_are_lifted(remote: Microsoft, graph: Get) -> None:
    first = remote.add_fault("/users/*", status=500, times=None)
    remote.add_fault("/users", status=503, retry_after=9)
    remote.add_notification_fault("drop", times=3)
    assert {kind: len(rules) for kind, rules in remote.faults().items()} == {"requests": 2, "notifications": 1}
    assert [graph("/users").status_code, graph("/users").status_code] == [503, 200]
    assert [graph(f"/users/{ADELE}").status_code for _ in range(2)] == [500, 500]
    remote.clear_faults(first)
    assert graph(f"/users/{ADELE}").status_code == 200
    remote.clear_faults()
    assert remote.faults() == {"requests": [], "notifications": []}


def test_the_request_log_can_be_searched_and_cleared(remote: Microsoft, graph: Get) -> None:
    graph("/users?$top=1")
    since = remote.now()
    graph(f"/users/{ADELE}")
    everything = remote.requests(path="/v1.0/users", tenant=CONTOSO)
    assert [entry["status"] for entry in everything] == [200, 200]
    assert [entry["path"] for entry in remote.requests(path="/users", since=since)] == [f"/v1.0/users/{ADELE}"]
    assert len(remote.requests(path="/users", limit=1)) == 1
    assert remote.requests(path="/users", tenant="other") == []
    remote.clear_requests()
    assert remote.requests() == []


def test_switches_are_set_together_or_not_at_all(remote: Microsoft) -> None:
    assert remote.set_switches(users_page_size=5)["users_page_size"] == 5
    with pytest.raises(ControlError, match="event_conflict"):
        remote.set_switches(users_page_size=6, event_conflict="500")
    assert remote.switches()["users_page_size"] == 5


def test_delivery_is_idle_when_nothing_happens(remote: Microsoft) -> None:
    assert remote.wait_until_idle(1)
    assert remote.delivery() == {"idle": True, "counters": {}, "endpoints": []}
    assert remote.subscriptions() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "what"),
    [
        ("POST", "/clock/advance", '{"seconds": "soon"}', 400, "seconds"),
        ("POST", "/clock/advance", "{", 400, "JSON"),
        ("POST", "/clock/set", '{"now": "2026-01-01T00:00:00"}', 400, "offset"),
        ("GET", "/tenants/nowhere/users", "", 404, "nowhere"),
        ("GET", "/tenants/contoso.com/users/nobody", "", 404, "nobody"),
        ("PATCH", "/tenants/contoso.com", '{"mailbox_access": "magic"}', 400, "magic"),
        ("PATCH", "/tenants/contoso.com", '{"rbac_scope": ["nobody"]}', 400, "nobody"),
        ("PATCH", f"/tenants/contoso.com/users/{ADELE}", '{"shoe_size": 43}', 400, "shoe_size"),
        ("POST", "/tenants/contoso.com/users", '{"display_name": "X"}', 400, "user_principal_name"),
        ("POST", f"/tenants/contoso.com/users/{ADELE}/restore", "", 409, "not deleted"),
        ("POST", f"/tenants/contoso.com/users/{ADELE}/events", '{"subject": "x"}', 400, "start"),
        ("DELETE", f"/tenants/contoso.com/users/{ADELE}/events/x", "", 404, "not found"),
        ("GET", f"/tenants/contoso.com/users/{ADELE}/events?start=soon", "", 400, "start"),
        ("PUT", "/tenants/contoso.com/consent", '{"client_id": "nobody"}', 404, "nobody"),
        ("POST", "/faults", '{"where": "token", "status": "bad"}', 400, "status"),
        ("POST", "/faults", '{"where": "token", "colour": 1}', 400, "colour"),
        ("POST", "/faults", "{}", 400, "where"),
        ("POST", "/notification-faults", '{"kind": "explode"}', 400, "explode"),
        ("PATCH", "/switches", '{"gravity": false}', 400, "gravity"),
        ("PUT", "/next-id-token", '{"flaw": "everything"}', 400, "everything"),
        ("GET", "/requests?since=soon", "", 400, "since"),
        ("GET", "/requests?limit=all", "", 400, "limit"),
        ("POST", "/subscriptions/nothing/expire", "", 404, "nothing"),
        ("GET", "/nothing", "", 404, "Not Found"),
    ],
)
def test_bad_input_is_answered_with_what_is_wrong(
    microsoft: Simulator, session: requests.Session, method: str, path: str, body: str, status: int, what: str
) -> None:
    answer = session.request(method, f"{microsoft.http_url}/control{path}", data=body)
    assert answer.status_code == status
    assert what in answer.json()["error"]


@pytest.mark.parametrize("path", ["/control", "/control/"])
def test_the_index_names_every_address_and_its_links_work(
    microsoft: Simulator, session: requests.Session, path: str
) -> None:
    page = session.get(microsoft.http_url + path).text
    assert "PATCH /control/switches" in page
    assert "/control/tenants/{tenant}/users/{user}/events/{event}/answers" in page
    links = re.findall(r'href="(/[^"]+)"', page)
    assert "/control/tenants/contoso.com/users" in links
    assert {session.get(microsoft.http_url + link).status_code for link in links} == {200}
