"""P5 and P6 over time: people come, go and change names; only members' calendars are ever touched."""

import pytest

from tests.scenarios.company import Company


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
    ann = connected.microsoft.user(connected.tenant, f"ann@{connected.domain}")["id"]
    from local.client import wait_for

    assert wait_for(lambda: len(connected.microsoft.subscriptions(connected.tenant)) == 1, 20) is not None
    assert wait_for(lambda: not connected.rows("Mailboxes", connected.tenant)[1:], 20) is not None
    assert connected.rows("Calendars", f"{connected.org}|ann") == []
    assert ann not in str(connected.rows("Connections", connected.org))


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


@pytest.mark.parametrize("twist", ["empty_page", "duplicates", "replay", "late", "expired"])
def test_a_directory_round_that_is_odd_ends_in_the_same_matches(connected: Company, twist: str) -> None:
    connected.microsoft.add_fault("/users/delta", tenant=connected.tenant, twist=twist)
    connected.join("eva")
    connected.hire("eva")
    connected.resync()
    connected.resync()
    assert connected.reaches("eva", "connected")
    assert connected.states() == {"ann": "connected", "ben": "connected", "eva": "connected"}


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
