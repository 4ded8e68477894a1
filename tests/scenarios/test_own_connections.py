"""Members connect an Outlook of their own: over HTTP, on the running service, beside the simulated Microsoft."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local.microsoft.remote import sign_in
from shared.model import own_mailbox
from tests.scenarios.company import Company, waits
from tests.scenarios.own_account import KINDS, Account, Person, new_account


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
    assert secrets_found(company, log_file) == []
    assert ann.disconnect().status_code == 200
    assert ann.own() is None
    assert ann.managed()["state"] == "not_matched"
    assert is_forgotten(company, ann, account)


def secrets_found(company: Company, log_file: Path) -> list[str]:
    """Tokens, codes and verifiers that can be read in what is kept or logged."""
    grants = company.stack.microsoft.world.grants
    secrets = [*grants.refresh_tokens, *grants.codes, "code_verifier"]
    assert len(secrets) > 2
    shards = own_mailbox(company.member("ann"))
    kept = [company.rows(table, company.org) for table in ("Tokens", "SignIns", "OwnConnections", "Audit")]
    said = repr(kept) + repr(company.rows("Mailboxes", shards.tenant_id)) + log_file.read_text()
    return [secret for secret in secrets if secret in said]


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
            and not any(mailbox == key for mailbox, _ in tables.calendars.named(owner))
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


def test_the_managed_account_itself_is_refused_and_said_to_be_connected(connected: Company) -> None:
    ann = Person(connected)
    answer = ann.connect(Account(connected.tenant, f"ann@{connected.domain}"))
    assert answer.status_code == 409
    assert "connected already" in answer.text
    assert ann.own() is None


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


class TestAttacks:
    """On the way to Microsoft and back, by name."""

    def test_login_csrf_ends_in_another_browser(self, untouched: Company) -> None:
        """Ann's link, finished by Ben: his calendar is not hers."""
        ann, ben = Person(untouched), Person(untouched, "ben")
        url = ann.begin().json()["url"]
        victim = new_account(untouched)
        assert "another browser" in ben.return_from(sign_in(url, victim.upn)).text
        assert ann.own() is None
        assert ben.own() is None

    def test_a_swapped_member_does_not_get_the_others_account(self, untouched: Company) -> None:
        """Ben's cookie with Ann's state."""
        ann, ben = Person(untouched), Person(untouched, "ben")
        url = ann.begin().json()["url"]
        ben.begin()
        assert "another browser" in ben.return_from(sign_in(url, new_account(untouched).upn)).text
        assert (ann.own(), ben.own()) == (None, None)

    def test_an_injected_code_fails_on_the_proof_key(self, untouched: Company) -> None:
        """Somebody else's code under Ann's own state."""
        ann, ben = Person(untouched), Person(untouched, "ben")
        stolen = sign_in(ben.begin().json()["url"], new_account(untouched).upn)
        mine = sign_in(ann.begin().json()["url"], new_account(untouched).upn)
        code = stolen.partition("code=")[2].partition("&")[0]
        own_code = mine.partition("code=")[2].partition("&")[0]
        answer = ann.return_from(mine.replace(own_code, code))
        assert answer.status_code == 400
        assert ann.own() is None

    @pytest.mark.parametrize("flaw", ["nonce", "unsigned", "hmac", "iss", "aud", "oid"])
    def test_an_id_token_with_a_flaw_connects_nobody(self, untouched: Company, flaw: str) -> None:
        ann = Person(untouched)
        url = ann.begin().json()["url"]
        untouched.microsoft.flaw_next_id_token(flaw)
        answer = ann.return_from(sign_in(url, new_account(untouched).upn))
        assert answer.status_code == 400, answer.text
        assert ann.own() is None


def test_a_state_is_good_once(connected: Company) -> None:
    ann, account = Person(connected), new_account(connected)
    callback = sign_in(ann.begin().json()["url"], account.upn)
    cookies = ann.browser.cookies.copy()
    assert ann.return_from(callback).status_code == 303
    ann.browser.cookies = cookies
    assert "no longer under way" in ann.return_from(callback).text


@pytest.mark.parametrize("how", ["swapped", "rolled back", "key lost"])
def test_tokens_that_do_not_belong_there_open_nothing(connected: Company, how: str) -> None:
    ann, ben = Person(connected), Person(connected, "ben")
    first, second = new_account(connected), new_account(connected, "consumer")
    ann.connected(first)
    tokens = connected.services().tables.tokens
    row = f"{ann.name}|personal"
    old = tokens.get(connected.org, row)
    ben.connected(second) if how == "swapped" else ann.connected(first)
    assert old is not None
    other = tokens.get(connected.org, "ben|personal") if how == "swapped" else old
    assert other is not None
    damaged = other.value
    if how == "key lost":
        version, _, rest = damaged.cache.partition(".")
        damaged = replace(damaged, cache=f"{version}.00000000.{rest.partition('.')[2]}")
    tokens.put(connected.org, row, damaged)
    connected.stack.stop_service()
    connected.stack.start_service()
    ann.meet(first, hour=16)
    assert ann.reaches("reconnect_required")
    ann.connected(first)
