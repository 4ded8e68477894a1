"""A customer made for one test: a tenant of its own at Microsoft, an organization of its own on the platform."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient

from local import truth
from local.client import Browser, Client, wait_for
from local.microsoft.organization import Organization
from local.microsoft.remote import Microsoft, consent
from local.stack import Stack
from shared.bootstrap import Services
from shared.model import MailboxKey, MemberKey
from shared.settings import Settings

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
ZONE = "Europe/Amsterdam"
PATIENCE = 60.0
"""Seconds after which something that should have happened by itself counts as not happening."""

Json = dict[str, Any]


class Company:
    """Directory and roster, with the clients of its people."""

    def __init__(self, stack: Stack, name: str = "acme") -> None:
        self.stack = stack
        self.microsoft = Microsoft(stack.microsoft.http_url)
        self.org = f"{name}-{uuid.uuid4().hex[:8]}"
        self.domain = f"{self.org}.example"
        self.tenant: str = self.microsoft.add_tenant(name.title(), [self.domain, f"{self.org}.onmicrosoft.com"])["id"]
        stack.platform.organizations[self.org] = Organization(
            self.org, name.title(), "enterprise", ("outlook-admin",), self.tenant, ()
        )
        self.admin_upn = self.hire("boss", role_templates=[GLOBAL_ADMINISTRATOR])["user_principal_name"]
        self.admin = self.client("admin")
        self.backend = self.client("service")

    def client(self, role: str, subject: str | None = None, **claims: Any) -> Client:
        """A caller of this organization."""
        return Client(self.stack.url, self.token(role, subject, **claims))

    def token(self, role: str, subject: str | None = None, **claims: Any) -> str:
        """A token of the platform for this organization."""
        return self.stack.platform.token(self.org, "service", subject or role, role=role, **claims)

    def hire(self, name: str, **more: Any) -> Json:
        """A directory user `name@domain`."""
        return self.microsoft.add_user(self.tenant, name.title(), f"{name}@{self.domain}", **more)

    def join(self, name: str, *addresses: str) -> None:
        """A member on the roster, by default with the address of the directory user of that name."""
        body = {"name": name.title(), "addresses": addresses or [f"{name}@{self.domain}"], "time_zone": ZONE}
        self.backend.call("PUT", f"/api/members/{name}", body).raise_for_status()

    def add(self, *names: str) -> None:
        """People who are both directory users and members."""
        for name in names:
            self.hire(name)
            self.join(name)

    def object_id(self, name: str) -> str:
        """Of the directory user `name@domain`."""
        found: str = self.microsoft.user(self.tenant, f"{name}@{self.domain}")["id"]
        return found

    def mailbox(self, name: str) -> MailboxKey:
        """The mailbox of the directory user `name@domain`."""
        return MailboxKey(self.tenant, self.object_id(name))

    def member(self, name: str) -> MemberKey:
        """The member of that name."""
        return MemberKey(self.org, name)

    def services(self) -> Services:
        """The product's own parts, wired as the running service has them: another worker beside it."""
        return Services(Settings.from_env(self.stack.settings))

    def activate(self, **wishes: Any) -> None:
        """Through a new link, by the admin."""
        answer = Browser().activate(self.admin.make_link(**wishes)["url"], self.admin_upn)
        assert answer.headers["Location"].endswith("/activated"), answer.text

    def tenant_reaches(self, status: str, seconds: float = PATIENCE) -> bool:
        """Whether the tenant gets there by itself."""
        return waits(lambda: [tenant["status"] for tenant in self.admin.tenants()] == [status], seconds)

    def connect(self) -> None:
        """Through a link, by the admin, until everybody's state is known."""
        self.activate()
        assert self.tenant_reaches("connected"), self.admin.tenants()
        self.settle()

    def settle(self) -> None:
        """Wait until nobody's state is still being found out."""
        assert waits(lambda: "connecting" not in self.states().values()), self.states()

    def resync(self) -> None:
        """Run the timer now."""
        self.stack.run_now("resync")

    def retire(self) -> None:
        """Have the timer look after this customer's tenants no more: later tests are about others."""
        storage = TableServiceClient.from_connection_string(self.stack.azurite.connection_string)
        with storage as service, suppress(ResourceNotFoundError):
            table = service.get_table_client("Tenants")
            for row in table.query_entities("PartitionKey eq @p", parameters={"p": self.org}):
                table.delete_entity(row)

    def states(self) -> dict[str, str]:
        """Every member's state."""
        return {member["id"]: member["state"] for member in self.admin.members()}

    def reaches(self, name: str, state: str, seconds: float = PATIENCE) -> bool:
        """Whether the member gets into the state by itself."""
        return waits(lambda: self.states().get(name) == state, seconds)

    def meet(self, name: str, *, days: int = 1, hour: int = 9, minutes: int = 60, **more: Any) -> Json:
        """An event in somebody's calendar."""
        start = today() + timedelta(days=days, hours=hour)
        fields = {"subject": "SECRET-meeting", "showAs": "busy", **times(start, minutes), **more}
        return self.microsoft.create_event(self.tenant, f"{name}@{self.domain}", fields)

    def busy(self, name: str, days: int = 60) -> Json:
        """What the service says of the member's next days."""
        return self.backend.busy(name, today(), today() + timedelta(days=days))

    def is_true(self, name: str, days: int = 60) -> bool:
        """Whether that equals what Outlook says."""
        start, end = today(), today() + timedelta(days=days)
        user = f"{name}@{self.domain}"
        events = self.microsoft.events(self.tenant, user, start - timedelta(days=2), end + timedelta(days=2))
        answer = self.backend.busy(name, start, end)
        return answer["freshness"] == "fresh" and truth.answered(answer) == truth.taken(events, start, end, ZONE)

    def becomes_true(self, name: str, seconds: float = PATIENCE) -> bool:
        """Whether it equals Outlook soon."""
        return waits(lambda: self.is_true(name), seconds)

    def calendar_requests(self, name: str | None = None) -> list[Json]:
        """Every request about a calendar in this tenant, or about somebody's."""
        where = "calendar" if name is None else f"/users/{self.object_id(name)}/calendarview"
        found = self.microsoft.requests(tenant=self.tenant)
        return [request for request in found if where in request["path"].lower()]

    def directory_rounds(self) -> list[Json]:
        """Every request for directory changes of this tenant."""
        return [r for r in self.microsoft.requests(tenant=self.tenant) if r["path"].endswith("/users/delta")]

    def subscriptions(self, name: str) -> list[str]:
        """Ids of the live subscriptions on somebody's mailbox."""
        found = self.microsoft.subscriptions(self.tenant)
        return [one["id"] for one in found if self.object_id(name) in one["resource"]]

    def drop_subscriptions(self, name: str) -> None:
        """Microsoft forgets them without a word."""
        for subscription in self.subscriptions(name):
            self.microsoft.remove_subscription(subscription)

    def rows(self, table: str, partition: str) -> list[Json]:
        """What lies in a table's partition."""
        service = TableServiceClient.from_connection_string(self.stack.azurite.connection_string)
        client = service.get_table_client(table)
        return [dict(entity) for entity in client.query_entities("PartitionKey eq @p", parameters={"p": partition})]


def consent_answer(company: Company, browser: Browser, link: str, *, accept: bool = True) -> str:
    """The address Microsoft sends the browser back to after the company's admin decided about the consent."""
    to_consent = browser.sign_in(link, company.admin_upn).headers["Location"]
    return consent(to_consent, company.admin_upn, accept=accept)


def waits(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it holds soon. Looks less often than `wait_for`: the service under test needs the machine too."""
    return wait_for(condition, seconds, pause=0.1) is not None


def today() -> datetime:
    """This UTC day's beginning."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def times(start: datetime, minutes: int) -> Json:
    """Graph's `start` and `end`."""
    sides = {"start": start, "end": start + timedelta(minutes=minutes)}
    return {side: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"} for side, at in sides.items()}
