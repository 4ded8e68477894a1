"""P8: another organization's valid token, and everything short of a valid token, gets nothing from any endpoint."""

import base64
import time
from collections.abc import Mapping

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from local.host.functions import declared
from local.host.http import Keys, auth_level
from local.stack import Stack
from shared.bootstrap import Services
from shared.functions.app import create_app
from shared.settings import Settings
from tests.scenarios.company import Company, today

OPEN = {
    ("GET", "/"), ("GET", "/static/{name}"), ("GET", "/health"), ("GET", "/health/ready"), ("GET", "/activated"),
    ("GET", "/activate/{token}"), ("POST", "/activate/{token}"),
    ("GET", "/callback/sign-in"), ("GET", "/callback/consent"),
    ("POST", "/webhooks/graph"), ("POST", "/webhooks/graph/lifecycle"),
}  # fmt: skip
"""Endpoints that take no token of the platform; each has a proof of its own, tested elsewhere."""


def endpoints(settings: Mapping[str, str], level: str = "anonymous") -> list[tuple[str, str]]:
    """Every HTTP function the app declares with this auth level, so that a new one cannot be forgotten here."""
    functions = declared(create_app(Services(Settings.from_env(settings))), settings)
    http = [one.trigger for one in functions if one.kind == "httpTrigger" and auth_level(one) == level]
    return [(method.value, "/" + one["route"].strip("/")) for one in http for method in one["methods"]]


BODIES = {
    "/api/members": {"members": []},
    "/api/members/{member}": {"name": "Mallory", "addresses": ["ann@evil.example"]},
}


def calls(company: Company, link: str, headers: dict[str, str]) -> dict[tuple[str, str], requests.Response]:
    """The answer of every protected endpoint to one caller who asks for `company`'s things."""
    found = {}
    query = {"start": today().isoformat(), "end": today().replace(hour=23).isoformat()}
    for method, route in endpoints(company.stack.settings):
        if (method, route) in OPEN:
            continue
        path = route.format_map({"member": "ann", "link": link, "tenant": company.tenant, "connection": "admin"})
        found[method, route] = requests.request(
            method, company.stack.url + path, json=BODIES.get(route), params=query, headers=headers, timeout=30
        )
    return found


def test_the_walk_meets_every_endpoint(untouched: Company) -> None:
    assert len(calls(untouched, "x", {})) >= 9


@pytest.mark.parametrize("role", ["owner", "admin", "user", "service"])
def test_another_organizations_token_gets_nothing(untouched: Company, role: str, stack: Stack) -> None:
    stranger = Company(stack, "stranger")
    made = untouched.admin.make_link()
    untouched.meet("ann")
    assert untouched.becomes_true("ann")
    before = (untouched.states(), untouched.admin.tenants(), untouched.admin.link(made["id"]))
    headers = {"Authorization": f"Bearer {stranger.token(role, 'ann')}"}
    for answer in calls(untouched, made["id"], headers).values():
        assert answer.status_code < 500
        for secret in (untouched.tenant, untouched.domain, made["id"], untouched.org):
            assert secret not in answer.text
    assert (untouched.states(), untouched.admin.tenants(), untouched.admin.link(made["id"])) == before
    assert untouched.is_true("ann")


