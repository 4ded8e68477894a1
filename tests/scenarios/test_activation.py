"""P4: a tenant is connected on proof only, and only once per link."""

from datetime import timedelta

import pytest
import requests

from local.client import Browser
from local.microsoft import remote
from shared.bootstrap import Services, utc_now
from shared.errors import Refusal
from shared.settings import Settings
from tests.scenarios.company import Company, consent_answer, waits

REFUSED = 403
NOT_PROVEN = 400
NO_LONGER_UNDER_WAY = 409
GONE = 410
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"


def test_opening_a_link_changes_nothing(company: Company) -> None:
    made = company.admin.make_link()
    for _ in range(3):
        assert Browser().open(made["url"]).status_code == 200
    found = company.admin.link(made["id"])
    assert (found["step"], found["is_open"], "reason" in found) == ("opened", True, False)
    assert company.microsoft.requests(tenant=company.tenant) == []


def test_when_a_link_was_first_opened_is_kept(company: Company) -> None:
    made = company.admin.make_link()
    assert "opened_at" not in company.admin.link(made["id"])
    Browser().open(made["url"])
    first = company.admin.link(made["id"])["opened_at"]
    Browser().open(made["url"])
    assert company.admin.link(made["id"])["opened_at"] == first


def test_asking_for_the_head_of_the_page_notes_nothing(company: Company) -> None:
    made = company.admin.make_link()
    requests.head(made["url"], timeout=30)
    assert company.admin.link(made["id"])["step"] == "created"


def test_each_step_is_told_with_words_and_what_to_do_next(company: Company) -> None:
    made, browser = company.admin.make_link(), Browser()

    def told() -> tuple[str, bool]:
        found = company.admin.link(made["id"])
        return found["step"], bool(found["step_text"] and found["next_step"])

    assert told() == ("created", True)
    browser.open(made["url"])
    assert told() == ("opened", True)
    to_sign_in = browser.press(made["url"]).headers["Location"]
    assert told() == ("started", True)
    to_consent = browser.open(remote.sign_in(to_sign_in, company.admin_upn)).headers["Location"]
    assert told() == ("approving", True)
    browser.open(remote.consent(to_consent, company.admin_upn))
    assert told() == ("connected", True)


def test_the_message_comes_with_the_new_link_and_never_again(company: Company) -> None:
    made = company.admin.make_link(expires_in_days=3)
    assert made["url"] in made["message"]["body"]
    assert "3 days" in made["message"]["body"]
    assert not {"url", "message"} & set(company.admin.link(made["id"]))


def test_the_commands_for_some_mailboxes_only_are_filled_in(company: Company) -> None:
    answer = company.admin.call("GET", "/api/outlook/mailbox-scope").json()
    assert company.stack.settings["MICROSOFT_CLIENT_ID"] in answer["text"]
    assert all(step["command"] in answer["text"] for step in answer["steps"])
    assert answer["scope"] == "Calendly Acme scope"


def test_revoking_answers_in_every_state(company: Company) -> None:
    def revoke(link: str) -> int:
        return company.admin.call("DELETE", f"/api/outlook/activation-links/{link}").status_code

    unused, used = company.admin.make_link(), company.admin.make_link()
    Browser().activate(used["url"], company.admin_upn)
    assert [revoke(unused["id"]), revoke(unused["id"]), revoke(used["id"]), revoke("0" * 12)] == [204, 204, 409, 404]
    entries = [entry for entry in company.rows("Audit", company.org) if "activation_link.revoked" in str(entry)]
    assert len(entries) == 1


def test_an_organization_of_any_name_makes_links(company: Company) -> None:
    admin = company.client("admin", org_name="A\r\nBcc: everybody@evil.example\u202e" + "x" * 3_000)
    made = admin.make_link()
    assert "\n" not in made["message"]["subject"]
    assert "\nBcc:" not in made["message"]["body"]
    assert Browser().open(made["url"]).status_code == 200


def test_the_token_is_stored_only_as_a_hash(company: Company) -> None:
    made = company.admin.make_link()
    secret = made["url"].rpartition("~")[2]
    assert secret not in str(company.rows("Activations", company.org))


def test_an_admin_connects_the_tenant(company: Company) -> None:
    company.add("ann")
    company.connect()
    assert company.states() == {"ann": "connected"}


