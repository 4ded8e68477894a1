"""P4 and P5 under attack: each way to get a tenant connected that should not be, and each is refused."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import pytest
import requests

from local.client import Browser
from local.microsoft import remote
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.grants import IdTokenFlaw
from local.stack import Stack
from tests.scenarios.company import GLOBAL_ADMINISTRATOR, Company, consent_answer

REFUSED = 403
NOT_PROVEN = 400
NO_LONGER_UNDER_WAY = 409


def altered(url: str, **query: str | None) -> str:
    """The address with query parameters changed, or removed where None."""
    parts = urlsplit(url)
    kept = {name: values[0] for name, values in parse_qs(parts.query).items()} | query
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in kept.items() if v is not None})))


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


@pytest.mark.parametrize("flaw", [flaw for flaw in IdTokenFlaw.__args__ if flaw != "oid"])
def test_an_id_token_wrong_in_one_claim_is_refused(company: Company, flaw: IdTokenFlaw) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = remote.sign_in(browser.press(made["url"]).headers["Location"], company.admin_upn)
    company.microsoft.flaw_next_id_token(flaw)
    assert browser.open(answer).status_code == NOT_PROVEN
    assert company.admin.link(made["id"])["step"] == "refused"
    assert company.admin.tenants() == []


def test_a_consent_callback_of_somebody_who_never_signed_in_is_worth_nothing(company: Company, stack: Stack) -> None:
    """The forgery that needs no account at all: a state of the right shape, any tenant, and a claim of success."""
    made = company.admin.make_link()
    forged = {
        "admin_consent": "True", "tenant": Company(stack, "victim").tenant, "state": made["url"].rpartition("/")[2],
        "scope": "https://graph.microsoft.com/.default",
    }  # fmt: skip
    answer = Browser().open(f"{stack.url}/callback/consent?{urlencode(forged)}")
    assert answer.status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []
    assert company.admin.link(made["id"])["step"] == "created"


def test_a_consent_callback_between_button_and_sign_in_is_worth_nothing(company: Company) -> None:
    """The state of the sign-in is no state of the consent, even in the browser that holds the cookie."""
    made, browser = company.admin.make_link(), Browser()
    state = parse_qs(urlsplit(browser.press(made["url"]).headers["Location"]).query)["state"][0]
    forged = urlencode({"admin_consent": "True", "tenant": company.tenant, "state": state})
    assert browser.open(f"{company.stack.url}/callback/consent?{forged}").status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []


def test_a_sign_in_answer_with_the_state_of_the_consent_is_refused(company: Company) -> None:
    made, browser = company.admin.make_link(), Browser()
    answer = remote.sign_in(browser.press(made["url"]).headers["Location"], company.admin_upn)
    to_consent = browser.open(answer).headers["Location"]
    state = parse_qs(urlsplit(to_consent).query)["state"][0]
    assert browser.open(altered(answer, state=state)).status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []


def test_a_link_used_twice_at_once_connects_one_tenant(company: Company, stack: Stack) -> None:
    rival = Company(stack, "rival")
    made = company.admin.make_link()

    def run(upn: str) -> bool:
        browser = Browser()
        to_sign_in = browser.press(made["url"]).headers.get("Location")
        to_consent = to_sign_in and browser.open(remote.sign_in(to_sign_in, upn)).headers.get("Location")
        return bool(to_consent) and browser.open(remote.consent(str(to_consent), upn)).status_code == 303

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(run, [company.admin_upn, rival.admin_upn]))
    found = company.admin.link(made["id"])
    assert sum(ended) == 1
    assert len(company.admin.tenants()) == 1
    assert found["step"] == "connected"


def test_one_consent_answer_sent_twice_at_once_connects_once(company: Company) -> None:
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    with ThreadPoolExecutor(2) as pool:
        statuses = [found.status_code for found in pool.map(lambda _: browser.open(answer), range(2))]
    assert set(statuses) <= {303, NO_LONGER_UNDER_WAY}
    assert len(company.admin.tenants()) == 1


def test_a_link_opened_in_another_browser_half_way_leaves_only_the_later_attempt(company: Company) -> None:
    made, first, second = company.admin.make_link(), Browser(), Browser()
    answer = consent_answer(company, first, made["url"])
    second.open(made["url"])
    to_sign_in = second.press(made["url"]).headers["Location"]
    assert first.open(answer).status_code == NO_LONGER_UNDER_WAY
    assert company.admin.tenants() == []
    to_consent = second.open(remote.sign_in(to_sign_in, company.admin_upn)).headers["Location"]
    assert second.open(remote.consent(to_consent, company.admin_upn)).status_code == 303


def test_a_tenant_that_has_consented_is_not_connected_by_somebody_without_the_role(
    connected: Company, stack: Stack
) -> None:
    """An attacker's organization cannot connect a tenant by an ordinary account of it."""
    attacker = Company(stack, "attacker")
    answer = Browser().sign_in(attacker.admin.make_link()["url"], f"ann@{connected.domain}")
    assert answer.status_code == REFUSED
    assert attacker.admin.tenants() == []


