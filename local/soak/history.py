"""One history: a customer at Microsoft, their roster with us, the host in between, and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from azure.data.tables import TableServiceClient

from local.soak.host import Envelope, Host
from local.soak.interruptions import Interruptions
from local.soak.outlook import TICK, ZONE, Outlook
from local.soak.platform import Platform
from local.soak.process import Process
from local.soak.stage import Stage
from shared.errors import NotFound
from shared.matching import normalise
from shared.messages import DirectorySync
from shared.model import Member, Tenant, TenantStatus

MOST_AT_ONCE = 200
"""Messages that may run without time passing; more is a loop."""


class Divergence(AssertionError):
    """A promise is broken."""


class History:
    """Everything one history works with."""

    def __init__(self, stage: Stage) -> None:
        stage.next_history()
        self.census = stage.census
        self.census.histories += 1
        self.outlook = Outlook(stage)
        self.org = f"acme-{uuid4().hex}"
        self.roster: dict[str, tuple[str, ...]] = {}
        self.requests_seen = 0
        self.requests_made = 0
        self.claimed: set[str] = set()
        """Addresses of members whose calendars may be asked for."""
        self.leaving: set[str] = set()
        """Those of members who left while a message ran, which may have begun to read before."""
        self.roster_changed_at = self.outlook.now()
        settings = stage.settings(self.outlook.simulator.https_url)
        self.host = Host(settings, self.outlook.now, self.census)
        self.observer = Process(settings, self.outlook.now, self.host.send, Interruptions())
        """For looking at things: nothing comes in between."""
        self._listener = stage.listener
        self._listener.receive = self.host.receive
        self.platform = Platform()
        self._listener.hear = self.platform.receive
        self.storage = TableServiceClient.from_connection_string(stage.azurite.connection_string)

    def close(self) -> None:
        """End it; the timer of later histories must not find this one's tenant."""
        self._listener.receive = lambda _: 503
        self._listener.hear = lambda *_: (503, {})
        self.outlook.close()
        self.observer.tables.tenants.delete(self.org, self.outlook.tenant.id)
        self.observer.close()
        self.host.close()
        self.storage.close()

    def connect(self) -> None:
        """Consent, recorded as an activation records it."""
        self.outlook.consent()
        now = self.outlook.now()
        tenant = Tenant(self.outlook.tenant.id, TenantStatus.CONNECTING, "admin", now)
        self.observer.tables.tenants.put(self.org, tenant.id, tenant)
        self.host.send(DirectorySync(self.org, tenant.id, now))

    def put_member(self, name: str, *addresses: str) -> None:
        """Add or change a member; the platform repeats a call that was cut short."""
        given = tuple(normalise(address) for address in addresses)
        self.roster[name] = given
        self.claimed.update(given)
        self.roster_changed_at = self.outlook.now()
        member = Member(name, name, given, ZONE)
        self.until_done(lambda: self.host.process.members.put(self.org, "service", member))

    def remove_member(self, name: str) -> None:
        """Take a member off."""
        left = self.roster.pop(name)
        self.platform.removals[name] += 1
        self.until_done(lambda: self._removed(name))
        self.outlook.world.clock.advance(TICK)
        gone = set(left) - {address for addresses in self.roster.values() for address in addresses}
        self.claimed -= gone
        if self.host.running:
            self.leaving |= gone

    def _removed(self, name: str) -> None:
        try:
            self.host.process.members.remove(self.org, "service", name)
        except NotFound:
            # The call before was cut short behind the member's row: the platform sends its roster then.
            self.host.process.members.replace_all(
                self.org, "service", {n: Member(n, n, a, ZONE) for n, a in self.roster.items()}
            )

    def until_done(self, call: Callable[[], object]) -> None:
        """Do it again until no kill comes in between; then let what it set off arrive."""
        while not self.host.attempt(call):
            pass
        self.host.interruptions.forget()

    def run(self, envelope: Envelope) -> None:
        """Carry out a message."""
        self.host.run(envelope)
        self.host.interruptions.forget()
        self.outlook.await_delivery()

    def run_visible(self) -> None:
        """Carry out everything that can run now, oldest first."""
        for _ in range(MOST_AT_ONCE):
            visible = self.host.visible()
            if not visible:
                return
            self.run(visible[0])
        raise Divergence(f"a loop: {[e.text for e in self.host.queue][:5]}")

    def rows(self, table: str, partition: str) -> list[dict[str, object]]:
        """A table's rows in a partition."""
        client = self.storage.get_table_client(table)
        return [dict(row) for row in client.query_entities("PartitionKey eq @p", parameters={"p": partition})]

    def calendar_rows(self) -> list[tuple[str, str]]:
        """Member and mailbox of every cached calendar of the organization."""
        client = self.storage.get_table_client("Calendars")
        found = client.query_entities(
            "PartitionKey gt @a and PartitionKey lt @b", parameters={"a": f"{self.org}|", "b": f"{self.org}}}"}
        )
        return sorted((row["PartitionKey"].partition("|")[2], row["RowKey"].partition("|")[2]) for row in found)


def today(now: datetime) -> datetime:
    """The UTC day's beginning."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


DAYS = timedelta(days=60)
