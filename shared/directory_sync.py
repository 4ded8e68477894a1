"""One tenant of an organization made true: who its members are in the directory, and whose calendars to read.

A directory delta is a hint, as a change notification is: it says which members may be affected. Those are looked
up and matched against what the directory says now. The first round, and any round that touches many members,
reads everything instead. Directory users that concern no member are never stored.

Every step can run twice: connections and mailboxes are written first, calendar work is enqueued, and only then
does the delta link move on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.connections import Connections
from shared.errors import AccessLost, CredentialRejected, EntityChanged, MicrosoftError, StartOver, TryLater
from shared.graph.users import DirectoryPage, Users
from shared.matching import Directory, connection_after, contested_addresses, match, normalise, owned_domains
from shared.messages import DirectorySync, calendar_syncs
from shared.model import Connection, ConnectionStatus, DirectoryUser, Mailbox, Member, Tenant, TenantStatus
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

MOST_LOOKED_UP = 100
"""Above this many affected members, reading the whole directory costs fewer calls."""
SPREADING = timedelta(hours=1)
"""How long consent may take to spread through Microsoft before it counts as missing."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""As a reason's time: whoever was never read or is due is read, a read under way covers it."""
MOST_ATTEMPTS = 60
"""How often a message is put back, about an hour; after that the schedule alone tries on."""


@dataclass
class Round:
    """What one delta round said, as far as it concerns members."""

    complete: bool
    """Whether it lists the whole directory rather than changes."""
    users: dict[str, DirectoryUser] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    delta_link: str | None = None
    seen: int = 0

    def add(self, page: DirectoryPage, concerns: Callable[[DirectoryUser], bool]) -> None:
        """Take a page in; the last word about a user counts."""
        for user in page.users:
            self.removed.discard(user.id)
            self.users.pop(user.id, None)
            if concerns(user):
                self.users[user.id] = user
        for user_id in page.removed:
            self.users.pop(user_id, None)
            self.removed.add(user_id)
        self.domains |= owned_domains(page.users)
        self.delta_link = page.delta_link or self.delta_link
        self.seen += len(page.users)


@dataclass(frozen=True)
class Roster:
    """The organization's members with their connections as they stand."""

    members: Mapping[str, Member]
    connections: Mapping[str, Row[Connection]]
    tenant_id: str

    def bound(self, member_id: str) -> Connection | None:
        """The member's connection, if it is bound in this tenant or in none."""
        row = self.connections.get(member_id)
        return row.value if row and row.value.tenant_id in (self.tenant_id, None) else None

    def matchable(self) -> dict[str, Member]:
        """Members this tenant may connect: all who are not bound in another one or kept out by a person."""
        return {m.id: m for m in self.members.values() if self._is_matchable(m.id)}

    def unconsidered(self) -> set[str]:
        """Members nobody has looked for in this tenant yet under the addresses they have now."""
        return {m.id for m in self.matchable().values() if not self._is_considered(m)}

    def affected(self, users: Iterable[DirectoryUser], removed: set[str]) -> set[str]:
        """Members whose match may change because these users did."""
        users = list(users)
        addresses = {normalise(a) for u in users for a in (u.user_principal_name, u.mail or "", *u.smtp_addresses)}
        ids = {user.id for user in users} | removed
        return {
            m.id
            for m in self.matchable().values()
            if addresses.intersection(m.addresses) or ((c := self.bound(m.id)) and c.object_id in ids)
        }

    def _is_considered(self, member: Member) -> bool:
        row = self.connections.get(member.id)
        if row is None:
            return False
        return row.value.considered == member.addresses and self.tenant_id in row.value.considered_in

    def _is_matchable(self, member_id: str) -> bool:
        row = self.connections.get(member_id)
        if row is None:
            return True
        kept_out = row.value.status in (ConnectionStatus.EXCLUDED, ConnectionStatus.USER_DISCONNECTED)
        return not kept_out and row.value.tenant_id in (self.tenant_id, None)