GUESTS = {
    "by its name": {"name": "eve_evil.example#EXT#"},
    "by its identity provider": {"name": "eve", "home": True},
}


@pytest.mark.parametrize("guest", GUESTS.values(), ids=GUESTS)
def test_a_guest_who_administers_a_tenant_cannot_connect_it(company: Company, stack: Stack, guest: dict) -> None:
    victim = Company(stack, "victim")
    home = {"home_tenant_id": company.tenant} if guest.get("home") else {}
    upn = f"{guest['name']}@{victim.org}.onmicrosoft.com"
    victim.microsoft.add_user(
        victim.tenant, "Eve", upn, user_type="Guest", role_templates=[GLOBAL_ADMINISTRATOR], **home
    )
    made, browser = company.admin.make_link(), Browser()
    to_sign_in = browser.press(made["url"]).headers["Location"].replace("/organizations/", f"/{victim.tenant}/")
    assert browser.open(remote.sign_in(to_sign_in, upn)).status_code == REFUSED
    assert company.admin.link(made["id"])["reason"] == "guest_account"
    assert company.admin.tenants() == []


def test_a_personal_account_connects_nothing(company: Company) -> None:
    """Microsoft offers none where organizations sign in; an attacker asks it for another place to sign in."""
    made, browser = company.admin.make_link(), Browser()
    upn = next(user["user_principal_name"] for user in company.microsoft.users(PERSONAL_TENANT))
    to_sign_in = browser.press(made["url"]).headers["Location"]
    with pytest.raises(remote.PageShownError):
        remote.sign_in(to_sign_in, upn)
    answer = remote.sign_in(to_sign_in.replace("/organizations/", "/common/"), upn)
    assert browser.open(answer).status_code == REFUSED
    assert company.admin.link(made["id"])["reason"] == "personal_account"
    assert company.admin.tenants() == []


def test_a_mail_address_of_the_victim_is_no_proof_of_the_expected_domain(company: Company, stack: Stack) -> None:
    """nOAuth: the attacker's directory says whatever the attacker likes in `mail`."""
    attacker = Company(stack, "attacker")
    attacker.microsoft.change_user(attacker.tenant, attacker.admin_upn, mail=company.admin_upn)
    made = company.admin.make_link(expected_domains=[company.domain])
    assert Browser().sign_in(made["url"], attacker.admin_upn).status_code == REFUSED
    assert company.admin.link(made["id"])["reason"] == "wrong_tenant"
    assert company.admin.tenants() == []


def test_a_mail_address_of_the_victim_matches_nobody(company: Company, stack: Stack) -> None:
    """nOAuth: even in a connected tenant, `mail` counts only in domains the tenant is seen to own."""
    attacker = Company(stack, "attacker")
    attacker.hire("eve", mail=f"ann@{company.domain}", proxy_addresses=[])
    company.join("ann")
    company.hire("bob")
    answer = Browser().activate(company.admin.make_link()["url"], attacker.admin_upn)
    assert answer.status_code == 303
    assert company.reaches("ann", "not_matched")
    assert attacker.calendar_requests() == []
