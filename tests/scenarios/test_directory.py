"""P5 and P6 over time: people come, go and change names; only members' calendars are ever touched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.stack import Stack
from tests.scenarios.company import Company, waits
from tests.scenarios.conftest import connected_company


def test_a_member_who_joins_later_is_connected_at_once(connected: Company) -> None:
    connected.hire("eva")
    connected.resync()
    connected.join("eva")
    assert connected.reaches("eva", "connected")
    assert connected.becomes_true("eva")


def test_a_directory_user_who_appears_later_is_connected_by_the_next_pass(connected: Company) -> None:
    connected.join("eva")
    assert connected.reaches("eva", "not_matched")
    connected.hire("eva")
    connected.resync()
    assert connected.reaches("eva", "connected")


def test_an_alias_given_later_connects_a_member(connected: Company) -> None:
    connected.join("eva", f"eva.de.vries@{connected.domain}")
    user = connected.hire("eva")
    assert connected.reaches("eva", "not_matched")
    aliases = [*user["proxy_addresses"], f"smtp:eva.de.vries@{connected.domain}"]
    connected.microsoft.change_user(connected.tenant, user["id"], proxy_addresses=aliases)
    connected.resync()
    assert connected.reaches("eva", "connected")


def test_a_renamed_user_stays_connected(connected: Company) -> None:
    user = connected.microsoft.user(connected.tenant, f"ann@{connected.domain}")
    name = f"ann.married@{connected.domain}"
    connected.microsoft.change_user(
        connected.tenant, user["id"], user_principal_name=name, mail=name, proxy_addresses=[f"SMTP:{name}"]
    )
    connected.resync()
    connected.settle()
    assert connected.states()["ann"] == "connected"


def test_a_disabled_user_is_let_go_and_taken_back(connected: Company) -> None:
    user = f"ann@{connected.domain}"
    connected.microsoft.change_user(connected.tenant, user, account_enabled=False)
    connected.resync()
    assert connected.reaches("ann", "disabled_in_directory")
    assert connected.busy("ann")["freshness"] == "unknown"
    assert connected.rows("Calendars", f"{connected.org}|ann") == []
    connected.microsoft.change_user(connected.tenant, user, account_enabled=True)
    connected.resync()
    assert connected.reaches("ann", "connected")


def test_a_reassigned_address_inherits_nothing(connected: Company) -> None:
    connected.microsoft.delete_user(connected.tenant, f"ann@{connected.domain}", permanently=True)
    connected.resync()
    assert connected.reaches("ann", "not_matched")
    successor = connected.hire("ann")
    connected.resync()
    connected.add("new")
    assert connected.reaches("new", "connected")
    assert connected.states()["ann"] == "not_matched"
    assert not [r for r in connected.calendar_requests() if successor["id"] in r["path"]]


def test_who_leaves_the_roster_is_forgotten_here_and_at_microsoft(connected: Company) -> None:
    connected.backend.call("DELETE", "/api/members/ann").raise_for_status()
    assert waits(lambda: len(connected.microsoft.subscriptions(connected.tenant)) == 1)
    assert waits(lambda: not connected.rows("Mailboxes", connected.tenant)[1:])
    assert connected.rows("Calendars", f"{connected.org}|ann") == []
    assert connected.object_id("ann") not in str(connected.rows("Connections", connected.org))


def test_a_guest_is_never_matched(company: Company) -> None:
    company.microsoft.add_user(
        company.tenant, "Guest", f"guest_other.example#EXT#@{company.org}.onmicrosoft.com",
        mail="guest@other.example", proxy_addresses=["SMTP:guest@other.example"], user_type="Guest",
    )  # fmt: skip
    company.join("guest", "guest@other.example")
    company.connect()
    assert company.states()["guest"] == "not_matched"


def test_two_members_with_one_address_are_ambiguous(company: Company) -> None:
    company.hire("ann")
    company.join("ann")
    company.join("double", f"ann@{company.domain}")
    company.connect()
    assert set(company.states().values()) == {"ambiguous"}
    assert company.calendar_requests() == []


def test_who_was_ambiguous_is_connected_once_one_user_is_left(connected: Company) -> None:
    address = f"pat@{connected.domain}"
    first, second = connected.hire("pat1"), connected.hire("pat2")
    for user in (first, second):
        connected.microsoft.change_user(connected.tenant, user["id"], mail=address)
    connected.join("pat", address)
    assert connected.reaches("pat", "ambiguous")
    connected.microsoft.change_user(connected.tenant, second["id"], mail=f"pat2@{connected.domain}")
    connected.resync()
    assert connected.reaches("pat", "connected")


def test_whose_address_was_claimed_twice_is_connected_once_the_other_gives_it_up(connected: Company) -> None:
    connected.hire("kim")
    connected.join("kim")
    connected.join("twin", f"kim@{connected.domain}")
    connected.backend.call("DELETE", "/api/members/kim").raise_for_status()
    connected.join("kim")
    assert connected.reaches("kim", "ambiguous")
    connected.backend.call("DELETE", "/api/members/twin").raise_for_status()
    assert connected.reaches("kim", "connected")


def test_an_address_the_directory_refuses_to_look_for_holds_nobody_up(connected: Company) -> None:
    fault = connected.microsoft.add_fault(
        "/users", tenant=connected.tenant, status=400, code="Request_BadRequest", times=None
    )
    connected.join("odd")
    assert connected.reaches("odd", "not_matched")
    connected.microsoft.clear_faults(fault)
    connected.add("eva")
    assert connected.reaches("eva", "connected")


def test_putting_a_member_again_answers_with_their_state(connected: Company) -> None:
    body = {"name": "Ann", "addresses": [f"ann@{connected.domain}"]}
    answer = connected.backend.call("PUT", "/api/members/ann", body)
    assert (answer.status_code, answer.json()["state"]) == (200, "connected")


def test_a_domain_given_up_is_no_longer_seen_as_owned(connected: Company) -> None:
    former = f"former-{connected.domain}"
    domains = [connected.domain, f"{connected.org}.onmicrosoft.com"]
    connected.microsoft.change_tenant(connected.tenant, domains=[*domains, former])
    user = connected.microsoft.add_user(connected.tenant, "X", f"x@{former}")
    connected.resync()
    assert waits(lambda: former in connected.admin.tenants()[0]["domains"])
    connected.microsoft.delete_user(connected.tenant, user["id"], permanently=True)
    connected.microsoft.add_fault("/users/delta", tenant=connected.tenant, status=410, code="SyncStateNotFound")
    connected.resync()
    assert waits(lambda: former not in connected.admin.tenants()[0]["domains"])
    assert connected.states() == {"ann": "connected", "ben": "connected"}


def test_only_members_mailboxes_are_read_and_nobody_else_is_stored(company: Company) -> None:
    company.add("ann")
    strangers = [company.hire(name)["id"] for name in ("xaver", "yvonne")]
    company.connect()
    asked = {r["path"].split("/users/")[1].split("/")[0] for r in company.calendar_requests()}
    assert len(asked) == 1
    assert not asked & set(strangers)
    tables = ("Connections", "Members", "Tenants", "Mailboxes", "Audit")
    kept = str([company.rows(t, p) for t in tables for p in (company.org, company.tenant)])
    assert not [stranger for stranger in strangers if stranger in kept]
    assert "xaver" not in kept.lower()


TROUBLES = {
    **{twist: {"twist": twist} for twist in ("empty_page", "duplicates", "replay", "late", "expired")},
    "an error of another service": {"status": 403, "code": "Forbidden"},
    "a link that is void": {"status": 410, "code": "SyncStateNotFound"},
    "a link that is void, and again": {"status": 410, "code": "SyncStateNotFound", "times": 2},
    "a link Graph calls wrong": {"status": 400, "code": "Directory_ExpiredPageToken"},
    "a request Graph calls wrong": {"status": 400, "code": "Request_BadRequest", "times": 2},
    "throttling": {"status": 429, "code": "TooManyRequests", "retry_after": 1},
    "a gateway's page": {"status": 502, "html": True},
}


@pytest.fixture(scope="module")
def troubled(stack: Stack) -> Iterator[dict[str, Company]]:
    """A customer for each trouble, in the middle of a round that has it. They are made at once: all is waiting."""

    def one(fault: dict[str, Any]) -> Company:
        company = connected_company(stack)
        company.microsoft.add_fault("/users/delta", tenant=company.tenant, **fault)
        company.join("eva")
        company.hire("eva")
        return company

    with ThreadPoolExecutor(6) as pool:
        made = dict(zip(TROUBLES, pool.map(one, TROUBLES.values()), strict=True))
    for _ in range(2):
        stack.run_now("resync")
    yield made
    for company in made.values():
        company.retire()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_directory_round_in_trouble_ends_in_the_same_matches(troubled: dict[str, Company], trouble: str) -> None:
    company = troubled[trouble]
    assert company.reaches("eva", "connected")
    assert company.states() == {"ann": "connected", "ben": "connected", "eva": "connected"}
    assert company.admin.tenants()[0]["status"] == "connected"


def test_an_empty_directory_answer_disconnects_nobody(connected: Company) -> None:
    connected.microsoft.add_fault("/users/delta", tenant=connected.tenant, status=410, code="SyncStateNotFound")
    connected.microsoft.add_fault(
        "/users/delta", tenant=connected.tenant, status=200,
        body='{"value":[],"@odata.deltaLink":"https://localhost/x"}', times=1,
    )  # fmt: skip
    connected.resync()
    connected.add("eva")
    assert connected.reaches("eva", "connected")
    assert connected.states()["ann"] == "connected"
