from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local.microsoft.graph import events
from tests.local.microsoft.graph.conftest import ADELE, BRUNO, CLIENT, Graph, code, event, weekly

EVENTS = f"/users/{ADELE}/events"
GUEST = {"emailAddress": {"address": "Gina@Example.com", "name": "Gina"}, "type": "required"}
HOST = {"emailAddress": {"address": "hank@example.com", "name": "Hank"}, "type": "required"}
PROPERTY = "String {9a1b5c1e-0000-4000-8000-000000000000} Name BookingId"


def outbox(graph: Graph, user: str = ADELE) -> list[tuple[str, list[str]]]:
    mailbox = graph.tenant.users[user].mailbox
    assert mailbox is not None
    return [(mail["kind"], mail["to"]) for mail in mailbox.outbox]


def test_created_event_is_answered_in_full_and_can_be_read(graph: Graph) -> None:
    response = graph.post(EVENTS, event(zone="Pacific Standard Time", location={"displayName": "Room 1"}))
    created = response.json()
    assert response.status_code == 201
    assert created["start"] == {"dateTime": "2026-03-10T16:00:00.0000000", "timeZone": "UTC"}
    assert created["originalStartTimeZone"] == "Pacific Standard Time"
    assert created["organizer"]["emailAddress"]["address"] == "adele@contoso.com"
    assert created["responseStatus"]["response"] == "organizer"
    assert "transactionId" not in created
    read = graph.get(f"{EVENTS}/{created['id']}").json()
    assert read["@odata.etag"] == created["@odata.etag"]
    assert read["location"]["displayName"] == "Room 1"


@pytest.mark.parametrize(
    "body",
    [
        {"subject": "no times"},
        event(start="2026-03-10T11:00:00", end="2026-03-10T10:00:00"),
        event(isAllDay=True),
        event(start="whenever"),
        event(showAs="asleep"),
        event(attendees=[GUEST] * 501),
        event(attendees=[{"type": "required"}]),
        event(zone="Middle/Earth"),
        event(recurrence={"pattern": {"type": "weekly"}, "range": {}}),
    ],
)
def test_impossible_events_are_refused(graph: Graph, body: dict[str, Any]) -> None:
    assert graph.post(EVENTS, body).status_code == 400
    assert graph.get(EVENTS).json()["value"] == []


def test_broken_json_is_refused(graph: Graph) -> None:
    assert graph("POST", EVENTS, data=b"{", headers={"Content-Type": "application/json"}).status_code == 400


def test_update_changes_key_and_tells_everybody(graph: Graph) -> None:
    created = graph.post(EVENTS, event(attendees=[GUEST])).json()
    moved = graph("PATCH", f"{EVENTS}/{created['id']}", json={"end": {"dateTime": "2026-03-10T11:00:00"}})
    assert moved.status_code == 200
    assert moved.json()["changeKey"] != created["changeKey"]
    assert moved.json()["end"]["dateTime"].startswith("2026-03-10T11")
    assert outbox(graph) == [("invitation", ["gina@example.com"]), ("update", ["gina@example.com"])]


def test_changing_only_attendees_mails_only_the_changed(graph: Graph) -> None:
    created = graph.post(EVENTS, event(attendees=[GUEST])).json()
    graph("PATCH", f"{EVENTS}/{created['id']}", json={"attendees": [GUEST, HOST]})
    graph("PATCH", f"{EVENTS}/{created['id']}", json={"attendees": [HOST]})
    assert outbox(graph)[1:] == [("invitation", ["hank@example.com"]), ("cancellation", ["gina@example.com"])]


@pytest.mark.parametrize("status", ["409", "412"])
def test_stale_etag_conflicts(graph: Graph, status: Any) -> None:
    graph.world.switches.event_conflict = status
    created = graph.post(EVENTS, event()).json()
    address, stale = f"{EVENTS}/{created['id']}", {"If-Match": created["@odata.etag"]}
    assert graph("PATCH", address, json={"showAs": "free"}, headers=stale).status_code == 200
    refused = graph("PATCH", address, json={"showAs": "busy"}, headers=stale)
    assert code(refused) == (int(status), "ErrorIrresolvableConflict")
    assert graph("DELETE", address, headers=stale).status_code == int(status)
    assert code(graph.post(f"{address}/cancel", {}, headers=stale)) == (int(status), "ErrorIrresolvableConflict")
    present = {"If-Match": graph.get(address).json()["@odata.etag"]}
    assert graph("PATCH", address, json={"showAs": "oof"}, headers=present).status_code == 200
    graph.world.switches.if_match = False
    assert graph("PATCH", address, json={"showAs": "busy"}, headers=stale).status_code == 200


def test_delete_tells_attendees_once_and_then_is_404(graph: Graph) -> None:
    created = graph.post(EVENTS, event(attendees=[GUEST])).json()
    assert graph("DELETE", f"{EVENTS}/{created['id']}").status_code == 204
    assert code(graph("DELETE", f"{EVENTS}/{created['id']}")) == (404, "ErrorItemNotFound")
    assert outbox(graph) == [("invitation", ["gina@example.com"]), ("cancellation", ["gina@example.com"])]


