"""Whatever is sent, the answer is a problem that names the field and the fix, or says nothing; never a 500."""

import pytest
import requests

from local.stack import Stack
from shared.functions.endpoints import Anything, Who
from tests.scenarios.calls import ENDPOINTS, Calls
from tests.scenarios.company import Company, today

MEMBER = {"id": "zoe", "name": "Zoe", "addresses": ["zoe@x.example"], "time_zone": "Europe/Paris"}


def without(name: str) -> dict:
    return {key: value for key, value in MEMBER.items() if key != name}


ROSTERS = {
    "not JSON": (b"{", None),
    "not UTF-8": (b"\xff\xfe", None),
    "a list": (b"[]", None),
    "empty": (b"", "members"),
    "null": (b"null", None),
    "members missing": ({}, "members"),
    "members is text": ({"members": "x"}, "members"),
    "unknown field": ({"members": [], "extra": 1}, "extra"),
    "unknown field with an odd name": ({"members": [], "ex tra-é": 1}, "ex tra-é"),
    "id missing": ({"members": [without("id")]}, "members[0].id"),
    "id with a slash": ({"members": [MEMBER | {"id": "a/b"}]}, "members[0].id"),
    "id with a line break at the end": ({"members": [MEMBER | {"id": "a\n"}]}, "members[0].id"),
    "address with a zero byte": ({"members": [MEMBER | {"addresses": ["a\0b@x.y"]}]}, "members[0].addresses[0]"),
    "id too long": ({"members": [MEMBER | {"id": "x" * 65}]}, "members[0].id"),
    "name missing": ({"members": [without("name")]}, "members[0].name"),
    "name empty": ({"members": [MEMBER | {"name": ""}]}, "members[0].name"),
    "no addresses": ({"members": [MEMBER | {"addresses": []}]}, "members[0].addresses"),
    "address without @": ({"members": [MEMBER, MEMBER | {"id": "b", "addresses": ["x"]}]}, "members[1].addresses[0]"),
    "unknown zone": ({"members": [MEMBER | {"time_zone": "Mars/Base"}]}, "members[0].time_zone"),
    "zone with a path": ({"members": [MEMBER | {"time_zone": "../../etc/passwd"}]}, "members[0].time_zone"),
    "same id twice": ({"members": [MEMBER, MEMBER]}, "members[1].id"),
    "a number for a name": ({"members": [MEMBER | {"name": 1}]}, "members[0].name"),
    "deeply nested": (b"[" * 100_000, None),
}


@pytest.mark.parametrize(("body", "field"), ROSTERS.values(), ids=ROSTERS)
def test_a_wrong_roster_is_refused_and_changes_nothing(untouched: Company, body: object, field: str | None) -> None:
    url, token = untouched.stack.url, untouched.token("service")
    raw = {"data": body} if isinstance(body, bytes) else {"json": body}
    answer = requests.put(f"{url}/api/members", headers={"Authorization": f"Bearer {token}"}, timeout=30, **raw)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert problem["detail"]
    if field is not None:
        assert problem["field"] == field
    assert set(untouched.states()) == {"ann", "ben"}


def test_a_roster_that_is_too_large_is_refused(untouched: Company) -> None:
    token = untouched.token("service")
    answer = requests.put(
        f"{untouched.stack.url}/api/members", data=b" " * (21 * 1024 * 1024),
        headers={"Authorization": f"Bearer {token}"}, timeout=60,
    )  # fmt: skip
    assert answer.status_code == 413
    assert set(untouched.states()) == {"ann", "ben"}


SPANS = {
    "start missing": ({"end": "2026-12-01T00:00:00Z"}, "start"),
    "end missing": ({"start": "2026-12-01T00:00:00Z"}, "end"),
    "garbage": ({"start": "soon", "end": "2026-12-01T00:00:00Z"}, "start"),
    "no offset": ({"start": "2026-12-01T00:00:00", "end": "2026-12-02T00:00:00Z"}, "start"),
    "a date": ({"start": "2026-12-01", "end": "2026-12-02T00:00:00Z"}, "start"),
    "year 1": ({"start": "0001-01-01T00:00:00+14:00", "end": "2026-12-02T00:00:00Z"}, "start"),
    "year 9999": ({"start": "2026-12-01T00:00:00Z", "end": "9999-12-31T23:59:59-12:00"}, "end"),
    "end before start": ({"start": "2026-12-02T00:00:00Z", "end": "2026-12-01T00:00:00Z"}, "end"),
    "empty": ({"start": "2026-12-02T00:00:00Z", "end": "2026-12-02T00:00:00Z"}, "end"),
    "too long": ({"start": "2026-01-01T00:00:00Z", "end": "2026-12-02T00:00:00Z"}, "end"),
}


@pytest.mark.parametrize(("query", "field"), SPANS.values(), ids=SPANS)
def test_a_wrong_span_names_the_parameter(untouched: Company, query: dict, field: str) -> None:
    answer = untouched.backend.call("GET", "/api/members/ann/busy", **query)
    assert answer.status_code == 400
    assert answer.json()["field"] == field