class DirectorySyncs:
    """Carries out `DirectorySync` messages."""

    def __init__(
        self, tables: Tables, queues: Queues, users: Users, connections: Connections, now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._users = users
        self._connections = connections
        self._now = now

    def run(self, message: DirectorySync) -> None:
        """Make the tenant true, or say in its row why that is not possible now."""
        row = self._tables.tenants.get(message.org, message.tenant)
        if row is None:
            return
        try:
            self._sync(message.org, row.value)
        except AccessLost as lost:
            self._lost(message, row.value, lost)
        except EntityChanged:
            self._again(message, timedelta())
        except CredentialRejected as rejected:
            log.error("Entra ID refuses the app's credential: %s", rejected.code)  # noqa: TRY400 - no trace needed
        except MicrosoftError as problem:
            wait = problem.retry_after if isinstance(problem, TryLater) else None
            log.info("directory-sync put back: %s", problem)
            self._again(message, wait or patience(message.attempt))

    def resync_all(self) -> int:
        """Ask once for every tenant of every organization to be made true; how many there are.

        The next time is soon enough for those that are not ready, so these messages are not put back.
        """
        count = 0
        for row in self._tables.tenants.everything():
            self._queues.send(DirectorySync(row.partition, row.key, MOST_ATTEMPTS))
            count += 1
        return count

    def _again(self, message: DirectorySync, delay: timedelta) -> None:
        if message.attempt < MOST_ATTEMPTS:
            self._queues.send(DirectorySync(message.org, message.tenant, message.attempt + 1), delay)

    def _sync(self, org: str, tenant: Tenant) -> None:
        began = self._now()
        roster = self._roster(org, tenant.id)
        found = self._read(tenant, roster)
        domains = set(tenant.domains) | found.domains
        if tenant.expected_domains and not domains.intersection(tenant.expected_domains):
            raise AccessLost(TenantStatus.WRONG_TENANT, "expected_domains")
        affected = set(roster.matchable()) if found.complete else roster.affected(found.users.values(), found.removed)
        due = self._rematch(org, tenant.id, roster, affected | roster.unconsidered(), found, frozenset(domains))
        recovered = tenant.status.is_lost
        due |= {m.key.object_id for m in self._due(tenant.id, recovered)}
        for message in calendar_syncs(tenant.id, due, began if recovered else LONG_AGO):
            self._queues.send(message)
        self._save(org, tenant.id, found, tuple(sorted(domains)), began)
        log.info(
            "directory-sync: %d users seen, %d members affected, %d calendars due",
            found.seen,
            len(affected),
            len(due),
        )

    def _roster(self, org: str, tenant_id: str) -> Roster:
        members = {row.key: row.value for row in self._tables.members.rows(org)}
        connections = {row.key: row for row in self._tables.connections.rows(org)}
        return Roster(members, connections, tenant_id)

    def _read(self, tenant: Tenant, roster: Roster) -> Round:
        """The round since the last one; everything where there was none, or its link is void."""
        wanted = {address for member in roster.members.values() for address in member.addresses}
        bound = {row.value.object_id for row in roster.connections.values()}

        def concerns(user: DirectoryUser) -> bool:
            names = (user.user_principal_name, user.mail or "", *user.smtp_addresses)
            return user.id in bound or any(normalise(name) in wanted for name in names)

        many = len(roster.unconsidered()) > MOST_LOOKED_UP
        try:
            return self._read_round(tenant.id, None if many else tenant.delta_link, concerns)
        except StartOver:
            return self._read_round(tenant.id, None, concerns)

    def _read_round(self, tenant_id: str, link: str | None, concerns: Callable[[DirectoryUser], bool]) -> Round:
        found = Round(complete=link is None)
        for page in self._users.changes(tenant_id, link):
            found.add(page, concerns)
        if found.complete and not found.seen:
            # A tenant always has its admin: an empty answer must not disconnect everybody.
            raise TryLater("an empty directory")
        return found

    def _rematch(
        self, org: str, tenant_id: str, roster: Roster, affected: set[str], found: Round, owned: frozenset[str]
    ) -> set[str]:
        """Match the affected members again and save what changed; the object ids whose calendars are due."""
        members = [roster.members[member_id] for member_id in sorted(affected)]
        users = dict(found.users) if found.complete else self._look_up(tenant_id, roster, members, found)
        directory = Directory(users.values(), owned | owned_domains(users.values()))
        contested = contested_addresses(roster.members.values())
        changes = []
        for member in members:
            before = roster.bound(member.id)
            outcome = match(member, directory, before, contested)
            after = connection_after(member, outcome, tenant_id, before, self._now())
            if after != before:
                changes.append((roster.connections.get(member.id), after))
        orphans = [row for key, row in roster.connections.items() if key not in roster.members]
        return self._connections.save(org, changes, orphans)

    def _look_up(
        self, tenant_id: str, roster: Roster, members: list[Member], found: Round
    ) -> dict[str, DirectoryUser]:
        """What the directory says now of the members' addresses and of the users they are bound to.

        Replicas lag: what the delta round just said about a user wins over what a look-up says.
        """
        if not members:
            return {}
        addresses = sorted({address for member in members for address in member.addresses})
        ids = sorted({c.object_id for m in members if (c := roster.bound(m.id)) and c.object_id})
        users = {user.id: user for user in self._users.look_up(tenant_id, addresses, ids)}
        return {key: user for key, user in (users | found.users).items() if key not in found.removed}

    def _due(self, tenant_id: str, recovered: bool) -> list[Mailbox]:
        """Mailboxes whose time has come; all of them when the tenant has just let us in again."""
        mailboxes = self._tables.mailboxes
        return list(mailboxes.of_tenant(tenant_id) if recovered else mailboxes.due(tenant_id, self._now()))

    def _save(self, org: str, tenant_id: str, found: Round, domains: tuple[str, ...], began: datetime) -> None:
        def synced(tenant: Tenant | None) -> Tenant | None:
            return tenant and replace(
                tenant,
                status=TenantStatus.CONNECTED,
                reason=None,
                delta_link=found.delta_link,
                domains=domains,
                synced_at=began,
            )

        self._tables.tenants.change(org, tenant_id, synced)

    def _lost(self, message: DirectorySync, tenant: Tenant, lost: AccessLost) -> None:
        """Record why the tenant is closed; while consent is spreading, come back soon instead."""
        spreading = tenant.status is TenantStatus.CONNECTING and self._now() - tenant.consented_at < SPREADING
        waits = spreading and lost.status is not TenantStatus.WRONG_TENANT
        status = TenantStatus.CONNECTING if waits else lost.status

        def noted(current: Tenant | None) -> Tenant | None:
            return current and replace(current, status=status, reason=lost.code)

        self._tables.tenants.change(message.org, message.tenant, noted)
        if waits:
            self._again(message, patience(message.attempt))
        elif not tenant.status.is_lost:
            log.warning("tenant lost: %s %s", lost.status, lost.code)
            for sync in calendar_syncs(
                tenant.id, [m.key.object_id for m in self._due(tenant.id, recovered=True)], self._now()
            ):
                self._queues.send(sync)


def patience(attempts: int) -> timedelta:
    """How long to wait before the next probe: two seconds at first, a minute at last."""
    return timedelta(seconds=min(2 * 2 ** min(attempts, 5), 60))
