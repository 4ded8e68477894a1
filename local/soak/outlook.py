"""The customer's side at Microsoft: people who change their calendars, and admins who change people.

Everything goes through the simulator's loop, where Microsoft's rules are, and moves the clock by a second first, so
that every change has a moment of its own. What each calendar said is remembered: the measure of what we answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid4, uuid5

from local import truth
from local.microsoft import directory
from local.microsoft.clock import monotonic
from local.microsoft.entra.consent import grant_tenant, remove_principal
from local.microsoft.entra.keys import KeyRing
from local.microsoft.graph.delivery import Delivery, delivery_of
from local.microsoft.graph.event_resource import View, resource
from local.microsoft.graph.instances import instances
from local.microsoft.graph.lifecycle import due_reminders
from local.microsoft.registration import CLIENT_ID, register_app
from local.microsoft.server import Simulator
from local.microsoft.world import PRIMARY_CALENDAR, Mailbox, Tenant, User, World
from local.soak.stage import Stage

START = datetime(2026, 10, 19, 8, tzinfo=UTC)
"""A Monday a week before Europe's clocks go back."""
HORIZON = START - timedelta(days=10), START + timedelta(days=200)
ZONE = "Europe/Amsterdam"
TICK = timedelta(seconds=1)
PATIENCE_SECONDS = 20
PAUSE_SECONDS = 0.002

T = TypeVar("T")
Blocks = list[truth.Block]
Versions = list[tuple[datetime, Blocks]]


class Reminderless(Delivery):
    """Graph's sender; reminders are due when the history moves the clock, not when a machine's clock says so."""

    def start(self) -> None:
        """Nothing to watch."""


class Outlook:
    """One tenant of a simulated Microsoft of its own."""

    def __init__(self, stage: Stage) -> None:
        self.world = World(keys=KeyRing([stage.signing_key]))
        self.world.clock.stop()
        self.world.clock.set(START)
        self.world.switches.gathering_seconds = 0
        self.world.switches.token_clock = "simulated"  # noqa: S105 - not a password
        self.world.delivery = Reminderless(self.world)
        self.app = register_app(self.world, stage.certificates.client_public.read_bytes(), stage.listener.url)
        self.tenant = Tenant(str(uuid4()), "Acme", ["acme.example"])
        self.elsewhere = Tenant(str(uuid4()), "Elsewhere", ["elsewhere.example"])
        """Where accounts live that nobody's admin knows."""
        self.world.tenants |= {tenant.id: tenant for tenant in (self.tenant, self.elsewhere)}
        self.simulator = Simulator(self.world, stage.certificates)
        self.simulator.__enter__()
        self.versions: dict[str, Versions] = {}
        self.addresses_ever: dict[str, set[str]] = {}

    def close(self) -> None:
        """End this Microsoft."""
        self.simulator.__exit__(None, None, None)

    def do(self, change: Callable[[], T]) -> T:
        """Make a change at a moment of its own, and let what it sets off arrive."""
        self.world.clock.advance(TICK)
        done = self.simulator.call(change)
        self.simulator.call(self._remember)
        self.await_delivery()
        return done

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.world.clock.advance(by)
        self.simulator.call(self._remind)
        self.await_delivery()

    def await_delivery(self) -> None:
        """Wait for every notification that is due, and for what Microsoft carries out late."""
        until = monotonic() + PATIENCE_SECONDS
        while not self.simulator.call(self._is_idle):
            if monotonic() > until:
                raise TimeoutError("notifications are not delivered")
            time.sleep(PAUSE_SECONDS)

    def _is_idle(self) -> bool:
        return self.world.late_writes.is_idle(self.now()) and delivery_of(self.world).is_idle()

    def now(self) -> datetime:
        """The simulated time."""
        return self.world.clock.now()

    # People

    def hire(self, name: str) -> User:
        """A new user of that name; a second one of the same name is somebody else."""
        count = sum(user.display_name == name for user in self.tenant.users.values())
        identity = str(uuid5(NAMESPACE_URL, f"{name}/{count}/{len(self.addresses_ever)}"))
        address = self.address(name)
        mailbox = Mailbox(time_zone=ZONE)
        user = User(identity, name, address, address, [f"SMTP:{address}"], mailbox=mailbox)
        self.do(lambda: directory.add_user(self.world, self.tenant, user))
        self.addresses_ever[user.id] = {address}
        return user

    def stranger(self, name: str) -> User:
        """The account of that name in the other tenant, which is made when it is first asked for."""
        address = f"{name}@elsewhere.example"
        known = self.world.find_user(self.elsewhere.id, address)
        if known is not None:
            return known
        user = User(str(uuid4()), name, address, address, [f"SMTP:{address}"], mailbox=Mailbox(time_zone=ZONE))
        self.do(lambda: directory.add_user(self.world, self.elsewhere, user))
        return user

    def address(self, name: str) -> str:
        """The address that goes with a name."""
        return f"{name}@acme.example"

    def rename(self, user: User, name: str, *, keep: bool) -> None:
        """Give the user another principal name, with or without the old address as an alias."""
        address = self.address(name)
        aliases = [f"smtp:{user.user_principal_name}"] if keep and user.user_principal_name != address else []
        changes = {
            "user_principal_name": address,
            "mail": address,
            "proxy_addresses": [f"SMTP:{address}", *aliases],
        }
        self.addresses_ever[user.id].add(address)
        self.do(lambda: directory.change_user(self.world, self.tenant, user, changes))

    def holder(self, address: str) -> User | None:
        """Who has the address now."""
        return self.world.find_user(self.tenant.id, address)

    # Consent

    def consent(self) -> None:
        """Grant everything."""

        def grant() -> None:
            grant_tenant(self.world, self.tenant, self.app).enabled = True

        self.do(grant)

    def delete_principal(self) -> None:
        """Delete the enterprise app."""
        self.do(lambda: remove_principal(self.world, self.tenant, CLIENT_ID))

    # Calendars

    def truth(self, user_id: str, since: datetime) -> list[list[truth.Block]]:
        """Everything the calendar said at some time since then."""
        versions = self.versions.get(user_id, [])
        ends = [moment for moment, _ in versions[1:]] + [datetime.max.replace(tzinfo=UTC)]
        return [blocks for (_, blocks), end in zip(versions, ends, strict=True) if end > since]

    def shown(self, user_id: str) -> Blocks:
        """What the calendar says now."""
        return self.versions[user_id][-1][1]

    def _remember(self) -> None:
        now = self.now()
        for user in (*self.tenant.users.values(), *self.elsewhere.users.values()):
            mailbox = user.mailbox or user.lost_mailbox
            known = self.versions.setdefault(user.id, [])
            blocks = _blocks(mailbox) if mailbox else []
            if not known or known[-1][1] != blocks:
                known.append((now, blocks))

    def _remind(self) -> None:
        for subscription in due_reminders(self.world):
            delivery_of(self.world).lifecycle(subscription, "reauthorizationRequired")


def _blocks(mailbox: Mailbox) -> list[truth.Block]:
    found = instances(mailbox, *HORIZON, calendar_id=PRIMARY_CALENDAR)
    return truth.taken([resource(instance, View()) for instance in found], *HORIZON, ZONE)
