"""P4: a tenant is connected on proof only, and only once per link."""

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests

from local.client import Browser
from local.microsoft import remote
from local.microsoft.entra.issue import IdTokenFlaw
from local.stack import Stack
from shared.bootstrap import Services, utc_now
from shared.errors import Refusal
from shared.settings import Settings
from tests.scenarios.company import Company, waits

REFUSED = 403
NOT_PROVEN = 400
NO_LONGER_UNDER_WAY = 409
GONE = 410
APPLICATION_ADMINISTRATOR = "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"


def altered(url: str, **query: str | None) -> str:
    """The address with query parameters changed, or removed where None."""
    parts = urlsplit(url)
    kept = {name: values[0] for name, values in parse_qs(parts.query).items()} | query
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in kept.items() if v is not None})))


def consent_answer(company: Company, browser: Browser, link: str, *, accept: bool = True) -> str:
    """The address Microsoft sends the browser back to after consent."""
    to_consent = browser.sign_in(link, company.admin_upn).headers["Location"]
    return remote.consent(to_consent, company.admin_upn, accept=accept)


def test_opening_a_link_changes_nothing(company: Company) -> None:
    made = company.admin.make_link()
    for _ in range(3):
        assert Browser().open(made["url"]).status_code == 200
    assert company.admin.link(made["id"])["step"] == "created"
    assert company.microsoft.requests(tenant=company.tenant) == []


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
    assert company.admin.link(made["id"])["reason"] == "role_missing"
    assert company.admin.tenants() == []
    assert Browser().activate(made["url"], company.admin_upn).headers["Location"].endswith("/activated")


def test_consent_for_another_tenant_than_the_proven_one_is_refused(company: Company, stack: Stack) -> None:
    other = Company(stack, "victim")
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    assert browser.open(altered(answer, tenant=other.tenant)).status_code == NOT_PROVEN
    assert company.admin.tenants() == []
    assert "consent_mismatch" in str(company.rows("Audit", company.org))


def test_a_forged_callback_cannot_be_repaired_afterwards(company: Company, stack: Stack) -> None:
    other = Company(stack, "victim")
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    browser.open(altered(answer, tenant=other.tenant))
    assert browser.open(answer).status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []


@pytest.mark.parametrize(
    "changed", [{"state": "x"}, {"state": None}, {"admin_consent": None}, {"tenant": None}], ids=str
)
def test_a_callback_with_anything_missing_is_refused(company: Company, changed: dict[str, str | None]) -> None:
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    assert browser.open(altered(answer, **changed)).status_code in (NOT_PROVEN, 404)
    assert company.admin.tenants() == []


def test_a_consent_callback_cannot_be_replayed(company: Company) -> None:
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    assert browser.open(answer).status_code == 303
    assert browser.open(answer).status_code == NO_LONGER_UNDER_WAY
    assert len(company.admin.tenants()) == 1


def test_a_sign_in_answer_cannot_be_replayed(company: Company) -> None:
    browser = Browser()
    answer = remote.sign_in(browser.press(company.admin.make_link()["url"]).headers["Location"], company.admin_upn)
    assert browser.open(answer).status_code == 303
    assert browser.open(answer).status_code == NO_LONGER_UNDER_WAY


def test_a_stolen_sign_in_answer_is_worthless_in_another_browser(company: Company) -> None:
    answer = remote.sign_in(Browser().press(company.admin.make_link()["url"]).headers["Location"], company.admin_upn)
    assert Browser().open(answer).status_code == NO_LONGER_UNDER_WAY


def test_a_stolen_consent_answer_is_worthless_in_another_browser(company: Company) -> None:
    answer = consent_answer(company, Browser(), company.admin.make_link()["url"])
    assert Browser().open(answer).status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []


def test_pressing_the_button_again_voids_the_first_attempt(company: Company) -> None:
    link = company.admin.make_link()["url"]
    first = Browser()
    answer = remote.sign_in(first.press(link).headers["Location"], company.admin_upn)
    Browser().press(link)
    assert first.open(answer).status_code == NO_LONGER_UNDER_WAY


def test_declining_connects_nothing_and_the_link_stays_good(company: Company) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = consent_answer(company, browser, made["url"], accept=False)
    assert browser.open(answer).status_code == REFUSED
    assert company.admin.tenants() == []
    assert company.admin.link(made["id"])["reason"] == "consent_declined"
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


def test_the_admin_of_another_company_is_refused_where_a_domain_is_expected(company: Company, stack: Stack) -> None:
    other = Company(stack, "stranger")
    made = company.admin.make_link(expected_domains=[company.domain])
    assert Browser().sign_in(made["url"], other.admin_upn).status_code == REFUSED
    assert company.admin.link(made["id"])["reason"] == "wrong_tenant"


def test_a_tenant_that_owns_no_expected_domain_is_not_matched(company: Company, stack: Stack) -> None:
    other = Company(stack, "stranger")
    upn = f"root@{other.org}.onmicrosoft.com"
    roles = ["62e90394-69f5-4237-9190-012177145e10"]
    other.microsoft.add_user(other.tenant, "Root", upn, role_templates=roles)
    other.hire("ann")
    company.join("ann", f"ann@{other.domain}")
    made = company.admin.make_link(expected_domains=[company.domain])
    Browser().activate(made["url"], upn)
    assert company.reaches("ann", "not_matched")
    assert company.admin.tenants()[0]["status"] == "wrong_tenant"
    assert other.calendar_requests() == []


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


FOREIGN = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_the_button_on_somebody_elses_page_starts_nothing(company: Company, headers: dict[str, str]) -> None:
    made = company.admin.make_link()
    answer = requests.post(made["url"], headers=headers, allow_redirects=False, timeout=30)
    assert answer.status_code == REFUSED
    assert "Set-Cookie" not in answer.headers
    assert company.admin.link(made["id"])["step"] == "created"


@pytest.mark.parametrize("flaw", IdTokenFlaw.__args__)
def test_an_id_token_wrong_in_one_claim_is_refused(company: Company, flaw: IdTokenFlaw) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = remote.sign_in(browser.press(made["url"]).headers["Location"], company.admin_upn)
    company.microsoft.flaw_next_id_token(flaw)
    assert browser.open(answer).status_code == NOT_PROVEN
    assert company.admin.link(made["id"])["step"] == "refused"
    assert company.admin.tenants() == []
