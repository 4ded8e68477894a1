"""What is sent to harm: it reaches no header, no log, no redirect, and nothing is too large to be answered."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from local.client import Browser
from local.host.http import Keys
from local.microsoft import remote
from shared.functions.app import API
from shared.functions.endpoints import Api, Who
from tests.scenarios.company import Company, consent_answer

INJECTED = "x\r\nSet-Cookie: outlook_activation=evil\r\nLocation: https://evil.example\r\n\r\n<script>"
EVIL = "evil.example"
MIB = 1024 * 1024


def headers_of(answer: requests.Response) -> str:
    return str(dict(answer.headers))


PARAMETERS = ["state", "code", "error", "error_description", "tenant", "admin_consent", "session_state", "scope"]


@pytest.mark.parametrize("callback", ["sign-in", "consent"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_line_breaks_in_a_callback_reach_no_header(untouched: Company, callback: str, name: str) -> None:
    others = {"state": f"{untouched.org}~{'0' * 12}~{'S' * 43}", "code": "x", "admin_consent": "True"}
    answer = requests.get(
        f"{untouched.stack.url}/callback/{callback}",
        params=others | {name: INJECTED},
        allow_redirects=False,
        timeout=30,
    )
    assert 400 <= answer.status_code < 500
    assert EVIL not in headers_of(answer)
    assert "Set-Cookie" not in answer.headers
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "path", ["/activate/{}", "/static/{}", "/api/members/{}/busy", "/api/outlook/activation-links/{}"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_line_breaks_in_an_address_reach_no_header(untouched: Company, method: str, path: str) -> None:
    url = untouched.stack.url + path.format(quote(INJECTED, safe=""))
    answer = requests.request(method, url, allow_redirects=False, timeout=30)
    assert 400 <= answer.status_code < 500
    assert EVIL not in headers_of(answer)


def test_line_breaks_in_graphs_validation_token_stay_in_the_body(untouched: Company) -> None:
    answer = requests.post(f"{untouched.stack.url}/webhooks/graph", params={"validationToken": INJECTED}, timeout=30)
    assert answer.text == INJECTED
    assert EVIL not in headers_of(answer)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


FORWARDED = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "javascript",
    "X-Original-Host": EVIL,
    "X-Original-URL": f"https://{EVIL}/",
    "Forwarded": f"host={EVIL};proto=https",
}


@pytest.mark.parametrize("header", FORWARDED)
def test_only_our_own_setting_says_what_our_address_is(company: Company, header: str) -> None:
    """A link or redirect address taken from the request would lead the admin, or a code, to somebody else."""
    url, sent = company.stack.url, {header: FORWARDED[header]}
    proven = {"Authorization": f"Bearer {company.token('admin')}"}
    made = requests.post(f"{url}/api/outlook/activation-links", json={}, headers=sent | proven, timeout=30).json()
    assert made["url"].startswith(f"{url}/activate/")
    assert EVIL not in json.dumps(made)
    begun = requests.post(made["url"], headers=sent, allow_redirects=False, timeout=30)
    assert parse_qs(urlsplit(begun.headers["Location"]).query)["redirect_uri"] == [f"{url}/callback/sign-in"]
    assert EVIL not in headers_of(begun) + begun.text


TAMPERED = {"redirect_uri": f"https://{EVIL}/", "url": f"https://{EVIL}/", "next": f"//{EVIL}", "post_logout": EVIL}


def test_no_parameter_leads_the_browser_elsewhere(company: Company) -> None:
    """The whole way through a link, with every address asked to lead somewhere else."""
    added = "&".join(f"{name}={quote(value, safe='')}" for name, value in TAMPERED.items())
    url, browser = company.stack.url, Browser()
    to_sign_in = browser.press(f"{company.admin.make_link()['url']}?{added}").headers["Location"]
    back = remote.sign_in(to_sign_in, company.admin_upn)
    to_consent = browser.open(f"{back}&{added}").headers["Location"]
    done = browser.open(f"{remote.consent(to_consent, company.admin_upn)}&{added}").headers["Location"]
    for place, callback in ((to_sign_in, "sign-in"), (to_consent, "consent")):
        assert place.startswith(company.stack.microsoft.http_url)
        assert parse_qs(urlsplit(place).query)["redirect_uri"] == [f"{url}/callback/{callback}"]
        assert EVIL not in place
    assert done == f"{url}/activated"


def test_a_parameter_given_twice_is_no_way_round_a_check(company: Company) -> None:
    browser = Browser()
    answer = consent_answer(company, browser, company.admin.make_link()["url"])
    assert browser.open(f"{answer}&tenant=00000000-0000-4000-8000-000000000000").status_code in (400, 409)
    assert company.admin.tenants() == []


FORGED = "FORGED-LINE"


def test_nothing_that_is_sent_begins_a_line_of_the_log(company: Company, log_file: Path) -> None:
    url, forged = company.stack.url, f"x\r\n2026-01-01 00:00:00 ERROR {FORGED}"
    named = company.client("admin", org_name=forged, name=forged)
    made = named.make_link()
    escaped = quote(forged, safe="")
    for method, path in (
        ("GET", f"/activate/{escaped}"), ("POST", f"/activate/{escaped}"), ("GET", f"/static/{escaped}"),
        ("GET", f"/callback/sign-in?state={escaped}&code={escaped}&error={escaped}"),
        ("GET", f"/callback/consent?state={escaped}&tenant={escaped}&error={escaped}"),
        ("POST", f"/webhooks/graph?unknown={escaped}"), ("DELETE", f"/api/outlook/activation-links/{escaped}"),
        ("GET", f"/api/outlook/audit?actor={escaped}&cursor={escaped}"), ("GET", f"/{escaped}"),
    ):  # fmt: skip
        headers = {"Authorization": f"Bearer {company.token('admin')}"} if path.startswith("/api") else {}
        requests.request(method, url + path, headers=headers, json={"value": [{"clientState": forged}]}, timeout=30)
    browser = Browser()
    browser.activate(made["url"], company.admin_upn)
    company.backend.call("PUT", "/api/members/ann", {"name": forged, "addresses": ["ann@x.example"]})
    written = log_file.read_text()
    assert written
    for secret in (FORGED, made["url"].rpartition("~")[2], "code=", "state=", "eyJ"):
        assert secret not in written


ROLES = {Who.SERVICE: "service", Who.MEMBER: "user"}


def test_a_body_that_is_too_large_is_refused_before_it_is_read(untouched: Company) -> None:
    """At every endpoint of the API that takes a body, a new one included."""
    api = Api(untouched.services())
    for declare in API:
        declare(api)
    taking = [one for one in api.endpoints if one.body]
    assert {"create_activation_link", "replace_roster", "put_member"} <= {one.name for one in taking}
    for one in taking:
        url = f"{untouched.stack.url}/{re.sub(r'{.+?}', 'ann', one.route)}"
        headers = {"Authorization": f"Bearer {untouched.token(ROLES.get(one.who, 'admin'), 'ann')}"}
        answer = requests.request(one.method, url, headers=headers, data=b"[" * (21 * MIB), timeout=60)
        assert answer.status_code == 413, one.name
    assert set(untouched.states()) == {"ann", "ben"}


def test_a_large_body_for_the_operator_is_not_looked_at(untouched: Company) -> None:
    key = {"x-functions-key": Keys.of(untouched.stack.settings).function}
    for path, status in (("replay", 200), ("calendar-sync/nothing/replay", 404)):
        url = f"{untouched.stack.url}/operations/dead-letters/{path}"
        assert requests.post(url, data=b"x" * (21 * MIB), headers=key, timeout=60).status_code == status


@pytest.mark.parametrize("path", ["/webhooks/graph", "/webhooks/graph/lifecycle"])
def test_a_post_of_notifications_that_is_too_large_is_believed_in_nothing(untouched: Company, path: str) -> None:
    before = len(untouched.calendar_requests())
    item = {"tenantId": untouched.tenant, "clientState": "x" * 9 * MIB}
    answer = requests.post(untouched.stack.url + path, json={"value": [item]}, timeout=60)
    assert answer.status_code == 202
    assert len(untouched.calendar_requests()) == before


def test_a_large_body_at_the_button_changes_nothing_about_it(company: Company) -> None:
    made = company.admin.make_link()
    answer = requests.post(made["url"], data=b"x" * (21 * MIB), allow_redirects=False, timeout=60)
    assert answer.status_code in (303, 413)
    microsoft = company.stack.microsoft.http_url
    assert answer.headers.get("Location", microsoft).startswith(microsoft)
    assert company.admin.link(made["id"])["is_open"]


@pytest.mark.parametrize("path", ["/api/outlook/audit", "/api/outlook/members", "/api/members/ann/busy"])
@pytest.mark.parametrize("name", ["cursor", "since", "until", "actor", "action", "start", "end", "unknown"])
def test_a_parameter_that_is_too_long_is_refused_by_name(untouched: Company, path: str, name: str) -> None:
    answer = untouched.admin.call("GET", path, **{name: "9" * 5_000})
    assert answer.status_code == 400
    assert len(answer.content) < 1_000
