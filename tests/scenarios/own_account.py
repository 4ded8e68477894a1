"""A member with an Outlook account of their own, of a foreign tenant or of no company, and the browser they use."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from local import truth
from local.microsoft.remote import sign_in
from tests.scenarios.company import ZONE, Company, Json, times, today, waits

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
KINDS = ("foreign", "consumer")


@dataclass(frozen=True)
class Account:
    """An account at Microsoft."""

    tenant: str
    upn: str


def new_account(company: Company, kind: str = "foreign") -> Account:
    """An account that nobody had before."""
    name = f"{kind}-{uuid.uuid4().hex[:8]}"
    if kind == "consumer":
        company.microsoft.add_consumer(name.title(), f"{name}@outlook.com")
        return Account(CONSUMERS, f"{name}@outlook.com")
    domain = f"{name}.example"
    tenant: str = company.microsoft.add_tenant(name.title(), [domain])["id"]
    company.microsoft.add_user(tenant, "Nadia", f"nadia@{domain}")
    return Account(tenant, f"nadia@{domain}")


class Person:
    """A member at their browser."""

    def __init__(self, company: Company, name: str = "ann") -> None:
        self.company = company
        self.name = name
        self.client = company.client("user", name)
        self.browser = requests.Session()
        self.browser.trust_env = False

    def begin(self) -> requests.Response:
        """Press "connect"."""
        headers = {"Authorization": f"Bearer {self.company.token('user', self.name)}"}
        address = f"{self.company.stack.url}/api/me/connections/outlook"
        return self.browser.post(address, headers=headers, timeout=30)

    def return_from(self, url: str) -> requests.Response:
        """Come back from Microsoft."""
        return self.browser.get(url, allow_redirects=False, timeout=30)

    def connect(self, account: Account) -> requests.Response:
        """The whole way."""
        begun = self.begin()
        assert begun.status_code == 200, begun.text
        return self.return_from(sign_in(begun.json()["url"], account.upn))

    def connected(self, account: Account) -> None:
        """The whole way, until the calendar is read."""
        answer = self.connect(account)
        assert answer.headers.get("Location", "").endswith("/connected"), answer.text
        assert self.reaches("connected"), self.own()

    def mine(self) -> Json:
        """What the member sees."""
        answer = self.client.call("GET", "/api/me/connections")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def own(self) -> Json | None:
        """Their own connection."""
        return next((one for one in self.mine()["connections"] if one["id"] == "personal"), None)

    def managed(self) -> Json:
        """The one the organization made."""
        found: Json = self.mine()["connections"][0]
        return found

    def reaches(self, state: str) -> bool:
        """Whether their own connection gets there by itself."""
        return waits(lambda: (self.own() or {}).get("state") == state)

    def disconnect(self) -> requests.Response:
        """Let go of their own account."""
        return self.client.call("DELETE", "/api/me/connections/personal")

    def meet(self, account: Account, *, days: int = 1, hour: int = 9, **more: Any) -> Json:
        """An event in the account's calendar."""
        fields = {"subject": "SECRET-own", "showAs": "busy", **times(today() + timedelta(days=days, hours=hour), 60)}
        return self.company.microsoft.create_event(account.tenant, account.upn, {**fields, **more})

    def is_true(self, *accounts: Account) -> bool:
        """Whether the member's busy times equal what these calendars say."""
        start, end = today(), today() + timedelta(days=60)
        events: list[Json] = []
        for account in accounts:
            reach = (start - timedelta(days=2), end + timedelta(days=2))
            events += self.company.microsoft.events(account.tenant, account.upn, *reach)
        answer = self.company.backend.busy(self.name, start, end)
        return answer["freshness"] == "fresh" and truth.answered(answer) == truth.taken(events, start, end, ZONE)

    def becomes_true(self, *accounts: Account) -> bool:
        """Whether they do soon."""
        return waits(lambda: self.is_true(*accounts))
