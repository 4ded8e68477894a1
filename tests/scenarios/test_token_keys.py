"""`TOKEN_KEYS` rotate, or are lost, while members are connected. The service restarts with others."""

from __future__ import annotations

import base64
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from local.host.http import Keys
from local.kills.run import NO_SCHEDULE
from local.stack import Stack
from tests.scenarios.company import Company, Json, waits
from tests.scenarios.in_clear import found_in_clear
from tests.scenarios.own_account import Account, Person, new_account

NAMES = ("ann", "ben", "cat")


class Safe:
    """A world of its own, whose service is restarted with other keys."""

    def __init__(self, stack: Stack, log: Path) -> None:
        self.stack = stack
        self.log = log

    def restart(self, *keys: str) -> None:
        """With these keys, the newest first."""
        self.stack.stop_service()
        self.stack.settings["TOKEN_KEYS"] = ",".join(keys)
        self.stack.start_service()

    @property
    def key(self) -> str:
        """The key that the service has."""
        return self.stack.settings["TOKEN_KEYS"]

    def call(self, method: str, path: str = "") -> Json:
        """What an operator is answered."""
        headers = {"x-functions-key": Keys.of(self.stack.settings).function}
        answer = requests.request(method, f"{self.stack.url}/operations/{path}", headers=headers, timeout=30)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def rows(self) -> list[int]:
        """How many rows need each key, the newest first."""
        return [one["rows"] for one in self.call("GET", "token-keys")["keys"]]


@pytest.fixture(scope="module")
def safe() -> Iterator[Safe]:
    with tempfile.NamedTemporaryFile("w") as log, Stack(settings=NO_SCHEDULE, output=log.file) as stack:
        made = Safe(stack, Path(log.name))
        yield made
        assert found_in_clear(stack, made.log) == set()
        assert "Traceback" not in made.log.read_text()


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def connected(company: Company, *names: str) -> list[tuple[Person, Account]]:
    """Members with accounts of their own that are read."""

    def connect(name: str) -> tuple[Person, Account]:
        company.join(name)
        person, account = Person(company, name), new_account(company)
        person.connected(account)
        return person, account

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(connect, names))


def test_keys_rotate_and_nobody_notices(safe: Safe) -> None:
    old, new = safe.key, new_key()
    # Tokens that are renewed at each use: what takes an hour otherwise.
    safe.stack.microsoft.world.switches.access_token_seconds = 200
    people = connected(Company(safe.stack), "ann", "ben")
    safe.restart(new, old)
    assert safe.rows() == [0, 2]
    (ann, of_ann), *_ = people
    ann.meet(of_ann, hour=9)
    assert ann.becomes_true(of_ann)
    assert safe.rows() == [1, 1]
    assert safe.call("POST", "token-keys/renewal") == {"renewed": 1, "unreadable": 0, "left": 0}
    assert safe.rows() == [2, 0]
    safe.restart(new)
    for person, account in people:
        person.meet(account, hour=13)
    for person, account in people:
        assert person.becomes_true(account)
        assert (person.own() or {})["state"] == "connected"
    for person, _ in people:
        person.disconnect().raise_for_status()
    safe.stack.microsoft.world.switches.access_token_seconds = 3599


def test_a_lost_key_asks_every_member_to_sign_in_again_once_and_that_restores_everything(safe: Safe) -> None:
    company = Company(safe.stack)
    people = connected(company, *NAMES)
    safe.restart(new_key())
    for person, account in people:
        person.meet(account, hour=9)
    assert all(person.reaches("reconnect_required") for person, _ in people)
    asked = microsofts(safe, company, people)
    for person, account in people:
        person.meet(account, hour=13)
    company.resync()
    company.resync()
    assert company.microsoft.wait_until_idle()
    assert waits(lambda: told(company) == dict.fromkeys(NAMES, 1)), told(company)
    assert microsofts(safe, company, people) == asked
    assert [use["is_known"] for use in safe.call("GET", "token-keys")["keys"]] == [True, False]
    for person, account in people:
        person.connected(account)
        assert person.becomes_true(account)
    assert safe.rows() == [3]
    assert told(company) == dict.fromkeys(NAMES, 1)
    assert safe.call("GET", "dead-letters") == {"dead_letters": []}


def told(company: Company) -> Counter[str]:
    """How often the platform heard of each member that they are to sign in again."""
    events = [event["data"] for name in NAMES for event in events_of(company, name)]
    return Counter(one["member"] for one in events if one["state"] == "reconnect_required")


def events_of(company: Company, name: str) -> list[Json]:
    found: list[Json] = company.stack.platform.events.of(company.org, name)
    return found


def microsofts(safe: Safe, company: Company, people: list[tuple[Person, Account]]) -> int:
    """What Microsoft was asked: for tokens, and about the members' accounts."""
    accounts = sum(len(company.microsoft.requests(tenant=account.tenant)) for _, account in people)
    return accounts + len(company.microsoft.requests("/common/oauth2/v2.0/token"))