def test_delete_is_silent_where_switched_so(graph: Graph) -> None:
    graph.world.switches.delete_cancels = False
    created = graph.post(EVENTS, event(attendees=[GUEST])).json()
    graph("DELETE", f"{EVENTS}/{created['id']}")
    assert [kind for kind, _ in outbox(graph)] == ["invitation"]


def test_cancel_sends_the_comment_and_needs_the_organizer(graph: Graph) -> None:
    created = graph.post(EVENTS, event(attendees=[GUEST])).json()
    assert graph.post(f"{EVENTS}/{created['id']}/cancel", {"comment": "Ill"}).status_code == 202
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    assert mailbox.outbox[-1]["comment"] == "Ill"
    assert graph.get(f"{EVENTS}/{created['id']}").status_code == 404
    invited = graph.add_event(isOrganizer=False)
    refused = graph.post(f"{EVENTS}/{invited.id}/cancel", {})
    assert "organizer" in refused.json()["error"]["message"]
    assert refused.status_code == 400


@pytest.mark.parametrize("method", ["DELETE", "cancel"])
def test_present_etag_removes_the_event(graph: Graph, method: str) -> None:
    created = graph.post(EVENTS, event()).json()
    address, present = f"{EVENTS}/{created['id']}", {"If-Match": created["@odata.etag"]}
    call = ("DELETE", address) if method == "DELETE" else ("POST", f"{address}/cancel")
    assert graph(*call, headers=present).ok
    assert code(graph(*call, headers=present)) == (404, "ErrorItemNotFound")


def test_cancelled_occurrence_is_told_with_the_comment(graph: Graph) -> None:
    master = graph.post(EVENTS, event(attendees=[GUEST], recurrence=weekly("2026-03-10", ["tuesday"]))).json()
    assert graph.post(f"{EVENTS}/{master['id']}.20260317/cancel", {"comment": "Ill"}).status_code == 202
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    assert (mailbox.outbox[-1]["kind"], mailbox.outbox[-1]["comment"]) == ("cancellation", "Ill")
    assert graph.get(f"{EVENTS}/{master['id']}").status_code == 200


def test_permanent_delete(graph: Graph) -> None:
    created = graph.post(EVENTS, event()).json()
    assert graph("POST", f"{EVENTS}/{created['id']}/permanentDelete").status_code == 204
    assert graph.get(f"{EVENTS}/{created['id']}").status_code == 404


def times(start: str, end: str) -> dict[str, Any]:
    return {"start": {"dateTime": start, "timeZone": "UTC"}, "end": {"dateTime": end, "timeZone": "UTC"}}


