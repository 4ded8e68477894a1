"""A customer for attacks on members' own accounts: Ann is the victim and connected, Eve attacks; both are members."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests

from local.microsoft.remote import sign_in
from local.stack import Stack
from shared.model import OwnConnection
from tests.scenarios.company import Company, Json
from tests.scenarios.own_account import Account, Person, new_account


class Siege:
    """What every attack leaves as it was."""

    def __init__(self, stack: Stack) -> None:
        self.company = Company(stack, "besieged")
        self._tables = self.company.services().tables
        for name in ("ann", "eve"):
            self.company.join(name)
        self.of_ann, self.of_eve = new_account(self.company), new_account(self.company, "consumer")
        self.another_of_ann = new_account(self.company)
        self.person("ann").connected(self.of_ann)
        self.holds()

    def person(self, name: str) -> Person:
        """A member at a new browser."""
        return Person(self.company, name)

    def holds(self) -> None:
        """Whatever is there now is to stay."""
        self._before = self._now()

    def _now(self) -> tuple[list[Json], list[OwnConnection | None], list[Json]]:
        tokens = self.company.rows("Tokens", self.company.org)
        own = [self._tables.own_connection(self.company.member(name)) for name in ("ann", "eve")]
        return tokens, own, [self.person(name).mine() for name in ("ann", "eve")]

    def begun(self, person: Person) -> str:
        """Where a member who has pressed "connect" is sent."""
        begun = person.begin()
        begun.raise_for_status()
        url: str = begun.json()["url"]
        return url

    def callback(self, person: Person, account: Account) -> str:
        """Where Microsoft sends somebody who began so and signed in with this account."""
        return sign_in(self.begun(person), account.upn)

    def repelled(self, answer: requests.Response, status: int, title: str) -> None:
        """A calm page that says what to do and tells nothing of anybody; all that is kept is as before."""
        assert answer.status_code == status, answer.text
        assert f"<h1>{title}</h1>" in answer.text
        assert "What to do next" in answer.text
        assert "Set-Cookie" not in answer.headers
        assert [told for told in self._secrets(answer) if told in answer.text] == []
        assert self._now() == self._before
        assert Person(self.company, "eve").own() is None

    def _secrets(self, answer: requests.Response) -> list[str]:
        """Whatever would help an attacker: whose sign-in it was, of which account, and what it was refused for."""
        asked = [value for values in parse_qs(urlsplit(answer.request.url or "").query).values() for value in values]
        accounts = [part for one in (self.of_ann, self.of_eve, self.another_of_ann) for part in (one.upn, one.tenant)]
        return [self.company.org, "AADSTS", "eyJ", *accounts, *(value for value in asked if len(value) > 8)]
