"""Who may call what: every endpoint of the API, called by every kind of caller, against a table."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.stack import Stack
from shared.audit import REFUSED
from shared.functions.endpoints import Who
from shared.storage.audit import Entry
from tests.scenarios.calls import ENDPOINTS, WITH_TOKEN, Calls
from tests.scenarios.company import Company
from tests.scenarios.conftest import connected_company

CALLERS = {
    "ann": ("user", "ann", {}),
    "ben": ("user", "ben", {}),
    "admin": ("admin", "ada", {}),
    "owner": ("owner", "olga", {}),
    "backend": ("service", "backend", {}),
    "no plan": ("admin", "ada", {"plan": "free"}),
    "no beta": ("owner", "olga", {"features": []}),
}
"""People of the company, by role, id and other claims; what is asked for is ann's."""
TABLE = {
    #                          ann  ben  admin owner backend no_plan no_beta | admin and backend elsewhere
    "create_activation_link": "role role 201   201   role    plan    feature   201  role",
    "list_activation_links":  "role role 200   200   role    plan    feature   200  role",
    "revoke_activation_link": "role role 204   204   role    plan    feature   404  role",
    "list_tenants":           "role role 200   200   role    plan    feature   200  role",
    "resync_tenant":          "role role 202   202   role    plan    feature   404  role",
    "preview_disconnection":  "role role 200   200   role    plan    feature   404  role",
    "disconnect_tenant":      "role role 202   202   role    plan    feature   404  role",
    "explain_mailbox_scope":  "role role 200   200   role    plan    feature   200  role",
    "show_overview":          "role role 200   200   role    plan    feature   200  role",
    "read_policy":            "role role 200   200   role    plan    feature   200  role",
    "preview_policy":         "role role 200   200   role    plan    feature   200  role",
    "change_policy":          "role role 200   200   role    plan    feature   200  role",
    "list_audit_entries":     "role role 200   200   role    plan    feature   200  role",
    "list_members":           "role role 200   200   role    plan    feature   200  role",
    "check_member":           "role role 200   200   role    plan    feature   404  role",
    "list_candidates":        "role role 200   200   role    plan    feature   404  role",
    "choose_match":           "role role 200   200   role    plan    feature   404  role",
    "leave_match_to_addresses": "role role 200 200   role    plan    feature   404  role",
    "exclude_member":         "role role 200   200   role    plan    feature   404  role",
    "include_member":         "role role 200   200   role    plan    feature   404  role",
    "my_connections":         "200  200  404   404   role    404     404       404  role",
    "connect_own":            "200  200  404   404   role    404     404       404  role",
    "disconnect_me":          "200  200  404   404   role    404     404       404  role",
    "reconnect_me":           "200  200  404   404   role    404     404       404  role",
    "list_my_calendars":      "200  200  404   404   role    404     404       404  role",
    "select_my_calendars":    "200  200  404   404   role    404     404       404  role",
    "choose_booking_connection": "200  200  404   404   role    404     404       404  role",
    "choose_busy_statuses":   "200  200  404   404   role    404     404       404  role",
    "replace_roster":         "role role role  role  200     role    role      role 200",
    "put_member":             "role role role  role  200     role    role      role 201",
    "remove_member":          "role role role  role  204     role    role      role 404",
    "busy_times":             "200  404  200   200   200     200     200       404  404",
    "find_available_times":   "200  404  200   200   200     200     200       404  404",
    "explain_times":          "200  404  200   200   200     200     200       404  404",
    "put_booking":            "role role role  role  201     role    role      role 404",
    "read_booking":           "role role role  role  200     role    role      role 404",
    "cancel_booking":         "role role role  role  200     role    role      role 404",
}  # fmt: skip
"""A status, or the reason of a 403. Nobody else gets anything but 401."""
WITH_KEY = {
    "list_dead_letters": 200,
    "replay_dead_letters": 200,
    "replay_dead_letter": 200,
    "discard_dead_letter": 204,
    "list_token_keys": 200,
    "renew_tokens": 200,
}
"""What an operator's function key opens, and no token does."""
ANYONE = {"health": 200, "ready": 200, "openapi": 200}


@pytest.fixture(scope="module")
def calls(stack: Stack) -> Iterator[Calls]:
    made = Calls(connected_company(stack))
    yield made
    made.clear()
    made.company.retire()


def test_the_table_knows_every_endpoint() -> None:
    assert {*TABLE} == {*WITH_TOKEN}
    assert {*WITH_KEY} == {name for name, one in ENDPOINTS.items() if one.who is Who.OPERATOR}
    assert {*ANYONE} == {name for name, one in ENDPOINTS.items() if one.who is Who.ANYONE}


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_the_table_says(calls: Calls, name: str) -> None:
    calls.permit()
    elsewhere = Calls(Company(calls.company.stack, "elsewhere"))
    proofs = [calls.bearer(role, subject, **claims) for role, subject, claims in CALLERS.values()]
    proofs += [elsewhere.bearer(role, "ann") for role in ("admin", "service")]
    told = [outcome(calls.call(ENDPOINTS[name], proof)) for proof in proofs]
    assert told == TABLE[name].split()


