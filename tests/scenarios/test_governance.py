"""P7 and the rights of admins and members, on the running service."""

from collections.abc import Callable
from typing import Any

import pytest

from local.client import Client
from tests.scenarios.company import Company, waits

Json = dict[str, Any]


def me(company: Company, name: str, **claims: Any) -> Client:
    return company.client("user", name, **claims)


def mine(company: Company, name: str) -> Json:
    answer = me(company, name).call("GET", "/api/me/connections")
    assert answer.status_code == 200
    connection: Json = answer.json()["connections"][0]
    return connection


def disconnect(company: Company, name: str) -> Any:
    return me(company, name).call("DELETE", "/api/me/connections/managed")


def reconnect(company: Company, name: str) -> Any:
    return me(company, name).call("POST", "/api/me/connections/managed/reconnect")


def allow(company: Company, **wishes: Any) -> Json:
    answer = company.admin.call("PATCH", "/api/outlook/policy", wishes)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def cached(company: Company, name: str) -> list[Json]:
    return company.rows("Calendars", f"{company.org}|{name}")


def audited(company: Company) -> list[tuple[str, str, str]]:
    entries = company.services().tables.audit.of(company.org)
    return [(entry.action, entry.subject, entry.actor) for entry in entries]


def test_a_member_who_disconnects_stays_so_until_they_come_back(connected: Company) -> None:
    company = connected
    company.meet("ann")
    assert company.becomes_true("ann")
    assert mine(company, "ann")["may_disconnect"]
    assert disconnect(company, "ann").json()["connections"][0]["state"] == "user_disconnected"
    assert cached(company, "ann") == []
    company.resync()
    company.admin.call("POST", f"/api/outlook/tenants/{company.tenant}/resync")
    company.microsoft.change_user(company.tenant, f"ann@{company.domain}", display_name="Ann Again")
    company.resync()
    assert waits(lambda: company.subscriptions("ann") == [])
    assert company.states() == {"ann": "user_disconnected", "ben": "connected"}
    assert company.busy("ann")["freshness"] == "unknown"
    assert reconnect(company, "ann").status_code == 200
    assert company.reaches("ann", "connected")
    assert company.becomes_true("ann")


def test_who_disconnected_stays_so_when_they_leave_the_roster_and_return(connected: Company) -> None:
    disconnect(connected, "ann")
    connected.backend.call("DELETE", "/api/members/ann").raise_for_status()
    connected.join("ann")
    connected.join("cem")
    connected.hire("cem")
    connected.resync()
    assert connected.reaches("cem", "connected")
    assert connected.states()["ann"] == "user_disconnected"


def test_where_policy_forbids_it_nobody_disconnects(connected: Company) -> None:
    company = connected
    disconnect(company, "ben").raise_for_status()
    done = allow(company, members_may_disconnect=False)
    assert (done["effect"]["held"], done["effect"]["staying_out"]) == (1, 1)
    refused = disconnect(company, "ann")
    assert (refused.status_code, refused.json()["reason"]) == (403, "policy")
    assert not mine(company, "ann")["may_disconnect"]
    assert "admins" in mine(company, "ann")["why_not"]
    assert ("access.refused", "disconnect_me", "ann") in audited(company)
    assert company.states() == {"ann": "connected", "ben": "user_disconnected"}
    reconnect(company, "ben").raise_for_status()
    assert company.reaches("ben", "connected")
    assert disconnect(company, "ben").status_code == 403


def test_a_change_of_policy_says_whom_it_touches_before_it_is_made(connected: Company) -> None:
    company = connected
    wish = {"scope": {"domains": [], "members": ["ann"]}}
    tried = company.admin.call("POST", "/api/outlook/policy/preview", wish).json()
    assert (tried["effect"]["disconnected"], tried["effect"]["looked_for"]) == (1, 0)
    assert tried["effect"]["sentences"] == [
        "1 member is disconnected at once; what was read of their calendars is deleted."
    ]
    assert company.admin.call("GET", "/api/outlook/policy").json()["scope"] is None
    assert allow(company, **wish) == tried
    assert company.reaches("ben", "excluded")
    assert cached(company, "ben") == []
    assert company.states()["ann"] == "connected"
    again = allow(company, scope={"domains": [company.domain.upper()], "members": []})
    assert again["effect"]["looked_for"] == 1
    assert company.reaches("ben", "connected")
    assert ("policy.changed", "scope", "admin") in audited(company)


