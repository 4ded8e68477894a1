"""Every call of the API, made with things that are there."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta
from typing import Any

import msgspec
import requests

from local.host.http import Keys
from local.microsoft.world import PRIMARY_CALENDAR
from shared.bootstrap import Services
from shared.contract.available_times import AvailableTimesInput
from shared.contract.bookings import BookingInput
from shared.contract.examples import EXAMPLES
from shared.contract.me import CalendarSelection
from shared.contract.one_member import MatchInput
from shared.contract.people import RosterInput
from shared.functions.app import api_of
from shared.functions.endpoints import Endpoint, Who
from shared.messages import CALENDAR_SYNC, CalendarSync, Reason, encode
from shared.model import Policy, Tenant, TenantStatus
from shared.settings import Settings
from tests.scenarios.company import Company, Json, today
from tests.test_import_rules import ENVIRON

ENDPOINTS = {one.name: one for one in api_of(Services(Settings.from_env(ENVIRON))).endpoints}
WITH_TOKEN = {name: one for name, one in ENDPOINTS.items() if one.who not in (Who.OPERATOR, Who.ANYONE)}


HOURS = itertools.count(24 * 20)
"""From today, for meetings that meet no other."""
TESTED = "Tested"
"""The reason of dead letters made here."""


class Calls:
    """Calls about a company's things; what a call uses up is made for each."""

    def __init__(self, company: Company, link: str | None = None) -> None:
        self.company = company
        self._link = link
        self._booked: str | None = None

    def path(self, endpoint: Endpoint) -> dict[str, str]:
        """Ids for the address."""
        known = {
            "member": lambda: self._member(endpoint),
            "tenant": lambda: self._tenant(endpoint),
            "connection": lambda: self._connection(endpoint),
            "booking": lambda: self._booking(endpoint),
            "link": lambda: self._link or self.company.admin.make_link()["id"],
            "queue": lambda: CALENDAR_SYNC,
            "id": self._dead_letter,
        }
        return {name: known[name]() for name in endpoint.path_names}

    def call(self, endpoint: Endpoint, headers: dict[str, str], **more: str) -> requests.Response:
        """The call's answer to whoever has these headers; `more` parameters are added."""
        address = f"{self.company.stack.url}/{endpoint.route.format(**self.path(endpoint))}"
        query, body = _example(endpoint.query) | more, self._body(endpoint)
        return requests.request(endpoint.method, address, params=query, json=body, headers=headers, timeout=30)

    def bearer(self, role: str, subject: str = "ann", **claims: Any) -> dict[str, str]:
        """The headers of somebody of the company."""
        return {"Authorization": f"Bearer {self.company.token(role, subject, **claims)}"}

    def key(self) -> dict[str, str]:
        """The headers of an operator."""
        return {"x-functions-key": Keys.of(self.company.stack.settings).function}

    def fill(self) -> None:
        """Something of everything that can be listed."""
        self.company.admin.make_link(expected_domains=[self.company.domain])
        self.company.meet("ann")
        assert self.company.becomes_true("ann")
        self._dead_letter()

    def permit(self) -> None:
        """Nobody has decided anything, and members may choose."""
        tables, org = self.company.services().tables, self.company.org
        tables.policies.change(org, lambda _: Policy(members_may_choose_busy=True))
        tables.choices.delete(org, "ann")

    def clear(self) -> None:
        """Leave no dead letter behind: they are nobody's, and others look at all of them."""
        letters = self.company.services().dead_letters
        for letter in list(letters.all()):
            if letter.reason == TESTED:
                letters.discard(letter.queue, letter.id)

    def _tenant(self, endpoint: Endpoint) -> str:
        """The company's, or another one to be disconnected."""
        if endpoint.method != "DELETE" or self._link is not None:
            return self.company.tenant
        other = Tenant(str(uuid.uuid4()), TenantStatus.CONSENT_MISSING, "boss", today())
        self.company.services().tables.tenants.put(self.company.org, other.id, other)
        return other.id

    def _member(self, endpoint: Endpoint) -> str:
        if endpoint.method == "DELETE" and "ann" not in self.company.states():
            self.company.join("ann")
        return "ann"

    def _booking(self, endpoint: Endpoint) -> str:
        """A new one where it is to be made, else one that is there, if anybody is to be booked at all."""
        if not self._is_connected():
            return "nothing"
        if self._booked is None:
            self._connect()
            self._booked = uuid.uuid4().hex
            made = self.company.backend.call("PUT", f"/api/members/ann/bookings/{self._booked}", meeting())
            assert made.status_code == 201, made.text
        return uuid.uuid4().hex if endpoint.body is BookingInput else self._booked

    def _connection(self, endpoint: Endpoint) -> str:
        """Ann's, which has a calendar where one is to be selected."""
        if endpoint.route.endswith("/calendars") and self._is_connected():
            self._connect()
        return "managed"

    def _is_connected(self) -> bool:
        connected = any(tenant["status"] == "connected" for tenant in self.company.admin.tenants())
        return self._link is None and connected

    def _connect(self) -> None:
        """Whatever was decided before, ann has a calendar."""
        self.company.join("ann")
        self.permit()
        assert self.company.reaches("ann", "connected"), self.company.states()

    def _body(self, endpoint: Endpoint) -> Json | None:
        if endpoint.body is RosterInput:
            return {"members": [_person(self.company, name) for name in ("ann", "ben")]}
        if endpoint.body is AvailableTimesInput:
            return _example(endpoint.body) | {"members": [{"id": "ann"}]}
        if endpoint.body is BookingInput:
            return meeting()
        if endpoint.body is MatchInput:
            return self.match()
        if endpoint.body is CalendarSelection:
            return {"checked": [PRIMARY_CALENDAR], "bookings": PRIMARY_CALENDAR}
        return _example(endpoint.body) if endpoint.body else None

    def match(self) -> Json:
        """Who ann is in the directory, if she is there."""
        found = self.company.microsoft.users(self.company.tenant, f"ann@{self.company.domain}")
        return {"tenant": self.company.tenant, "user": found[0]["id"] if found else "nobody"}

    def _dead_letter(self) -> str:
        message = CalendarSync(self.company.tenant, ("nobody",), today(), Reason.NOTIFIED)
        letters = self.company.services().dead_letters
        letters.keep(CALENDAR_SYNC, encode(message), TESTED)
        return next(letter.id for letter in letters.all() if letter.reason == TESTED)


def meeting() -> Json:
    """A meeting at a time of its own."""
    start = today() + timedelta(hours=next(HOURS))
    span = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    return _example(BookingInput) | {"buffer_before_minutes": 0} | span


def _person(company: Company, name: str) -> Json:
    return {"id": name, "name": name.title(), "addresses": [f"{name}@{company.domain}"]}


def _example(kind: type[msgspec.Struct]) -> Json:
    return msgspec.to_builtins(EXAMPLES[kind]) if kind in EXAMPLES else {}
