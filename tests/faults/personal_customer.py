"""The same customer where no admin connected anything: each member signed in with an account of their own.

Scenarios speak of places in Graph as they are called for managed mailboxes; here the same calls go to `/me`.
"""

from __future__ import annotations

from typing import Any

from local.microsoft import directory
from local.microsoft.faults import Fault
from local.soak.platform import own_of
from shared.messages import CalendarSync, Reason
from shared.model import ConnectionStatus, MailboxKey, OwnConnection, own_mailbox
from shared.push_health import has_missed
from tests.faults.customer import ANN, BEN, Customer


class PersonalCustomer(Customer):
    """Ann and ben, each with an account of a tenant that nobody connected."""

    off = ConnectionStatus.NO_MAILBOX
    notices = CalendarSync
    table = "OwnConnections"
    silent_for = 70
    """Each account's subscriptions are compared with Graph's list once an hour."""

    def connect(self) -> None:
        """Everybody on the roster signs in."""
        for name in self.history.roster:
            self.signs_in(name)

    def hires(self, name: str) -> None:
        """Somebody new is on the roster, and signs in."""
        super().hires(name)
        self.signs_in(name)

    def signs_in(self, name: str) -> None:
        """A member goes to Microsoft and back."""
        self.history.own.connect(name, self.user(name))

    def spoilt(self, where: str, **more: Any) -> Fault:
        """The fault, where members' own accounts are called."""
        _, first, user, *rest = (*where.split("/"), "", "")
        if first != "users":
            return Fault(where, **more)
        if user == "**":
            return Fault("/me/**", **more)
        whose = {} if user == "*" else {"user": user}
        return Fault("/".join(("/me", *filter(None, rest))), **{**more, **whose})

    def connection(self, name: str) -> OwnConnection:
        """A member's own connection."""
        return self.history.own.rows()[name]

    def key(self, name: str) -> MailboxKey:
        """The mailbox is named by its member."""
        return own_mailbox(self.owner(name))

    def switches(self, name: str) -> None:
        """Somebody's licence is gone, or back, and the calendar is read."""
        user, key = self.user(name), self.key(name)
        change = directory.remove_license if user.mailbox else directory.restore_license
        self.outlook.do(lambda: change(user))
        self.history.host.send(CalendarSync(key.tenant_id, (key.object_id,), self.outlook.now(), Reason.CHANGED))

    def heard_as(self, key: str) -> str:
        """Events about own connections have a source of their own."""
        return own_of(key)

    def watched_with(self, name: str) -> str:
        """Nobody else's: what one account does not tell says nothing of others."""
        return name

    def missed_pushes(self) -> int:
        """In how many own mailboxes."""
        now = self.outlook.now()
        return sum(has_missed(self.mailbox(name), now) for name in (ANN, BEN))

    def blames_nobody(self) -> bool:
        """Whether no member is asked to sign in again."""
        return all(self.status(name) is not ConnectionStatus.RECONNECT_REQUIRED for name in (ANN, BEN))

    def recovers(self, **span: float) -> None:
        """Time passes, and whoever is asked to sign in again does."""
        self.live(**span)
        if self.history.own.sign_in_again():
            self.run()


class MixedCustomer(PersonalCustomer):
    """Ann has an account of her own, which keeps the managed one out; ben's calendar is managed."""

    def connect(self) -> None:
        """Ann first."""
        self.signs_in(ANN)
        Customer.connect(self)
