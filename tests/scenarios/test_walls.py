"""P8: another organization's valid token, and everything short of a valid token, gets nothing from any endpoint."""

import time
from collections.abc import Mapping

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from local.host.functions import declared
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


def endpoints(settings: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every HTTP function the app declares, so that a new one cannot be forgotten here."""
    functions = declared(create_app(Services(Settings.from_env(settings))), settings)
    http = [function.trigger for function in functions if function.kind == "httpTrigger"]
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
        path = route.replace("{member}", "ann").replace("{link}", link)
        assert "{" not in path, f"say in this test what {route} is called with"
        found[method, route] = requests.request(
            method, company.stack.url + path, json=BODIES.get(route), params=query, headers=headers, timeout=30
        )
    return found


def test_the_walk_meets_every_endpoint(connected: Company) -> None:
    assert len(calls(connected, "x", {})) >= 9


@pytest.mark.parametrize("role", ["owner", "admin", "user", "service"])
def test_another_organizations_token_gets_nothing(connected: Company, role: str, stack) -> None:
    stranger = Company(stack, "stranger")
    made = connected.admin.make_link()
    connected.meet("ann")
    assert connected.becomes_true("ann")
    before = (connected.states(), connected.admin.tenants(), connected.admin.link(made["id"]))
    headers = {"Authorization": f"Bearer {stranger.token(role, 'ann')}"}
    for answer in calls(connected, made["id"], headers).values():
        assert answer.status_code < 500
        for secret in (connected.tenant, connected.domain, made["id"], connected.org):
            assert secret not in answer.text
    assert (connected.states(), connected.admin.tenants(), connected.admin.link(made["id"])) == before
    assert connected.is_true("ann")


def test_a_stranger_learns_nothing_from_any_endpoint(connected: Company) -> None:
    for (method, route), answer in calls(connected, "x", {}).items():
        assert answer.status_code == 401, (method, route)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def forged(connected: Company, **changes: object) -> str:
    """A token of the right shape, signed by somebody else."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    genuine = connected.token("service")
    claims = jwt.decode(genuine, options={"verify_signature": False}) | changes
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": jwt.get_unverified_header(genuine)["kid"]})


def bad_tokens(connected: Company) -> dict[str, str]:
    token, now = connected.token, int(time.time())
    genuine = token("service")
    return {
        "garbage": "abc",
        "three dots": "a.b.c",
        "expired": token("service", exp=now - 3600, iat=now - 7200),
        "other audience": token("service", aud="something-else"),
        "other issuer": token("service", iss="https://evil.example"),
        "unsigned": jwt.encode({"sub": "a", "org": connected.org, "role": "service"}, None, algorithm="none"),
        "foreign key": forged(connected),
        "changed": genuine[:-10] + "AAAAAAAAAA",
        "role that is none": token("root"),
        "organization with a slash": token("service", org="a/b"),
    }


def test_a_bad_token_gets_nothing_from_any_endpoint(connected: Company) -> None:
    for name, token in bad_tokens(connected).items():
        for place, answer in calls(connected, "x", {"Authorization": f"Bearer {token}"}).items():
            assert answer.status_code == 401, (name, place)


@pytest.mark.parametrize(
    "claims",
    [{"role": "user"}, {"plan": "free"}, {"features": []}],
    ids=["a member", "another plan", "not switched on"],
)
def test_admin_calls_need_role_plan_and_feature(connected: Company, claims: dict) -> None:
    role = claims.pop("role", "admin")
    client = connected.client(role, "ann", **claims)
    for path in ("/api/outlook/tenants", "/api/outlook/members", "/api/outlook/activation-links"):
        answer = client.call("GET", path)
        assert answer.status_code == 403
        assert answer.json()["detail"]


def test_a_member_sees_only_their_own_time(connected: Company) -> None:
    query = {"start": today().isoformat(), "end": today().replace(hour=23).isoformat()}
    ann = connected.client("user", "ann")
    assert ann.call("GET", "/api/members/ann/busy", **query).status_code == 200
    assert ann.call("GET", "/api/members/ben/busy", **query).status_code == 404


@pytest.mark.parametrize("role", ["owner", "admin", "user"])
def test_only_the_backend_writes_the_roster(connected: Company, role: str) -> None:
    client = connected.client(role, "ann")
    assert client.call("PUT", "/api/members", {"members": []}).status_code == 403
    assert client.call("PUT", "/api/members/x", {"name": "X", "addresses": ["x@y.z"]}).status_code == 403
    assert client.call("DELETE", "/api/members/ann").status_code == 403
    assert set(connected.states()) == {"ann", "ben"}