def test_a_stranger_learns_nothing_from_any_endpoint(untouched: Company) -> None:
    for (method, route), answer in calls(untouched, "x", {}).items():
        assert answer.status_code == 401, (method, route)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def forged(untouched: Company, **changes: object) -> str:
    """A token of the right shape, signed by somebody else."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    genuine = untouched.token("service")
    claims = jwt.decode(genuine, options={"verify_signature": False}) | changes
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": jwt.get_unverified_header(genuine)["kid"]})


def bad_tokens(untouched: Company) -> dict[str, str]:
    token, now = untouched.token, int(time.time())
    genuine = token("service")
    return {
        "garbage": "abc",
        "a header nested deeply": f"{base64.urlsafe_b64encode(b'[' * 5500).decode()}.e30.x",
        "three dots": "a.b.c",
        "expired": token("service", exp=now - 3600, iat=now - 7200),
        "other audience": token("service", aud="something-else"),
        "other issuer": token("service", iss="https://evil.example"),
        "unsigned": jwt.encode({"sub": "a", "org": untouched.org, "role": "service"}, None, algorithm="none"),
        "foreign key": forged(untouched),
        "changed": genuine[:-10] + "AAAAAAAAAA",
        "role that is none": token("root"),
        "organization with a slash": token("service", org="a/b"),
    }


def test_a_bad_token_gets_nothing_from_any_endpoint(untouched: Company) -> None:
    for name, token in bad_tokens(untouched).items():
        for place, answer in calls(untouched, "x", {"Authorization": f"Bearer {token}"}).items():
            assert answer.status_code == 401, (name, place)


@pytest.mark.parametrize(
    "claims",
    [{"role": "user"}, {"plan": "free"}, {"features": []}],
    ids=["a member", "another plan", "not switched on"],
)
def test_admin_calls_need_role_plan_and_feature(untouched: Company, claims: dict) -> None:
    role = claims.pop("role", "admin")
    client = untouched.client(role, "ann", **claims)
    for path in ("tenants", "members", "activation-links", "mailbox-scope", "audit"):
        answer = client.call("GET", f"/api/outlook/{path}")
        assert answer.status_code == 403
        assert answer.json()["detail"]


def test_a_member_sees_only_their_own_time(untouched: Company) -> None:
    query = {"start": today().isoformat(), "end": today().replace(hour=23).isoformat()}
    ann = untouched.client("user", "ann")
    assert ann.call("GET", "/api/members/ann/busy", **query).status_code == 200
    assert ann.call("GET", "/api/members/ben/busy", **query).status_code == 404


@pytest.mark.parametrize("role", ["owner", "admin", "user"])
def test_only_the_backend_writes_the_roster(untouched: Company, role: str) -> None:
    client = untouched.client(role, "ann")
    assert client.call("PUT", "/api/members", {"members": []}).status_code == 403
    assert client.call("PUT", "/api/members/x", {"name": "X", "addresses": ["x@y.z"]}).status_code == 403
    assert client.call("DELETE", "/api/members/ann").status_code == 403
    assert set(untouched.states()) == {"ann", "ben"}


def operators_calls(company: Company, headers: dict[str, str]) -> dict[tuple[str, str], requests.Response]:
    """The answer of every endpoint that asks for a function key."""
    found = {}
    for method, route in endpoints(company.stack.settings, "function"):
        path = route.replace("{queue}", "calendar-sync").replace("{id}", "nothing")
        assert "{" not in path, f"say in this test what {route} is called with"
        found[method, route] = requests.request(method, company.stack.url + path, headers=headers, timeout=30)
    return found


def test_every_endpoint_asks_for_one_proof_or_another(untouched: Company) -> None:
    settings = untouched.stack.settings
    assert len(endpoints(settings, "function")) == 4
    assert endpoints(settings, "admin") == []


@pytest.mark.parametrize("key", [None, "", "wrong", "local-function-ke"])
@pytest.mark.parametrize("role", [None, "owner", "service"])
def test_only_a_function_key_opens_what_is_the_operators(
    untouched: Company, key: str | None, role: str | None
) -> None:
    headers = {} if key is None else {"x-functions-key": key}
    if role is not None:
        headers["Authorization"] = f"Bearer {untouched.token(role)}"
    for place, answer in operators_calls(untouched, headers).items():
        assert (answer.status_code, answer.content) == (401, b""), place


def test_a_function_key_opens_it(untouched: Company) -> None:
    key = Keys.of(untouched.stack.settings).function
    answers = operators_calls(untouched, {"x-functions-key": key})
    assert {answer.status_code for answer in answers.values()} == {200, 404}
    assert answers["GET", "/operations/dead-letters"].status_code == 200


def test_a_function_key_opens_nothing_of_an_organizations(untouched: Company) -> None:
    key = Keys.of(untouched.stack.settings).function
    for place, answer in calls(untouched, "x", {"x-functions-key": key}).items():
        assert answer.status_code == 401, place
