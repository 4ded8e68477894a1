"""P8: another organization's valid token reaches and changes nothing; who may do what is in test_who_may.py."""

import pytest

from local.host.functions import declared
from local.host.http import auth_level
from local.stack import Stack
from shared.bootstrap import Services
from shared.functions.app import create_app
from shared.functions.endpoints import Who
from shared.settings import Settings
from tests.scenarios.calls import ENDPOINTS, WITH_TOKEN, Calls
from tests.scenarios.company import Company

OPEN = {
    ("GET", "/"), ("GET", "/docs"), ("GET", "/static/{name}"), ("GET", "/activated"),
    ("GET", "/callback/personal"),
    ("GET", "/connected"),
    ("GET", "/activate/{token}"), ("POST", "/activate/{token}"),
    ("GET", "/callback/sign-in"), ("GET", "/callback/consent"),
    ("POST", "/webhooks/graph"), ("POST", "/webhooks/graph/lifecycle"),
}  # fmt: skip
"""Pages and Microsoft's calls, outside of the API; each has a proof of its own, tested elsewhere."""


def http(company: Company, level: str) -> set[tuple[str, str]]:
    """Every HTTP function the app declares with this auth level, so that a new one cannot be forgotten here."""
    settings = company.stack.settings
    functions = declared(create_app(Services(Settings.from_env(settings))), settings)
    found = [one.trigger for one in functions if one.kind == "httpTrigger" and auth_level(one) == level]
    return {(method.value, "/" + one["route"].strip("/")) for one in found for method in one["methods"]}


def test_every_endpoint_asks_for_one_proof_or_another(untouched: Company) -> None:
    keyed = {(one.method, f"/{one.route}") for one in ENDPOINTS.values() if one.who is Who.OPERATOR}
    others = {(one.method, f"/{one.route}") for one in ENDPOINTS.values()} - keyed
    assert http(untouched, "anonymous") == OPEN | others
    assert http(untouched, "function") == keyed
    assert http(untouched, "admin") == set()


@pytest.mark.parametrize("role", ["owner", "admin", "user", "service"])
def test_another_organizations_token_gets_nothing(untouched: Company, role: str, stack: Stack) -> None:
    stranger = Company(stack, "stranger")
    made = untouched.admin.make_link()
    untouched.meet("ann")
    assert untouched.becomes_true("ann")
    before = (untouched.states(), untouched.admin.tenants(), untouched.admin.link(made["id"]))
    calls, headers = Calls(untouched, made["id"]), Calls(stranger).bearer(role, "ann")
    for endpoint in WITH_TOKEN.values():
        answer = calls.call(endpoint, headers)
        assert answer.status_code < 500
        for secret in (untouched.tenant, untouched.domain, made["id"], untouched.org):
            assert secret not in answer.text
    assert (untouched.states(), untouched.admin.tenants(), untouched.admin.link(made["id"])) == before
    assert untouched.is_true("ann")
