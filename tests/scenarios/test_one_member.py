"""What admins do with single members: check now, say who somebody is in the directory."""

from typing import Any

import pytest

from tests.scenarios.company import Company, today, waits

Json = dict[str, Any]


def check(company: Company, name: str) -> Json:
    answer = company.admin.call("POST", f"/api/outlook/members/{name}/check")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def came_to(checked: Json) -> dict[str, bool]:
    return {step["name"].split()[0]: step["ok"] for step in checked["steps"]}


def candidates(company: Company, name: str, **query: str) -> list[Json]:
    answer = company.admin.call("GET", f"/api/outlook/members/{name}/candidates", **query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["candidates"]
    return found


def choose(company: Company, name: str, user: str, tenant: str | None = None) -> Any:
    body = {"tenant": tenant or company.tenant, "user": user}
    return company.admin.call("PUT", f"/api/outlook/members/{name}/match", body)


def test_a_check_of_a_healthy_member_finds_every_step_good(connected: Company) -> None:
    checked = check(connected, "ann")
    assert came_to(checked) == {
        "decision": True, "directory": True, "match": True, "calendar": True, "notifications": True
    }  # fmt: skip
    assert checked["member"]["state"] == "connected"
    assert "found by ann@" in checked["steps"][2]["text"]


def test_a_check_finds_and_connects_who_appeared_in_the_directory(connected: Company) -> None:
    company = connected
    company.join("cem")
    company.resync()
    assert company.reaches("cem", "not_matched")
    assert came_to(check(company, "cem")) == {"decision": True, "directory": True, "match": False}
    company.hire("cem")
    checked = check(company, "cem")
    assert came_to(checked)["calendar"]
    assert checked["member"]["state"] == "connected"


def test_a_check_says_where_it_ends(connected: Company) -> None:
    company = connected
    company.admin.call("PUT", "/api/outlook/members/ann/exclusion").raise_for_status()
    assert came_to(check(company, "ann")) == {"decision": False}
    company.microsoft.change_tenant(company.tenant, denied_mailboxes=[company.object_id("ben")])
    checked = check(company, "ben")
    assert came_to(checked)["calendar"] is False
    assert checked["member"]["state"] == "out_of_scope"
    company.microsoft.change_tenant(company.tenant, denied_mailboxes=[])
    assert check(company, "ben")["member"]["state"] == "connected"


def test_a_check_says_when_microsoft_does_not_answer(connected: Company) -> None:
    company = connected
    fault = company.microsoft.add_fault("/users", tenant=company.tenant, status=503)
    try:
        directory = check(company, "ann")["steps"][1]
    finally:
        company.microsoft.clear_faults(fault)
    assert (directory["ok"], "503" in directory["text"]) == (False, True)
    assert company.states()["ann"] == "connected"


def test_an_admin_says_who_an_ambiguous_member_is(connected: Company) -> None:
    company = connected
    right = company.hire("eva")["id"]
    wrong = company.hire("evelyn")["id"]
    company.join("eva", f"eva@{company.domain}", f"evelyn@{company.domain}")
    assert company.reaches("eva", "ambiguous")
    assert {one["user"] for one in candidates(company, "eva")} == {right, wrong}
    assert choose(company, "eva", right).status_code == 200
    assert company.reaches("eva", "connected")
    assert [one["user"] for one in candidates(company, "eva") if one["is_bound"] and one["is_chosen"]] == [right]
    company.resync()
    assert company.states()["eva"] == "connected"
    company.admin.call("DELETE", "/api/outlook/members/eva/match").raise_for_status()
    assert company.reaches("eva", "ambiguous")
    assert company.calendar_requests("evelyn") == []


def test_an_admin_finds_a_member_under_an_address_the_roster_does_not_know(connected: Company) -> None:
    company = connected
    user = company.hire("frederica")["id"]
    company.join("fred", "fred@private.example")
    assert company.reaches("fred", "not_matched")
    assert candidates(company, "fred") == []
    found = candidates(company, "fred", address=f"FREDERICA@{company.domain}")
    assert [one["user"] for one in found] == [user]
    assert choose(company, "fred", user).status_code == 200
    assert company.reaches("fred", "connected")
    company.microsoft.delete_user(company.tenant, f"frederica@{company.domain}")
    company.resync()
    assert company.reaches("fred", "not_matched")
    entries = [(e.action, e.subject) for e in company.services().tables.audit.of(company.org)]
    assert ("match.chosen", "fred") in entries


def test_one_persons_mailbox_is_not_given_to_another_member(connected: Company) -> None:
    company = connected
    (found,) = [one for one in candidates(company, "ann", address=f"ben@{company.domain}") if not one["is_bound"]]
    assert found["objection"] == "This is the member ben already."
    assert choose(company, "ann", company.object_id("ben")).status_code == 400


def test_a_guest_a_stranger_and_a_foreign_tenant_cannot_be_chosen(connected: Company) -> None:
    company = connected
    guest = company.hire("gus", user_type="Guest")["id"]
    stranger = Company(company.stack, "stranger")
    foreign = stranger.hire("zed")["id"]
    refused = [
        choose(company, "ann", guest),
        choose(company, "ann", "00000000-0000-4000-8000-000000000000"),
        choose(company, "ann", foreign, stranger.tenant),
        choose(company, "ann", foreign),
    ]
    assert [(answer.status_code, answer.json()["field"]) for answer in refused] == [
        (400, "user"), (400, "user"), (400, "tenant"), (400, "user")
    ]  # fmt: skip
    assert company.states()["ann"] == "connected"


def explained(company: Company, name: str, hour: int) -> Json:
    start = today().replace(hour=0)
    query = {"start": f"{start:%Y-%m-%d}T00:00:00Z", "end": f"{start:%Y-%m-%d}T23:00:00Z"}
    answer = company.backend.call("GET", f"/api/members/{name}/explain", **query)
    assert answer.status_code == 200, answer.text
    moment = start.replace(hour=hour).strftime("%Y-%m-%dT%H:%M:%SZ")
    part: Json = next(part for part in answer.json()["parts"] if part["start"] <= moment < part["end"])
    return part


def test_each_part_of_a_day_is_explained_without_a_title(connected: Company) -> None:
    company = connected
    company.meet("ann", days=0, hour=9, minutes=120)
    company.meet("ann", days=0, hour=10, minutes=120, showAs="tentative")
    assert company.becomes_true("ann")
    company.admin.call("PATCH", "/api/outlook/policy", {"busy_statuses": ["busy"]}).raise_for_status()
    assert explained(company, "ann", 8) == explained(company, "ann", 8) | {"is_open": True, "reasons": []}
    both, tentative = explained(company, "ann", 10), explained(company, "ann", 11)
    assert [reason["because"] for reason in both["reasons"]] == ["counts_as_busy", "does_not_count"]
    assert (both["is_open"], tentative["is_open"]) == (False, True)
    assert "tentative does not count" in tentative["reasons"][0]["text"]
    assert "SECRET" not in str(both)
    assert company.tenant in both["reasons"][0]["calendar"]


@pytest.mark.parametrize(("rule", "is_open"), [("block", False), ("allow", True), ("read_live", False)])
def test_what_is_not_known_follows_the_policy(company: Company, rule: str, is_open: bool) -> None:
    company.join("ann")
    company.admin.call("PATCH", "/api/outlook/policy", {"unknown_time": rule}).raise_for_status()
    part = explained(company, "ann", 12)
    assert part["is_open"] is is_open
    assert part["reasons"][0]["calendar"] is None
    answer = company.busy("ann")
    assert (answer["freshness"], answer["busy"] == []) == ("unknown", is_open)


def test_what_is_not_known_is_read_live(connected: Company) -> None:
    company = connected
    services = company.services()
    services.tables.calendars.delete(company.member("ann"), company.mailbox("ann"))
    assert company.busy("ann")["freshness"] == "fresh"
    services.tables.calendars.delete(company.member("ann"), company.mailbox("ann"))
    company.admin.call("PATCH", "/api/outlook/policy", {"unknown_time": "block"}).raise_for_status()
    asked = len(company.calendar_requests("ann"))
    assert company.busy("ann")["freshness"] == "unknown"
    assert len(company.calendar_requests("ann")) == asked
    assert waits(lambda: company.states()["ann"] == "connected")
