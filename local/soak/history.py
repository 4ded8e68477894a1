"""One history: a customer at Microsoft, their roster with us, the host in between, and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient

from local.soak.decisions import Decisions
from local.soak.errors import Divergence
from local.soak.host import Envelope, Host
from local.soak.interruptions import Interruptions
from local.soak.organizations import Neighbour, Side
from local.soak.outlook import TICK, ZONE, Outlook
from local.soak.own_accounts import OwnAccounts
from local.soak.platform import Platform, own_of
from local.soak.process import Process
from local.soak.stage import Stage
from shared.errors import NotFound
from shared.matching import normalise
from shared.messages import DirectorySync
from shared.model import DeadLetter, Member, OwnConnection, Tenant, TenantStatus
from shared.policy import kept_out

MOST_AT_ONCE = 200
"""Messages that may run without time passing; more is a loop."""


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
        self._listener.hear = self._hear
        self.decisions = Decisions(self)
        self.own = OwnAccounts(self)
        self.neighbour: Neighbour | None = None
        self.storage = TableServiceClient.from_connection_string(stage.azurite.connection_string)

    def close(self) -> None:
        """End it; later histories must find neither this one's tenant, with their timer, nor its dead letters."""
        self._listener.receive = lambda _: 503
        self._listener.hear = lambda *_: (503, {})
        self.outlook.close()
        for letter in self.dead_letters():
            self.observer.dead_letters.discard(letter.queue, letter.id)
        self.own.clear()
        for side in self.sides:
            self.observer.tables.tenants.delete(side.org, self.outlook.tenant.id)
        self.observer.close()
        self.host.close()
        self.storage.close()

    @property
    def sides(self) -> list[Side]:
        """The organizations that connect the tenant."""
        return [self, *([self.neighbour] if self.neighbour else [])]

    def own_connections(self) -> dict[str, OwnConnection]:
        """Members' own connections that are there."""
        rows = self.own.rows() if self.own.members else {}
        return {who: own for who, own in rows.items() if not own.is_over}

    def dead_letters(self) -> list[DeadLetter]:
        """What failed for good in this history: every message names its tenant, organization or own mailbox."""
        own = {key.object_id for key in self.own.keys().values()}
        names = {self.outlook.tenant.id, *(side.org for side in self.sides)} | own
        return [letter for letter in self.observer.dead_letters.all() if any(name in letter.text for name in names)]

    def connect(self, org: str | None = None) -> None:
        """Consent, recorded as an activation records it."""
        self.outlook.consent()
        now = self.outlook.now()
        tenant = Tenant(self.outlook.tenant.id, TenantStatus.CONNECTING, "admin", now)
        self.observer.tables.tenants.put(org or self.org, tenant.id, tenant)
        self.host.send(DirectorySync(org or self.org, tenant.id, now))
        self.settle_claims()

    def add_neighbour(self, **roster: str) -> None:
        """Another organization connects the tenant, with members of these addresses."""
        self.neighbour = Neighbour(self.outlook, self.host, self.observer)
        for name, address in roster.items():
            self.neighbour.roster[name] = (address,)
            member = Member(name, name, (address,), ZONE)
            self.host.process.members.put(self.neighbour.org, "service", member)
        self.connect(self.neighbour.org)

    def wanted(self, *, connected: bool = True) -> set[str]:
        """Addresses and users of members who are to be connected, as it was decided; their calendars may be read."""
        found = {a for addresses in (self.neighbour.roster if self.neighbour else {}).values() for a in addresses}
        policy = self.decisions.policy()
        for name, addresses in self.roster.items() if connected else ():
            choice = self.decisions.choice(name)
            if kept_out(Member(name, name, addresses, ZONE), choice, policy) is None:
                found |= {*addresses, *([choice.mailbox.object_id] if choice.mailbox else ())}
        return found

    def settle_claims(self) -> None:
        """Whoever is let in may be read from now on; whoever is kept out by a choice, not any more."""
        wanted, out = self.wanted(), self.decisions.out
        self.claimed |= wanted
        self._drop({address for name in out for address in self.roster.get(name, ())} - wanted)

    def _drop(self, gone: set[str]) -> None:
        """Not to be asked for any more, but by what runs already."""
        if self.host.running:
            self.leaving |= gone & self.claimed
        self.claimed -= gone

    def put_member(self, name: str, *addresses: str) -> None:
        """Add or change a member; the platform repeats a call that was cut short."""
        given = tuple(normalise(address) for address in addresses)
        self.roster[name] = given
        if self.decisions.is_out(name):
            self.decisions.out.add(name)
        self.settle_claims()
        self.roster_changed_at = self.outlook.now()
        member = Member(name, name, given, ZONE)
        self.until_done(lambda: self.host.process.members.put(self.org, "service", member))

    def remove_member(self, name: str) -> None:
        """Take a member off."""
        left = self.roster.pop(name)
        self.decisions.out.discard(name)
        self.own.decided.pop(name, None)
        self.platform.removals.update((name, own_of(name)))
        self.until_done(lambda: self._removed(name))
        self.outlook.world.clock.advance(TICK)
        self._drop(set(left) - self.wanted())

    def _removed(self, name: str) -> None:
        try:
            self.host.process.members.remove(self.org, "service", name)
        except NotFound:
            # The call before was cut short behind the member's row: the platform sends its roster then.
            self.host.process.members.replace_all(
                self.org, "service", {n: Member(n, n, a, ZONE) for n, a in self.roster.items()}
            )

    def _hear(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """An event goes to the platform's books of its organization."""
        org = msgspec.json.decode(body)["data"]["organization"]
        side = next((side for side in self.sides if side.org == org), self)
        return side.platform.receive(body, headers)

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
        return self._query(table, "PartitionKey eq @p", p=partition)

    def calendar_rows(self, org: str) -> list[tuple[str, str]]:
        """Member and mailbox of every cached calendar of an organization."""
        found = self._query("Calendars", "PartitionKey gt @a and PartitionKey lt @b", a=f"{org}|", b=f"{org}}}")
        keys = [(str(row["PartitionKey"]), str(row["RowKey"])) for row in found]
        return sorted((partition.partition("|")[2], row.partition("|")[2]) for partition, row in keys)

    def _query(self, table: str, condition: str, **parameters: str) -> list[dict[str, object]]:
        """Rows, of which there are none where nobody has made the table yet."""
        found = self.storage.get_table_client(table).query_entities(condition, parameters=parameters)
        with suppress(ResourceNotFoundError):
            return [dict(row) for row in found]
        return []


def today(now: datetime) -> datetime:
    """The UTC day's beginning."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


DAYS = timedelta(days=60)