def test_whoever_joins_later_is_connected_only_inside_the_scope(connected: Company) -> None:
    company = connected
    allow(company, scope={"domains": [], "members": ["ann", "ben", "cem"]})
    company.add("cem", "dan")
    assert company.reaches("cem", "connected")
    assert company.reaches("dan", "excluded")
    assert company.calendar_requests("dan") == []


def test_an_excluded_member_is_let_in_again_by_an_admin_only(connected: Company) -> None:
    company = connected
    excluded = company.admin.call("PUT", "/api/outlook/members/ann/exclusion").json()
    assert excluded["state"] == "excluded"
    assert cached(company, "ann") == []
    company.resync()
    assert reconnect(company, "ann").status_code == 409
    assert company.states()["ann"] == "excluded"
    assert company.admin.call("DELETE", "/api/outlook/members/ann/exclusion").status_code == 200
    assert company.reaches("ann", "connected")
    assert [
        entry for entry in audited(company) if entry[0].startswith("member.") and entry[0].endswith("cluded")
    ] == [("member.included", "ann", "admin"), ("member.excluded", "ann", "admin")]


def test_only_what_the_policy_counts_is_busy(connected: Company) -> None:
    company = connected
    for hour, status in enumerate(("busy", "tentative", "oof", "workingElsewhere"), 8):
        company.meet("ann", hour=hour, showAs=status)
    assert company.becomes_true("ann")
    statuses = lambda: {block["status"] for block in company.busy("ann")["busy"]}  # noqa: E731
    allow(company, busy_statuses=["oof", "busy"])
    assert statuses() == {"busy", "oof"}
    choose = lambda *wished: me(company, "ann").call(  # noqa: E731
        "PUT", "/api/me/busy-statuses", {"busy_statuses": list(wished)}
    )
    assert choose("busy").json()["reason"] == "policy"
    allow(company, members_may_choose_busy=True)
    assert choose("busy", "tentative").json()["busy_statuses"] == ["busy", "tentative"]
    assert statuses() == {"busy", "tentative"}
    allow(company, members_may_choose_busy=False)
    assert statuses() == {"busy", "oof"}


WRONG_POLICIES = {
    "nothing is busy": ({"busy_statuses": []}, "busy_statuses"),
    "a status that is none": ({"busy_statuses": ["free"]}, "busy_statuses[0]"),
    "a rule that is none": ({"unknown_time": "guess"}, "unknown_time"),
    "an unknown rule": ({"members_may_fly": True}, "members_may_fly"),
    "a domain with a blank": ({"scope": {"domains": ["a b"]}}, "scope.domains[0]"),
    "null for yes or no": ({"members_may_disconnect": None}, "members_may_disconnect"),
    "too many members": ({"scope": {"members": ["a"] * 2001}}, "scope.members"),
}


@pytest.mark.parametrize(("wish", "field"), WRONG_POLICIES.values(), ids=WRONG_POLICIES)
def test_a_wrong_policy_is_refused(untouched: Company, wish: Json, field: str) -> None:
    answer = untouched.admin.call("PATCH", "/api/outlook/policy", wish)
    assert (answer.status_code, answer.json().get("field")) == (400, field)


def test_nothing_is_a_change_of_nothing(untouched: Company) -> None:
    assert allow(untouched)["effect"]["sentences"] == ["This touches nobody."]


def test_a_tenant_is_disconnected_with_all_that_was_read_of_it(connected: Company) -> None:
    company = connected
    company.meet("ann")
    assert company.becomes_true("ann")
    seen = company.admin.call("GET", f"/api/outlook/tenants/{company.tenant}/disconnect-preview").json()
    assert (seen["connected"], seen["without_calendar"], seen["found_elsewhere"]) == (2, 2, 0)
    assert "Remove-MgServicePrincipal" in seen["removal_command"]
    answer = company.admin.call("DELETE", f"/api/outlook/tenants/{company.tenant}")
    assert (answer.status_code, answer.json()["status"]) == (202, "disconnecting")
    assert waits(lambda: company.admin.tenants() == [])
    assert company.microsoft.subscriptions(company.tenant) == []
    assert set(company.states().values()) == {"not_matched"}
    assert cached(company, "ann") == cached(company, "ben") == company.rows("Mailboxes", company.tenant) == []
    assert {"tenant.disconnected", "tenant.removed", "tenant.connected"} <= {entry[0] for entry in audited(company)}
    company.connect()
    assert company.states() == {"ann": "connected", "ben": "connected"}
    assert company.becomes_true("ann")


