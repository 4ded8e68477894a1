"""A customer to make changes for: an organization whose members all have a mailbox, and are connected."""

from __future__ import annotations

from uuid import uuid4

from local.client import Browser, Client, wait_for
from local.microsoft.entra.issue import GLOBAL_ADMINISTRATOR
from local.microsoft.organization import Member, Organization
from local.microsoft.remote import Microsoft
from local.stack import Stack

ZONE = "Europe/Amsterdam"
_CONNECTED = 60.0  # seconds


class Customer:
    """Made through the control API, so that any running stack can have one."""

    def __init__(self, stack: Stack, mailboxes: int) -> None:
        self.stack = stack
        self.microsoft = Microsoft(stack.microsoft.http_url)
        self.org = f"burst-{uuid4().hex[:8]}"
        self.domain = f"{self.org}.example"
        self.tenant: str = self.microsoft.add_tenant("Burst", [self.domain])["id"]
        self.object_ids = {self.address(name): self._hire(name) for name in _names(mailboxes)}
        """By address."""
        self.members = tuple(self._member(name) for name in _names(mailboxes))
        stack.platform.organizations[self.org] = Organization(
            self.org, "Burst", "enterprise", ("outlook-admin",), self.tenant, self.members
        )
        self.admin = Client(stack.url, stack.platform.token(self.org, "admin"))
        self.backend = Client(stack.url, stack.platform.token(self.org, "service"))

    def address(self, name: str) -> str:
        """The address of a member's mailbox."""
        return f"{name}@{self.domain}"

    def connect(self) -> None:
        """Roster, link, sign-in and consent, until everybody is connected."""
        self.backend.put_roster(self.members)
        Browser().activate(self.admin.make_link()["url"], self.address(self.members[0].id))
        if wait_for(lambda: not self.unconnected(), _CONNECTED, pause=0.1) is None:
            raise TimeoutError(f"not connected in {_CONNECTED:.0f} s: {self.unconnected()}")

    def unconnected(self) -> dict[str, str]:
        """The state of every member who is not connected; of nobody's at all where the roster is gone."""
        states = {member["id"]: member["state"] for member in self.admin.members()}
        return {m.id: states.get(m.id, "missing") for m in self.members if states.get(m.id) != "connected"}

    def _hire(self, name: str) -> str:
        roles = [GLOBAL_ADMINISTRATOR] if name == "person0" else []
        user = self.microsoft.add_user(self.tenant, name.title(), self.address(name), role_templates=roles)
        return str(user["id"])

    def _member(self, name: str) -> Member:
        role = "admin" if name == "person0" else "user"
        return Member(name, name.title(), (self.address(name),), ZONE, role)  # type: ignore[arg-type]


def _names(count: int) -> list[str]:
    return [f"person{number}" for number in range(count)]