def outcome(answer: requests.Response) -> str:
    """The status, or the reason of a 403. A problem is a problem document."""
    if answer.status_code < 400:
        return str(answer.status_code)
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    return str(problem.get("reason", answer.status_code))


@pytest.mark.parametrize("name", ANYONE)
def test_what_is_open_is_open(calls: Calls, name: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, calls.bearer("user")):
        assert calls.call(ENDPOINTS[name], headers).status_code == ANYONE[name]


def forgeries(company: Company) -> Iterator[tuple[str, str | None]]:
    """What strangers may come with, by name."""
    now, genuine = int(time.time()), company.token("service")
    header, claims = jwt.get_unverified_header(genuine), jwt.decode(genuine, options={"verify_signature": False})
    yield "nothing", None
    yield "garbage", "abc"
    yield "three dots", "a.b.c"
    yield "a header nested deeply", f"{base64.urlsafe_b64encode(b'[' * 5500).decode()}.e30.x"
    yield "expired", company.token("service", exp=now - 3600, iat=now - 7200)
    yield "another audience", company.token("service", aud="something-else")
    yield "several audiences", company.token("service", aud=[claims["aud"], "something-else"])
    yield "another issuer", company.token("service", iss="https://evil.example")
    yield "a role that is none", company.token("root")
    yield "an organization with a slash", company.token("service", org="a/b")
    yield "changed", genuine[:-10] + "AAAAAAAAAA"
    yield "unsigned", jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"]})
    yield "a public key taken for a secret", signed_with_the_public_key(company, header["kid"], claims)
    yield from signed_by_a_stranger(header["kid"], claims)


def signed_with_the_public_key(company: Company, key_id: str, claims: dict) -> str:
    (published,) = requests.get(company.stack.platform.jwks_url, timeout=10).json()["keys"]
    key = jwt.PyJWK(published).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = ({"alg": "HS256", "typ": "JWT", "kid": key_id}, claims)
    text = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{unpadded(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def unpadded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed_by_a_stranger(key_id: str, claims: dict) -> Iterator[tuple[str, str]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": key_id}
    for name, more in {
        "a key nobody published": {"kid": key_id},
        "a key in the token": {"kid": key_id, "jwk": own},
        "a key elsewhere": {"kid": key_id, "jku": "https://evil.example/keys"},
        "a key of another name": {"kid": "mine"},
        "a key without a name": {},
    }.items():
        yield name, jwt.encode(claims, key, algorithm="RS256", headers=more)


def test_a_stranger_gets_and_learns_nothing(calls: Calls) -> None:
    before = refusals(calls.company)
    for name, token in forgeries(calls.company):
        for endpoint in WITH_TOKEN.values():
            answer = calls.call(endpoint, {"Authorization": f"Bearer {token}"} if token else {})
            assert outcome(answer) == "401", (name, endpoint.name)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert refusals(calls.company) == before


def test_a_function_key_opens_nothing_of_an_organizations(calls: Calls) -> None:
    for endpoint in WITH_TOKEN.values():
        assert outcome(calls.call(endpoint, calls.key())) == "401"


@pytest.mark.parametrize("name", WITH_KEY)
def test_only_a_function_key_opens_what_is_the_operators(calls: Calls, name: str) -> None:
    for key in ({}, {"x-functions-key": ""}, {"x-functions-key": "wrong"}, {"x-functions-key": "local-function-ke"}):
        for token in ({}, calls.bearer("owner"), calls.bearer("service")):
            answer = calls.call(ENDPOINTS[name], key | token)
            assert (answer.status_code, answer.content) == (401, b"")
    assert calls.call(ENDPOINTS[name], calls.key()).status_code == WITH_KEY[name]


def refusals(company: Company) -> list[Entry]:
    """What the audit trail says that people of the company were refused."""
    return [entry for entry in company.services().tables.audit.of(company.org) if entry.action == REFUSED]


HIDING = (Who.READER, Who.ASKER)
"""Calls about members of whom others are not to know."""


def test_what_somebody_known_is_refused_is_in_the_audit_trail(company: Company) -> None:
    calls = Calls(company)
    told = {name: outcome(calls.call(one, calls.bearer("user", "ben"))) for name, one in WITH_TOKEN.items()}
    hidden = {name for name, said in told.items() if said == "404" and ENDPOINTS[name].who in HIDING}
    refused = {(name, said) for name, said in told.items() if not said.isdigit()}
    expected = refused | {(name, "not_yours") for name in hidden}
    entries = refusals(company)
    assert {(entry.subject, entry.detail) for entry in entries} == expected
    assert {entry.actor for entry in entries} == {"ben"}
    assert len(expected) >= 9


def test_whoever_insists_leaves_one_entry_a_minute(company: Company) -> None:
    calls = Calls(company)
    for _ in range(100):
        assert outcome(calls.call(ENDPOINTS["list_tenants"], calls.bearer("user"))) == "role"
    entries = refusals(company)
    minutes = {entry.at.replace(second=0, microsecond=0) for entry in entries}
    assert 1 <= len(entries) == len(minutes)
    assert {(entry.actor, entry.subject, entry.detail) for entry in entries} == {("ann", "list_tenants", "role")}