def test_the_same_tenant_in_another_organization_stays_as_it_is(connected: Company) -> None:
    company = connected
    other = Company(company.stack, "other")
    other.tenant, other.domain, other.admin_upn = company.tenant, company.domain, company.admin_upn
    other.join("ann")
    other.activate()
    assert other.reaches("ann", "connected")
    company.meet("ann")
    assert company.becomes_true("ann")
    assert other.becomes_true("ann")
    assert len(company.subscriptions("ann")) == 1
    company.admin.call("DELETE", f"/api/outlook/tenants/{company.tenant}").raise_for_status()
    assert waits(lambda: company.admin.tenants() == [])
    assert len(company.subscriptions("ann")) == 1
    assert company.subscriptions("ben") == []
    other.meet("ann", hour=15)
    assert other.becomes_true("ann")
    assert company.busy("ann")["freshness"] == "unknown"


def test_of_two_tenants_the_first_keeps_a_person_and_the_other_takes_over(connected: Company) -> None:
    company = connected
    second = Company(company.stack, "second")
    second.hire("ann")
    company.join("ann", f"ann@{company.domain}", f"ann@{second.domain}")
    first, company.admin_upn = company.admin_upn, second.admin_upn
    company.activate()
    company.admin_upn = first
    one = lambda: next(m for m in company.admin.members() if m["id"] == "ann")  # noqa: E731
    assert waits(lambda: one()["also_found_in"] == [second.tenant])
    assert one()["tenant"] == company.tenant
    seen = company.admin.call("GET", f"/api/outlook/tenants/{company.tenant}/disconnect-preview").json()
    assert (seen["without_calendar"], seen["found_elsewhere"]) == (1, 1)
    company.admin.call("DELETE", f"/api/outlook/tenants/{company.tenant}").raise_for_status()
    assert waits(lambda: one()["tenant"] == second.tenant and one()["state"] == "connected")
    assert waits(lambda: [t["id"] for t in company.admin.tenants()] == [second.tenant])


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.admin.call("DELETE", "/api/outlook/tenants/nobodys"),
        lambda c: c.admin.call("GET", "/api/outlook/tenants/nobodys/disconnect-preview"),
        lambda c: c.admin.call("POST", "/api/outlook/tenants/nobodys/resync"),
        lambda c: c.admin.call("PUT", "/api/outlook/members/nobody/exclusion"),
        lambda c: c.client("user", "nobody").call("GET", "/api/me/connections"),
        lambda c: c.client("user", "ann").call("DELETE", "/api/me/connections/other"),
    ],
)
def test_what_is_not_there_cannot_be_decided_about(untouched: Company, ask: Callable[[Company], Any]) -> None:
    assert ask(untouched).status_code == 404


def test_mailboxes_in_and_out_of_the_apps_scope_are_counted(connected: Company) -> None:
    company = connected

    def counted() -> tuple[int, int]:
        company.resync()
        tenant = company.admin.tenants()[0]
        return tenant["in_scope"], tenant["out_of_scope"]

    assert waits(lambda: counted() == (2, 0))
    company.microsoft.change_tenant(company.tenant, denied_mailboxes=[company.object_id("ben")])
    company.admin.call("POST", "/api/outlook/members/ben/check").raise_for_status()
    assert waits(lambda: counted() == (1, 1))
    company.microsoft.change_tenant(company.tenant, denied_mailboxes=[])
    company.admin.call("POST", "/api/outlook/members/ben/check").raise_for_status()
    assert waits(lambda: counted() == (2, 0))


def test_the_largest_scope_is_kept_and_said(company: Company) -> None:
    members = [f"{number:04}-{'x' * 59}" for number in range(2000)]
    domains = [f"{number:03}.{'d' * 240}.example" for number in range(100)]
    assert allow(company, scope={"domains": domains, "members": members})["policy"]["scope"]["members"] == members
    entry = next(iter(company.services().tables.audit.of(company.org)))
    assert (entry.subject, "and 1980 more" in (entry.detail or "")) == ("scope", True)


def test_a_member_who_comes_back_where_there_is_no_tenant_is_not_kept_waiting(connected: Company) -> None:
    company = connected
    disconnect(company, "ann").raise_for_status()
    company.admin.call("DELETE", f"/api/outlook/tenants/{company.tenant}").raise_for_status()
    assert waits(lambda: company.admin.tenants() == [])
    assert mine(company, "ann")["state"] == "user_disconnected"
    assert reconnect(company, "ann").json()["connections"][0]["state"] == "not_matched"
    assert company.states()["ann"] == "not_matched"
