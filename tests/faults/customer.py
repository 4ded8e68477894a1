"""A customer with a simulated clock and no process around, whose admin connected everybody.

The product's own code, real storage and a simulated Microsoft; hours pass in milliseconds, which they do not
for the running service of `tests/scenarios`. Where members have connected themselves instead, `personal_customer`
says what differs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from local.microsoft import directory
from local.microsoft.faults import Fault, NotificationFault
from local.microsoft.graph import events
from local.microsoft.world import Event, Subscription, Tenant, User, World
from local.soak import answer_checks, checks
from local.soak.base import times
from local.soak.history import History, today
from local.soak.rest import come_to_rest, pass_time
from local.soak.stage import Stage
from shared.freebusy import BusyAnswer
from shared.messages import DirectorySync, Message
from shared.model import Connection, ConnectionStatus, Mailbox, MailboxKey, MemberKey, OwnConnection, TenantStatus
from shared.model import Tenant as KnownTenant

ANN, BEN = "ann", "ben"


class Customer:
    """A tenant with two members, ann and ben."""

    off = ConnectionStatus.DISABLED_IN_DIRECTORY
    """What becomes of somebody whose account was switched."""
    notices: type[Message] = DirectorySync
    """The message that notices it."""
    table = "Connections"
    """Where members' connections are kept."""
    silent_for = 5
    """After so many minutes a subscription that ended without a word is found missing."""

    def __init__(self, stage: Stage, *, connected: bool = True) -> None:
        self.history = History(stage)
        self.outlook = self.history.outlook
        self.world: World = self.outlook.world
        self.world.switches.access_token_seconds = 24 * 3600
        for name in (ANN, BEN):
            Customer.hires(self, name)
        if connected:
            self.connect()
            self.run()

    def connect(self) -> None:
        """Have the calendars connected."""
        self.history.connect()

    def hires(self, name: str) -> None:
        """Somebody new has a mailbox, is on the roster, and connects."""
        self.outlook.hire(name)
        self.history.put_member(name, self.outlook.address(name))

    # Outlook

    def user(self, name: str) -> User:
        """The directory user who has the name's address, or had it."""
        address = self.outlook.address(name)
        return next(u for u in self.outlook.tenant.users.values() if u.user_principal_name == address)

    def place(self, name: str) -> tuple[World, Tenant, User]:
        """What the simulator's functions take."""
        return self.world, self.outlook.tenant, self.user(name)

    def meet(self, name: str, *, day: int = 1, hour: int = 9, minutes: int = 60, **fields: Any) -> Event:
        """A new event, an hour long."""
        start = today(self.outlook.now()) + timedelta(days=day, hours=hour)
        body = {"subject": "SECRET-meeting", "showAs": "busy", **times(start, minutes), **fields}
        return self.outlook.do(lambda: events.create_event(*self.place(name), body))

    def fault(self, where: str, **more: Any) -> None:
        """Have Graph or Entra answer wrongly; places are those of managed mailboxes."""
        self.outlook.do(lambda: self.world.faults.add(self.spoilt(where, **more)))

    def spoilt(self, where: str, **more: Any) -> Fault:
        """The fault, at the place as it is called."""
        return Fault(where, **more)

    def switches(self, name: str) -> None:
        """Somebody's account is off, or on again; the next pass of the timer sees it."""
        enabled = not self.user(name).account_enabled
        self.outlook.do(lambda: directory.change_user(*self.place(name), {"account_enabled": enabled}))

    def heard_as(self, key: str) -> str:
        """Under what the platform keeps what it hears of a member, or of the tenant."""
        return key

    def misdeliver(self, kind: Any, **more: Any) -> None:
        """Have notifications go wrong."""
        self.outlook.do(lambda: self.world.faults.add(NotificationFault(kind, **more)))

    def lift(self) -> None:
        """End all faults."""
        self.outlook.do(self.world.faults.clear)

    def subscriptions(self, name: str) -> list[Subscription]:
        """The live ones on somebody's mailbox."""
        user, now = self.user(name).id, self.outlook.now()
        found = list(self.world.subscriptions.values())
        return [s for s in found if s.user_id == user and s.expires_at > now and not s.removed]

    def reads(self, name: str) -> int:
        """How often somebody's calendar was asked for so far."""
        asked = [one["path"].lower() for one in list(self.world.requests) if one["user"] == self.user(name).id]
        return sum("/calendarview" in path for path in asked)

    # The product

    def run(self) -> None:
        """Carry out every message that can run now."""
        self.history.run_visible()

    def tick(self) -> None:
        """The timer runs, and what it asks for."""
        self.history.host.tick()
        self.run()

    def live(self, **span: float) -> None:
        """At least so much time passes; the timer runs every two hours, or when something is due."""
        pass_time(self.history, timedelta(**span))

    def ticks(self, minutes: int) -> None:
        """Time passes; the timer runs every five minutes as it does in life, and messages when they come back."""
        for _ in range(minutes // 5):
            tick_at = self.outlook.now() + timedelta(minutes=5)
            while coming_back := self._coming_back(tick_at):
                self.wait(seconds=(min(coming_back) - self.outlook.now()).total_seconds())
            self.outlook.advance(tick_at - self.outlook.now())
            self.tick()

    def _coming_back(self, before: datetime) -> list[datetime]:
        """When messages that are hidden now become visible."""
        now = self.outlook.now()
        return [one.visible_at for one in self.history.host.queue if now < one.visible_at < before]

    def wait(self, **span: float) -> None:
        """Time passes, then whatever is visible runs."""
        self.outlook.advance(timedelta(**span))
        self.run()

    def state(self, name: str) -> tuple[ConnectionStatus, str | None]:
        """What an admin sees of a member."""
        connection = self.connection(name)
        return connection.status, connection.detail

    def connection(self, name: str) -> Connection | OwnConnection:
        """A member's connection."""
        return checks.connections_of(self.history)[name]

    def status(self, name: str) -> ConnectionStatus:
        """The member's state."""
        return self.state(name)[0]

    def tenant(self) -> KnownTenant:
        """The tenant as we know it."""
        row = self.history.observer.tables.tenants.get(self.history.org, self.outlook.tenant.id)
        assert row is not None
        return row.value

    def tenant_status(self) -> TenantStatus:
        """The tenant's status."""
        return self.tenant().status

    def mailbox(self, name: str) -> Mailbox:
        """What our books say of somebody's mailbox."""
        row = self.history.observer.tables.mailboxes.row(self.key(name))
        assert row is not None
        return row.value

    def key(self, name: str) -> MailboxKey:
        """How the product names somebody's mailbox."""
        return MailboxKey(self.outlook.tenant.id, self.user(name).id)

    def watched_with(self, name: str) -> str:
        """Whose calendar is read often too while changes to this one are not told of."""
        return next(other for other in (ANN, BEN) if other != name)

    def missed_pushes(self) -> int:
        """In how many mailboxes changes were not told of lately, as it is shown."""
        return self.tenant().missed_pushes

    def blames_nobody(self) -> bool:
        """Whether nobody is asked to mend what is not theirs to mend."""
        return self.tenant_status() is TenantStatus.CONNECTED

    def busy(self, name: str) -> BusyAnswer:
        """What we answer about somebody's next weeks."""
        return answer_checks.answered(self.history, name)[0]

    def blocks(self, name: str) -> int:
        """In how many blocks."""
        return len(self.busy(name).blocks)

    def is_true(self, name: str) -> bool:
        """Whether the answer is fresh and what Outlook says."""
        managed, own = checks.connections_of(self.history).get(name), self.history.own_connections().get(name)
        try:
            answer_checks.check_answer(self.history, name, managed, own)
        except AssertionError:
            return False
        return self.status(name) is ConnectionStatus.CONNECTED

    def recovers(self, **span: float) -> None:
        """At least so much time passes without trouble; members do what they are asked to."""
        self.live(**span)

    def is_at_rest(self) -> None:
        """Now: each cache equals a fresh read of Outlook, one live subscription per mailbox, nothing left over."""
        checks.at_rest(self.history)

    def rests(self) -> None:
        """Once faults have ended and hours have passed: the same."""
        come_to_rest(self.history)
        self.is_at_rest()

    def counted(self, where: str) -> Callable[[], int]:
        """Counts the requests to a place from now on, spoiling none."""
        most = 1_000_000
        counter = self.spoilt(where, times=most)
        self.outlook.do(lambda: self.world.faults.add(counter))
        return lambda: most - (counter.times or 0)

    def owner(self, name: str) -> MemberKey:
        """The member."""
        return MemberKey(self.history.org, name)
