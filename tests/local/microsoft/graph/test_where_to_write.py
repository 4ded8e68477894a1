"""Calendars that do not take every event: without Teams, not to be edited, lost in the middle."""

from __future__ import annotations

import pytest

from local.microsoft.remote import ControlError, Microsoft
from local.microsoft.world import PRIMARY_CALENDAR
from tests.local.microsoft.graph.conftest import ADELE, TENANT, Graph, code, event

EVENTS = f"/users/{ADELE}/events"
CALENDAR = f"/users/{ADELE}/calendar"


def test_calendar_answers_what_was_selected(graph: Graph) -> None:
    wanted = {"$select": "canEdit, allowedOnlineMeetingProviders,defaultOnlineMeetingProvider"}
    found = graph.get(CALENDAR, params=wanted).json()
    found.pop("@odata.context")
    assert found == {
        "id": PRIMARY_CALENDAR,
        "canEdit": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
    }
    assert graph.get(CALENDAR).json()["isDefaultCalendar"] is True
    assert graph.get(f"/users/{ADELE}/calendars?$select=name").json()["value"] == [
        {"id": PRIMARY_CALENDAR, "name": "Calendar"},
    ]
    assert code(graph.get(CALENDAR, params={"$select": "canEdit,kind"})) == (400, "RequestBroker--ParseUri")


def test_calendar_without_teams_makes_plain_events(graph: Graph, remote: Microsoft) -> None:
    assert remote.change_mailbox(TENANT, ADELE, online_meetings=False)["mailbox"]["online_meetings"] is False
    assert graph.get(CALENDAR, params={"$select": "allowedOnlineMeetingProviders"}).json()[
        "allowedOnlineMeetingProviders"
    ] == []  # fmt: skip
    body = event(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness")
    created = graph.post(EVENTS, body).json()
    plain = (created["isOnlineMeeting"], created["onlineMeetingProvider"], created["onlineMeeting"])
    assert plain == (False, "unknown", None)
    remote.change_mailbox(TENANT, ADELE, online_meetings=True)
    assert graph.post(EVENTS, body).json()["onlineMeeting"]["joinUrl"]


def test_nothing_is_written_into_a_calendar_that_cannot_be_edited(graph: Graph, remote: Microsoft) -> None:
    created = graph.post(EVENTS, event()).json()
    address = f"{EVENTS}/{created['id']}"
    remote.change_mailbox(TENANT, ADELE, read_only_calendars=[PRIMARY_CALENDAR])
    assert graph.get(CALENDAR, params={"$select": "canEdit"}).json()["canEdit"] is False
    refused = (403, "ErrorAccessDenied")
    assert code(graph.post(EVENTS, event())) == refused
    assert code(graph("PATCH", address, json={"subject": "x"})) == refused
    assert code(graph("DELETE", address)) == refused
    assert code(graph.post(f"{address}/cancel", {})) == refused
    assert graph.get(address).json()["@odata.etag"] == created["@odata.etag"]
    remote.change_mailbox(TENANT, ADELE, read_only_calendars=[])
    assert graph("DELETE", address).status_code == 204


def test_event_in_a_calendar_that_cannot_be_edited_is_found_but_not_changed(graph: Graph, remote: Microsoft) -> None:
    created = graph.post(EVENTS, event()).json()
    moved = remote.move_event(TENANT, ADELE, created["id"], "Shared")
    remote.change_mailbox(TENANT, ADELE, read_only_calendars=["Shared"])
    assert code(graph("PATCH", f"{EVENTS}/{moved}", json={"subject": "x"})) == (403, "ErrorAccessDenied")
    assert graph.post(EVENTS, event()).status_code == 201
    with pytest.raises(ControlError, match="no calendar 'Nowhere'"):
        remote.change_mailbox(TENANT, ADELE, read_only_calendars=["Nowhere"])


def test_licence_lost_between_creation_and_update_hides_the_event_until_it_is_back(
    graph: Graph, remote: Microsoft
) -> None:
    address = f"{EVENTS}/{graph.post(EVENTS, event()).json()['id']}"
    remote.remove_mailbox(TENANT, ADELE)
    gone = (404, "MailboxNotEnabledForRESTAPI")
    assert code(graph("PATCH", address, json={"subject": "x"})) == gone
    assert code(graph.post(f"{address}/cancel", {})) == gone
    assert code(graph("DELETE", address)) == gone
    remote.restore_mailbox(TENANT, ADELE)
    assert graph("PATCH", address, json={"subject": "x"}).status_code == 200