def test_occurrence_is_changed_and_deleted_by_its_own_id(graph: Graph) -> None:
    master = graph.post(EVENTS, event(recurrence=weekly("2026-03-10", ["tuesday"]))).json()
    window = {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-03-25T00:00:00Z"}
    view = f"/users/{ADELE}/calendarView"
    first, second, third = graph.get(view, params=window).json()["value"]
    moved = graph("PATCH", f"{EVENTS}/{second['id']}", json=times("2026-03-18T09:00:00", "2026-03-18T10:00:00"))
    assert (moved.status_code, moved.json()["type"], moved.json()["id"]) == (200, "exception", second["id"])
    assert graph("DELETE", f"{EVENTS}/{third['id']}").status_code == 204
    assert code(graph("DELETE", f"{EVENTS}/{third['id']}")) == (404, "ErrorItemNotFound")
    left = graph.get(view, params=window).json()["value"]
    assert [item["id"] for item in left] == [first["id"], second["id"]]
    details = graph.get(f"{EVENTS}/{master['id']}?$select=cancelledOccurrences&$expand=exceptionOccurrences").json()
    assert len(details["cancelledOccurrences"]) == 1
    assert [item["id"] for item in details["exceptionOccurrences"]] == [second["id"]]


@pytest.mark.parametrize(("start", "end"), [
    ("2026-03-24T09:30:00", "2026-03-24T10:30:00"), ("2026-03-10T09:30:00", "2026-03-10T09:45:00"),
])  # fmt: skip
def test_occurrence_cannot_pass_its_neighbours(graph: Graph, start: str, end: str) -> None:
    master = graph.post(EVENTS, event(recurrence=weekly("2026-03-10", ["tuesday"]))).json()
    refused = graph("PATCH", f"{EVENTS}/{master['id']}.20260317", json=times(start, end))
    assert code(refused) == (400, "ErrorOccurrenceCrossingBoundary")


def test_online_meeting_has_a_link_that_the_body_must_keep(graph: Graph) -> None:
    body = event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    created = graph.post(EVENTS, body).json()
    link = created["onlineMeeting"]["joinUrl"]
    assert link in created["body"]["content"]
    address = f"{EVENTS}/{created['id']}"
    assert graph("PATCH", address, json={"isOnlineMeeting": False}).status_code == 400
    kept = graph("PATCH", address, json={"body": {"contentType": "html", "content": f"<p>Hi {link}</p>"}}).json()
    assert kept["onlineMeeting"]["joinUrl"] == link
    lost = graph("PATCH", address, json={"body": {"contentType": "html", "content": "<p>Hi</p>"}}).json()
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


def test_join_link_can_be_missing_at_first_and_teams_forbidden(graph: Graph) -> None:
    graph.world.switches.join_url_at_once = False
    created = graph.post(EVENTS, event(isOnlineMeeting=True)).json()
    assert created["onlineMeeting"] is None
    assert graph.get(f"{EVENTS}/{created['id']}").json()["onlineMeeting"]["joinUrl"]
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    mailbox.online_meetings = False
    assert graph.get(f"/users/{ADELE}/calendar").json()["allowedOnlineMeetingProviders"] == []
    assert graph.post(EVENTS, event(isOnlineMeeting=True)).json()["isOnlineMeeting"] is False


def test_bodies_come_back_rewritten(graph: Graph) -> None:
    body = {"contentType": "HTML", "content": "<b>Agenda</b>"}
    created = graph.post(EVENTS, event(body=body)).json()
    assert created["body"]["content"].startswith("<html><head>")
    assert "<b>Agenda</b>" in created["body"]["content"]
    assert created["bodyPreview"] == "Agenda"
    headers = {"Prefer": 'outlook.body-content-type="text"'}
    read = graph.get(f"{EVENTS}/{created['id']}", headers=headers).json()
    assert read["body"] == {"contentType": "text", "content": "Agenda"}


def test_extended_property_is_found_by_filter_and_shown_only_when_expanded(graph: Graph) -> None:
    properties = [{"id": PROPERTY, "value": "b-17"}]
    created = graph.post(EVENTS, event(singleValueExtendedProperties=properties)).json()
    graph.post(EVENTS, event(subject="Other"))
    assert "singleValueExtendedProperties" not in created
    wanted = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq 'b-17')"
    expand = f"singleValueExtendedProperties($filter=id eq '{PROPERTY}')"
    found = graph.get(EVENTS, params={"$filter": wanted, "$expand": expand}).json()["value"]
    assert [item["id"] for item in found] == [created["id"]]
    assert found[0]["singleValueExtendedProperties"] == properties
    assert graph.get(EVENTS, params={"$filter": wanted.replace("b-17", "b-18")}).json()["value"] == []


def test_unknown_filter_and_property_are_refused(graph: Graph) -> None:
    assert graph.get(EVENTS, params={"$filter": "subject eq 'x'"}).status_code == 400
    assert graph.get(EVENTS, params={"$select": "subjekt"}).status_code == 400


def test_events_page_with_links(graph: Graph) -> None:
    for _ in range(12):
        graph.add_event()
    assert len(graph.get(EVENTS).json()["value"]) == 10
    assert len({item["id"] for item in graph.pages(EVENTS)}) == 12


def test_old_id_is_gone_after_a_move(graph: Graph) -> None:
    mailbox = graph.tenant.users[ADELE].mailbox
    assert mailbox is not None
    mailbox.calendars["AAMkSide"] = "Side project"
    item = graph.add_event()
    old = item.id
    graph.change(events.move_event, item.id, "AAMkSide")
    assert code(graph("PATCH", f"{EVENTS}/{old}", json={"showAs": "free"})) == (404, "ErrorItemNotFound")


def test_policy_denies_one_mailbox_and_consent_all(graph: Graph) -> None:
    graph.tenant.denied_mailboxes.add(ADELE)
    assert code(graph.get(EVENTS)) == (403, "ErrorAccessDenied")
    assert graph.get(f"/users/{BRUNO}/events").status_code == 200
    graph.tenant.principals[CLIENT].roles = {"User.Read.All"}
    graph.sign_in()
    assert code(graph.get(f"/users/{BRUNO}/events")) == (403, "ErrorAccessDenied")


def test_rbac_scope_works_without_a_role_in_the_token(graph: Graph) -> None:
    graph.tenant.mailbox_access = "rbac"
    graph.tenant.rbac_scope = {ADELE}
    graph.tenant.principals[CLIENT].roles = set()
    graph.sign_in()
    assert graph.get(EVENTS).status_code == 200
    assert code(graph.get(f"/users/{BRUNO}/events")) == (403, "ErrorAccessDenied")


def test_app_has_no_me(graph: Graph) -> None:
    assert code(graph.get("/me/events")) == (400, "BadRequest")


def test_expired_token_is_401(graph: Graph) -> None:
    graph.world.switches.token_clock = "simulated"
    graph.world.clock.advance(timedelta(hours=2))
    assert code(graph.get(EVENTS)) == (401, "InvalidAuthenticationToken")
