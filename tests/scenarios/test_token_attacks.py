"""What somebody who can write in the storage account and has no key can do with tokens: end connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from local.microsoft.remote import sign_in
from local.stack import Stack
from shared.model import KeptTokens
from shared.personal_attempts import CALLBACK
from tests.personal.conftest import parameters
from tests.scenarios.company import Company
from tests.scenarios.in_clear import secrets_in
from tests.scenarios.own_account import Account, Person, new_account

pytestmark = pytest.mark.usefixtures("nothing_in_clear")

NAMES = ("ann", "ben", "cat", "dan", "zoe")


class Burgled:
    """Five members with accounts of their own. Somebody was at all tokens but Zoe's, and the service restarted."""

    def __init__(self, stack: Stack) -> None:
        self.company = Company(stack, "burgled")
        self._tokens = self.company.services().tables.tokens
        self.people = {name: Person(self.company, name) for name in NAMES}
        self.accounts = {name: new_account(self.company) for name in NAMES}
        with ThreadPoolExecutor(len(NAMES)) as pool:
            list(pool.map(self._connect, NAMES))
        self.cats_first, cats = self.accounts["cat"], self.kept("cat")
        self.accounts["cat"] = new_account(self.company)
        self.people["cat"].connected(self.accounts["cat"])
        self._restarted({"cat": cats, "ann": self.kept("ben"), "ben": self.kept("ann"), "dan": self._cut("dan")})

    def _connect(self, name: str) -> None:
        self.company.join(name)
        self.people[name].meet(self.accounts[name], hour=1 + NAMES.index(name))
        self.people[name].connected(self.accounts[name])

    def _restarted(self, planted: dict[str, KeptTokens]) -> None:
        """A process remembers the tokens it has; the next one has to open what is kept."""
        self.company.stack.stop_service()
        for name, tokens in planted.items():
            self._tokens.put(self.company.org, f"{name}|personal", tokens)
        self.since: datetime = self.company.microsoft.now()
        self.company.stack.start_service()
        for name in NAMES:
            self.people[name].meet(self.accounts[name], hour=12)

    def kept(self, name: str) -> KeptTokens:
        """What lies in the member's row."""
        row = self._tokens.get(self.company.org, f"{name}|personal")
        assert row is not None
        return row.value

    def _cut(self, name: str) -> KeptTokens:
        kept = self.kept(name)
        return replace(kept, cache=kept.cache[:-8])

    def asked_of(self, account: Account) -> int:
        """Requests about an account since the service restarted."""
        return len(self.company.microsoft.requests(tenant=account.tenant, since=self.since))

    def shuts_out(self, name: str) -> None:
        """The member is asked to sign in again, sees nobody else's times as theirs, and that mends all."""
        person, account = self.people[name], self.accounts[name]
        assert person.reaches("reconnect_required"), person.own()
        assert (person.own() or {})["mailbox"] == account.upn
        assert self.company.busy(name)["freshness"] == "stale"
        assert self.asked_of(account) == 0
        person.connected(account)
        assert person.becomes_true(account)


@pytest.fixture(scope="module")
def burgled(stack: Stack) -> Burgled:
    return Burgled(stack)


def test_swapped_token_rows_open_neither_account(burgled: Burgled) -> None:
    for name in ("ann", "ben"):
        burgled.shuts_out(name)


def test_rolled_back_token_row_does_not_bring_back_the_account_of_before(burgled: Burgled) -> None:
    burgled.shuts_out("cat")
    assert burgled.asked_of(burgled.cats_first) == 0


def test_truncated_token_row_opens_nothing(burgled: Burgled) -> None:
    burgled.shuts_out("dan")


def test_tampered_token_rows_leave_the_other_connections_alone(burgled: Burgled) -> None:
    zoe, account = burgled.people["zoe"], burgled.accounts["zoe"]
    assert zoe.becomes_true(account)
    assert (zoe.own() or {})["state"] == "connected"
    assert burgled.asked_of(account) > 0


def test_secrets_in_clear_would_be_found(burgled: Burgled) -> None:
    """What the searches of tables, queues and log look for, they recognise."""
    company, ann = burgled.company, burgled.people["ann"]
    attempts = company.services()._personal.attempts
    url, flow = attempts._sign_in.begin(f"{company.stack.url}{CALLBACK}", "state")
    callback = sign_in(url, burgled.accounts["ann"].upn)
    cache = attempts._sign_in.finish(flow, parameters(callback)).cache
    world = company.stack.microsoft.world
    assert secrets_in(flow, world) == {"verifier", "nonce"}
    assert secrets_in(callback, world) == {"code"}
    assert {"refresh token", "signed token"} <= secrets_in(cache, world)
    assert secrets_in(f"{ann.own()} {burgled.kept('ann')}", world) == set()