@pytest.mark.parametrize("roles", [[], [APPLICATION_ADMINISTRATOR]], ids=["nobody", "application administrator"])
def test_a_person_without_the_role_is_refused_and_the_link_stays_good(company: Company, roles: list[str]) -> None:
    user = company.hire("clerk", role_templates=roles)
    made = company.admin.make_link()
    answer = Browser().sign_in(made["url"], user["user_principal_name"])
    assert answer.status_code == REFUSED
    found = company.admin.link(made["id"])
    assert (found["step"], found["reason"], found["refused_tenant"]) == ("refused", "role_missing", company.tenant)
    assert company.admin.tenants() == []
    assert Browser().activate(made["url"], company.admin_upn).headers["Location"].endswith("/activated")


def test_declining_connects_nothing_and_the_link_stays_good(company: Company) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = consent_answer(company, browser, made["url"], accept=False)
    assert browser.open(answer).status_code == REFUSED
    assert company.admin.tenants() == []
    found = company.admin.link(made["id"])
    assert (found["step"], found["reason"], found["refused_tenant"]) == (
        "refused",
        "consent_declined",
        company.tenant,
    )
    assert browser.activate(made["url"], company.admin_upn).status_code == 303


def test_a_used_link_is_used_up(company: Company) -> None:
    link = company.admin.make_link()["url"]
    Browser().activate(link, company.admin_upn)
    assert Browser().open(link).status_code == GONE
    assert Browser().press(link).status_code == GONE


def test_a_revoked_link_stops_whoever_is_half_way_through(company: Company) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = consent_answer(company, browser, made["url"])
    assert company.admin.call("DELETE", f"/api/outlook/activation-links/{made['id']}").status_code == 204
    assert browser.open(answer).status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []
    assert Browser().open(made["url"]).status_code == GONE


def test_an_expired_link_is_refused(company: Company) -> None:
    made = company.admin.make_link(expires_in_days=7)
    settings = Settings.from_env(company.stack.settings)
    token = made["url"].rpartition("/")[2]
    Services(settings, now=lambda: utc_now() + timedelta(days=6, hours=23)).activation.open(token)
    with pytest.raises(Refusal, match="link_expired"):
        Services(settings, now=lambda: utc_now() + timedelta(days=7, seconds=1)).activation.open(token)


def test_consent_that_spreads_slowly_is_waited_for(company: Company) -> None:
    company.add("ann")
    company.microsoft.set_consent_delay(2)
    try:
        company.connect()
    finally:
        company.microsoft.set_consent_delay(0)
    assert company.states() == {"ann": "connected"}


def test_permissions_that_spread_later_than_the_app_are_waited_for(company: Company) -> None:
    """A token from before has no role in it, and would be good for an hour."""
    company.add("ann")
    company.microsoft.grant_consent(company.tenant, [])
    company.microsoft.set_consent_delay(2)
    try:
        company.connect()
    finally:
        company.microsoft.set_consent_delay(0)
    assert company.states() == {"ann": "connected"}


def test_a_new_approval_reads_again_what_was_refused(connected: Company) -> None:
    ann = connected.object_id("ann")
    connected.microsoft.change_tenant(connected.tenant, denied_mailboxes=[ann])
    connected.meet("ann")
    assert connected.reaches("ann", "out_of_scope")
    connected.microsoft.change_tenant(connected.tenant, denied_mailboxes=[])
    connected.activate()
    assert connected.reaches("ann", "connected")
    assert connected.becomes_true("ann")


def test_a_tenant_that_turned_out_wrong_is_left_alone(company: Company) -> None:
    upn = f"root@{company.org}.onmicrosoft.com"
    roles = ["62e90394-69f5-4237-9190-012177145e10"]
    company.microsoft.add_user(company.tenant, "Root", upn, role_templates=roles)
    Browser().activate(company.admin.make_link(expected_domains=["other.example"])["url"], upn)
    assert company.tenant_reaches("wrong_tenant")
    before = len(company.directory_rounds())
    company.join("ann")
    company.resync()
    assert not waits(lambda: len(company.directory_rounds()) > before, 2)
    assert company.tenant_reaches("wrong_tenant", 1)
