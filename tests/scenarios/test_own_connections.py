"""Members connect an Outlook of their own: over HTTP, on the running service, beside the simulated Microsoft."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.microsoft.remote import sign_in
from shared.model import own_mailbox
from tests.scenarios.company import Company, waits
from tests.scenarios.in_clear import found_in_clear
from tests.scenarios.own_account import KINDS, Account, Person, new_account

pytestmark = pytest.mark.usefixtures("nothing_in_clear")


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_connects_sees_changes_and_disconnects_without_any_tenant(
    company: Company, kind: str, log_file: Path
) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, account = Person(company), new_account(company, kind)
    ann.meet(account, hour=9)
    ann.connected(account)
    assert (own := ann.own()) is not None
    assert (own["mailbox"], own["source"], own["may_disconnect"]) == (account.upn, "personal", True)
    assert ann.becomes_true(account)
    ann.meet(account, hour=13)
    assert ann.becomes_true(account)
    assert ann.managed()["detail"] == "own_connection"
    assert found_in_clear(company.stack, log_file) == set()
    assert ann.disconnect().status_code == 200
    assert ann.own() is None
    assert ann.managed()["state"] == "not_matched"
    assert is_forgotten(company, ann, account)


def is_forgotten(company: Company, person: Person, account: Account) -> bool:
    """Whether nothing is left of a connection, here and at Microsoft."""
    owner = company.member(person.name)
    key = own_mailbox(owner)
    tables = company.services().tables
    return waits(
        lambda: (
            tables.mailboxes.row(key) is None
            and tables.own_connections.get(*owner) is None
            and company.rows("Tokens", company.org) == []
            and not any(calendar.mailbox == key for calendar, _ in tables.calendars.named(owner))
            and not [one for one in company.microsoft.subscriptions(account.tenant) if is_of(company, one, account)]
        )
    )


def is_of(company: Company, subscription: dict[str, str], account: Account) -> bool:
    user = company.microsoft.user(account.tenant, account.upn)["id"]
    return user in repr(subscription) and "expired" not in subscription.get("state", "")


def test_both_calendars_count_and_the_tenants_end_leaves_the_own_one(connected: Company) -> None:
    ann, account = Person(connected), new_account(connected)
    managed = Account(connected.tenant, f"ann@{connected.domain}")
    connected.meet("ann", hour=9)
    ann.meet(account, hour=13)
    ann.connected(account)
    assert ann.becomes_true(managed, account)
    assert ann.managed()["state"] == "connected"
    connected.admin.call("DELETE", f"/api/outlook/tenants/{connected.tenant}").raise_for_status()
    assert waits(lambda: not connected.admin.tenants())
    assert ann.becomes_true(account)
    assert ann.own() is not None


def test_an_own_connection_keeps_the_managed_one_out_until_it_ends(company: Company) -> None:
    company.add("ann")
    ann, account = Person(company), new_account(company, "consumer")
    ann.connected(account)
    company.activate()
    assert company.tenant_reaches("connected")
    company.resync()
    assert ann.managed()["state"] == "user_disconnected"
    assert ann.disconnect().status_code == 200
    assert waits(lambda: ann.managed()["state"] == "connected")


def test_a_revoked_sign_in_asks_for_a_new_one_once_and_that_restores_everything(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, account = Person(company), new_account(company)
    ann.connected(account)
    company.microsoft.set_switches(revocation_reaches_graph=True)
    try:
        company.microsoft.revoke_sign_ins(account.tenant, account.upn)
        ann.meet(account, hour=13)
        assert ann.reaches("reconnect_required")
    finally:
        company.microsoft.set_switches(revocation_reaches_graph=False)
    asked = company.microsoft.requests("/common/oauth2/v2.0/token")
    ann.meet(account, hour=15)
    company.resync()
    company.resync()
    assert company.microsoft.wait_until_idle()
    assert len(company.microsoft.requests("/common/oauth2/v2.0/token")) == len(asked)
    ann.connected(account)
    assert ann.becomes_true(account)


def test_another_account_takes_the_place_of_the_first(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, first, second = Person(company), new_account(company), new_account(company, "consumer")
    ann.meet(first, hour=9)
    ann.connected(first)
    assert ann.becomes_true(first)
    ann.meet(second, hour=13)
    ann.connected(second)
    assert ann.becomes_true(second)
    assert (ann.own() or {})["mailbox"] == second.upn


def test_a_member_who_leaves_the_roster_takes_all_of_it_along(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, account = Person(company), new_account(company)
    ann.connected(account)
    company.backend.call("DELETE", "/api/members/ann").raise_for_status()
    assert is_forgotten(company, ann, account)


def test_where_the_policy_forbids_it_there_are_no_new_ones_and_old_ones_say_so(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    company.join("ben", f"ben@{company.domain}")
    ann, ben, account = Person(company), Person(company, "ben"), new_account(company)
    ann.connected(account)
    begun = ben.begin().json()["url"]
    company.admin.call("PATCH", "/api/outlook/policy", {"members_may_connect_personal": False}).raise_for_status()
    refused = ben.begin()
    assert (refused.status_code, refused.json()["reason"]) == (403, "policy")
    assert "does not allow this" in ben.return_from(sign_in(begun, new_account(company).upn)).text
    assert "no more accounts" in ((own := ann.own()) or {})["why_not"]
    assert own is not None
    ann.connected(account)
    assert "does not allow this" in ann.connect(new_account(company)).text
    assert (ann.own() or {})["mailbox"] == account.upn
    company.admin.call("PATCH", "/api/outlook/policy", {"members_may_connect_personal": True}).raise_for_status()
    assert ((ann.own() or {})["why_not"], ben.begin().status_code) == (None, 200)
    company.admin.call("PATCH", "/api/outlook/policy", {"members_may_connect_personal": False}).raise_for_status()
    ann.disconnect().raise_for_status()
    assert (ann.begin().status_code, ann.mine()["may_connect_personal"]) == (403, False)


def test_the_platform_hears_of_it_with_its_source(company: Company) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann = Person(company)
    ann.connected(new_account(company))
    ann.disconnect().raise_for_status()

    def heard() -> list[str]:
        told = [event["data"] for event in company.stack.platform.events.of(company.org, "ann")]
        return [one["state"] for one in told if one["source"] == "personal"]

    assert waits(lambda: heard()[-1:] == ["user_disconnected"]), heard()
    assert heard()[0] == "connecting"