UNCLEAR = {
    "the start twice": "start=2026-12-01T00:00:00Z&start=2026-12-01T00:00:00Z&end=2026-12-02T00:00:00Z",
    "a zero byte": "start=2026-12-01T00:00:00Z%00&end=2026-12-02T00:00:00Z",
    "half a surrogate": "start=%ED%A0%80&end=2026-12-02T00:00:00Z",
    "no UTF-8": "start=%ff%fe&end=2026-12-02T00:00:00Z",
    "a line break": "start=2026-12-01T00:00:00Z%0a&start=&end=2026-12-02T00:00:00Z%0d%0aX:y",
    "a number of a thousand digits": f"start={'9' * 1000}&end=2026-12-02T00:00:00Z",
    "digits of another script": "start=%D9%A2%D9%A0%D9%A2%D9%A6-12-01T00:00:00Z&end=2026-12-02T00:00:00Z",
    "a parameter nobody knows": "start=2026-12-01T00:00:00Z&end=2026-12-02T00:00:00Z&%00=%00",
}


@pytest.mark.parametrize("query", UNCLEAR.values(), ids=UNCLEAR)
def test_an_odd_query_is_refused(untouched: Company, query: str) -> None:
    answer = untouched.backend.call("GET", f"/api/members/ann/busy?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


STRICT = {name: one for name, one in ENDPOINTS.items() if one.query is not Anything}


@pytest.mark.parametrize("name", STRICT)
def test_a_parameter_that_nobody_knows_is_refused_wherever_parameters_are_read(untouched: Company, name: str) -> None:
    calls, one = Calls(untouched, "nothing"), STRICT[name]
    role = {Who.ADMIN: "admin", Who.MEMBER: "user"}.get(one.who, "service")
    headers = calls.key() if one.who is Who.OPERATOR else calls.bearer(role)
    answer = calls.call(one, headers, strat="2026-12-01T00:00:00Z")
    assert (answer.status_code, answer.json()["field"]) == (400, "strat")


def test_a_plus_sign_that_became_a_blank_is_understood(untouched: Company) -> None:
    url = f"{untouched.stack.url}/api/members/ann/busy?start=2026-12-01T00:00:00+01:00&end=2026-12-02T00:00:00+01:00"
    token = untouched.token("service")
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 200


LINKS = {
    "zero days": ({"expires_in_days": 0}, "expires_in_days"),
    "too many days": ({"expires_in_days": 31}, "expires_in_days"),
    "days as text": ({"expires_in_days": "7"}, "expires_in_days"),
    "a domain with a blank": ({"expected_domains": ["a b"]}, "expected_domains[0]"),
    "unknown field": ({"days": 3}, "days"),
}


@pytest.mark.parametrize(("body", "field"), LINKS.values(), ids=LINKS)
def test_a_wrong_link_wish_is_refused(company: Company, body: dict, field: str) -> None:
    answer = company.admin.call("POST", "/api/outlook/activation-links", body)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert company.admin.call("GET", "/api/outlook/activation-links").json()["activation_links"] == []


MISSING = {
    "member": ("GET", "/api/members/nobody/busy?start=2026-12-01T00:00:00Z&end=2026-12-02T00:00:00Z"),
    "member to remove": ("DELETE", "/api/members/nobody"),
    "odd member": ("DELETE", "/api/members/%2e%2e%2f%2e%2e"),
    "member of control characters": ("DELETE", "/api/members/a%00b%0d%0aX"),
    "link": ("DELETE", "/api/outlook/activation-links/nothing"),
    "odd link": ("DELETE", "/api/outlook/activation-links/%23%3f%5c"),
}


@pytest.mark.parametrize(("method", "path"), MISSING.values(), ids=MISSING)
def test_what_is_not_there_is_404(company: Company, method: str, path: str) -> None:
    caller = company.admin if "outlook" in path else company.backend
    assert caller.call(method, path).status_code == 404


@pytest.mark.parametrize("cursor", ["!", "%00", "x" * 500, "Li4vLi4", "AAAA"])
def test_a_made_up_cursor_is_refused_or_empty(untouched: Company, cursor: str) -> None:
    answer = untouched.admin.call("GET", "/api/outlook/members", cursor=cursor)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert answer.json()["field"] == "cursor"


TOKENS = [
    "x", "a~b~c", "~~", "a~b~" + "c" * 500, "%00~%00~%00", "..%2f..%2f~a~b", "ä~ö~ü", "a~b~c?x=1", "a'b~c'd~e",
    "a%00b~c~d", "a%0ab~c~d", "a%25b~c~d", "%7f~c~d",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_made_up_link_shows_a_page_and_no_more(stack: Stack, method: str, token: str) -> None:
    answer = requests.request(method, f"{stack.url}/activate/{token}", timeout=30)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


QUERIES = [
    "", "?state=x", "?state=a~b~c&code=x", "?code=x", "?error=access_denied", "?state=%00~%0d~%0a",
    "?error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C/script%3E&state=a~b~c", f"?state={'a' * 5000}",
    "?state=a~b~c&state=d~e~f&tenant=1&admin_consent=True",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("callback", ["sign-in", "consent"])
def test_a_made_up_callback_is_refused_without_echo(stack: Stack, callback: str, query: str) -> None:
    answer = requests.get(f"{stack.url}/callback/{callback}{query}", timeout=30)
    assert 400 <= answer.status_code < 500
    assert "script>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_cookie_of_rubbish_is_refused(company: Company) -> None:
    answer = requests.get(
        f"{company.stack.url}/callback/sign-in?state=a~b~c&code=d",
        headers={"Cookie": 'outlook_activation="\\777; =;;; x=\x01'}, timeout=30,
    )  # fmt: skip
    assert 400 <= answer.status_code < 500


def test_problems_say_what_to_do(untouched: Company) -> None:
    problem = untouched.backend.call("GET", "/api/members/ann/busy", start="now", end=today().isoformat()).json()
    assert set(problem) == {"type", "title", "status", "detail", "field"}
    assert "offset" in problem["detail"]
