"""An administrator's sign-in under way: what lies in storage is of no use, and what is put there opens nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from local.client import Browser
from local.microsoft.remote import sign_in
from shared.bootstrap import Services
from shared.model import ActivationLink
from shared.settings import Settings
from shared.storage.table import Row
from tests.personal.conftest import parameters
from tests.scenarios.company import Company
from tests.scenarios.in_clear import found_in_clear, secrets_in
from tests.scenarios.test_attacks import altered

NO_LONGER_UNDER_WAY = 409


class UnderWay:
    """An administrator who is signed in at Microsoft and about to come back."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.services = company.services()
        self.browser = Browser()
        self.made = company.admin.make_link()
        self.answer = sign_in(self.browser.press(self.made["url"]).headers["Location"], company.admin_upn)

    @property
    def row(self) -> Row[ActivationLink]:
        """The link as it is kept."""
        return self.row_of(self.company.org, self.made["id"])

    def row_of(self, org: str, link: str) -> Row[ActivationLink]:
        """Any link."""
        row = self.services.tables.activations.get(org, link)
        assert row is not None
        return row

    @property
    def flow(self) -> str:
        """Verifier and nonce."""
        row = self.row
        return self.services.activation._flows.decrypt(row.value.sign_in or "", row.partition, row.key, row.value)

    def keep(self, sign_in: str) -> None:
        """Write something else where verifier and nonce are."""
        row = self.row
        self.services.tables.activations.replace(row, replace(row.value, sign_in=sign_in))

    def with_keys(self, *keys: bytes) -> Services:
        """Another worker, with other keys."""
        return Services(replace(Settings.from_env(self.company.stack.settings), token_keys=keys))

    def begun_with(self, key: bytes) -> str:
        """What a worker with this key would have kept."""
        row = self.row
        flows = self.with_keys(key).activation._flows
        return flows.encrypt(self.flow, row.partition, row.key, row.value)

    def begins_anew(self) -> None:
        """The page says so, nothing is left of the attempt, nobody is connected, and the link is still good."""
        answer = self.browser.open(self.answer)
        assert (answer.status_code, "Open the link you were sent and start again" in answer.text) == (
            NO_LONGER_UNDER_WAY,
            True,
        )
        assert (self.row.value.sign_in, self.row.value.state_hash) == (None, None)
        assert self.company.admin.tenants() == []
        assert self.browser.sign_in(self.made["url"], self.company.admin_upn).status_code == 303


@pytest.fixture
def under_way(company: Company) -> UnderWay:
    return UnderWay(company)


def test_no_verifier_or_nonce_of_an_activation_under_way_is_readable(under_way: UnderWay, log_file: Path) -> None:
    stack, flow = under_way.company.stack, under_way.flow
    assert secrets_in(flow, stack.microsoft.world) == {"verifier", "nonce"}
    assert found_in_clear(stack, log_file) == set()
    under_way.keep(flow)
    assert found_in_clear(stack, log_file) == {"verifier in Activations", "nonce in Activations"}
    assert flow not in repr(under_way.row)
    under_way.begins_anew()


def test_an_activation_is_forgotten_once_it_came_back(under_way: UnderWay) -> None:
    assert under_way.browser.open(under_way.answer).status_code == 303
    assert under_way.row.value.sign_in is None


WRITTEN: dict[str, Callable[[UnderWay], str]] = {
    "in clear, as before": lambda under_way: under_way.flow,
    "under a lost key": lambda under_way: under_way.begun_with(secrets.token_bytes(32)),
    "cut short": lambda under_way: (under_way.row.value.sign_in or "")[:-8],
    "empty": lambda _: "",
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_an_activation_that_does_not_open_begins_anew(
    under_way: UnderWay, written: Callable[[UnderWay], str]
) -> None:
    under_way.keep(written(under_way))
    under_way.begins_anew()


def test_an_activation_under_way_outlives_a_rotation_of_keys(under_way: UnderWay) -> None:
    old, new = under_way.services.settings.token_keys[0], secrets.token_bytes(32)
    browser = next(cookie.value for cookie in under_way.browser._session.cookies)
    activation = under_way.with_keys(new, old).activation
    assert "adminconsent" in activation.signed_in(parameters(under_way.answer), browser or "")


@pytest.mark.parametrize("is_own", [True, False], ids=["of the organization", "of another one"])
def test_an_activation_moved_to_another_link_in_storage_opens_nothing(under_way: UnderWay, is_own: bool) -> None:
    """State and cookie are the attacker's own and moved along: only what the flow is encrypted for is in the way."""
    company = under_way.company
    org = company.org if is_own else Company(company.stack, "victim").org
    link = company.admin.make_link()["id"] if is_own else under_way.made["id"]
    under_way.services.tables.activations.put(org, link, under_way.row.value)
    secret = parameters(under_way.answer)["state"].rpartition("~")[2]
    answer = under_way.browser.open(altered(under_way.answer, state=f"{org}~{link}~{secret}"))
    assert answer.status_code == NO_LONGER_UNDER_WAY
    assert under_way.row_of(org, link).value.proof is None


@pytest.mark.parametrize("changed", ["state", "browser"])
def test_an_activation_opened_to_another_answer_or_browser_in_storage_opens_nothing(
    under_way: UnderWay, changed: str
) -> None:
    """Somebody writes the hash of their own state or cookie into the attempt of an administrator."""
    eve, row = UnderWay(under_way.company), under_way.row
    hashes = {f"{changed}_hash": getattr(eve.row.value, f"{changed}_hash")}
    under_way.services.tables.activations.replace(row, replace(row.value, **hashes))
    browser, answer = eve.browser, under_way.answer
    if changed == "state":
        secret = parameters(eve.answer)["state"].rpartition("~")[2]
        answer = altered(answer, state=f"{row.partition}~{row.key}~{secret}")
        browser = under_way.browser
    assert browser.open(answer).status_code == NO_LONGER_UNDER_WAY
    assert under_way.row.value.proof is None
