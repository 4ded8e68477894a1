"""One tenant of an organization made true: who its members are in the directory, and whose calendars to read.

A directory delta is a hint, as a change notification is: it says which members may be affected. Those are looked
up and matched against what the directory says now. The first round, and any round that touches many members,
reads everything instead. Directory users that concern no member are never stored.

Every step can run twice: connections and mailboxes are written first, calendar work is enqueued, and only then
does the delta link move on, over exactly the tenant row that the pass began with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from shared.directory_round import Roster, Round, concerns
from shared.errors import AccessLost, CredentialRejected, EntityChanged, MicrosoftError, StartOver, TryLater
from shared.graph.users import Users
from shared.messages import DirectorySync, Reason
from shared.model import Tenant, TenantStatus
from shared.rematch import Rematch
from shared.schedule import Schedule, keys
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.teardown import Teardown
from shared.tenant_standing import let_into, standing

log = logging.getLogger(__name__)

MOST_LOOKED_UP = 100
"""Above this many affected members, reading the whole directory costs fewer calls."""
SPREADING = timedelta(hours=1)
"""How long consent may take to spread through Microsoft before it counts as missing."""
MOST_ATTEMPTS = 60
"""How often a message is put back, about an hour; after that the schedule alone tries on."""


AHEAD = timedelta(seconds=1)
"""Clocks may differ by this much, and a queue may be early: a message that comes back still counts as in time."""

_NOTHING_TO_READ = (
    TenantStatus.CONNECTING,
    TenantStatus.CONSENT_MISSING,
    TenantStatus.APP_DISABLED,
    TenantStatus.DISCONNECTED,
)


class DirectorySyncs:
    """Carries out `DirectorySync` messages."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        users: Users,
        rematch: Rematch,
        teardown: Teardown,
        schedule: Schedule,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._users = users
        self._rematch = rematch
        self._teardown = teardown
        self._schedule = schedule
        self._now = now

    def run(self, message: DirectorySync) -> None:
        """Make the tenant true, or say in its row why that is not possible now.

        The timer's pass looks after its calendars too, however the directory was; not where there are none yet.
        """
        if message.once:
            self._inspect(message)
        row = self._tables.tenants.get(message.org, message.tenant)
        if row is None or row.value.status is TenantStatus.DISCONNECTED:
            self._clear(message)
        elif not is_redundant(row.value, message):
            self._pass(message, row)

    def _pass(self, message: DirectorySync, row: Row[Tenant]) -> None:
        try:
            if row.value.status is TenantStatus.DISCONNECTING:
                self._take_down(message, row)
            elif is_held(row.value, self._now()):
                self._hold(message, row)
            else:
                self._attempt(message, row)
        except EntityChanged:
            # Whoever overtook this pass may have read the directory before what this pass saw.
            self._again(msgspec.structs.replace(message, once=False), timedelta(seconds=1))

    def _take_down(self, message: DirectorySync, row: Row[Tenant]) -> None:
        """Go on with the disconnection; what waits for Microsoft is looked at again."""
        if not self._teardown.run(message.org, row):
            self._again(message, patience(message.attempt))

    def _clear(self, message: DirectorySync) -> None:
        """A pass that was under way when the tenant went may have bound somebody since: that goes too.

        Its message always comes here: it found the tenant's row changed, or died and is delivered again.
        """
        try:
            done = self._teardown.clear(message.org, message.tenant)
        except EntityChanged:
            done = False
        if not done:
            self._again(message, patience(message.attempt))
        elif any(row.key == message.tenant for row in self._tables.tenants_of(message.org)):
            # Connected again at this very moment: whoever was found by then is looked for once more.
            self._queues.send(DirectorySync(message.org, message.tenant, self._now()))

    def _hold(self, message: DirectorySync, row: Row[Tenant]) -> None:
        """Have one message come when the directory may be asked again; the schedule comes by itself.

        Whom people keep out need not wait for that.
        """
        self._settled(message.org, row.key)
        tenant, now = row.value, self._now()
        comes = tenant.again_at is not None and tenant.again_at > now + AHEAD
        if tenant.not_before is not None and not message.once and not comes:
            self._wait(message, row, tenant, tenant.not_before - now)

    def _inspect(self, message: DirectorySync) -> None:
        """Have calendars read whose time has come, or of which nobody tells; where any can be read."""
        row = self._tables.tenants.get(message.org, message.tenant)
        if row is None or row.value.status in _NOTHING_TO_READ:
            return
        missed = self._schedule.inspect(row.value, self._now())
        self._tables.tenants.change(message.org, message.tenant, lambda tenant: with_missed(tenant, missed))

    def resync_all(self) -> int:
        """Ask once for every tenant of every organization to be made true; how many there are."""
        count = 0
        for row in self._tables.tenants.everything():
            self._queues.send(DirectorySync(row.partition, row.key, self._now(), once=True))
            count += 1
        return count

    def _attempt(self, message: DirectorySync, row: Row[Tenant]) -> None:
        try:
            self._sync(message, row)
        except AccessLost as lost:
            self._lost(message, row, lost)
        except CredentialRejected as rejected:
            log.error("Entra ID refuses the app's credential: %s", rejected.code)  # noqa: TRY400 - no trace needed
        except MicrosoftError as problem:
            log.info("directory-sync put back: %s", problem.code)
            asked = problem.retry_after if isinstance(problem, TryLater) else None
            self._wait(message, row, row.value, asked or patience(message.attempt))

    def _wait(self, message: DirectorySync, row: Row[Tenant], tenant: Tenant, delay: timedelta) -> None:
        """Come back later. Until then nobody asks the directory, and whoever would need not come back too."""
        at = self._now() + delay
        again_at = at if self._again(message, delay) else tenant.again_at
        self._tables.tenants.replace(row, replace(tenant, not_before=at, again_at=again_at))

    def _again(self, message: DirectorySync, delay: timedelta) -> bool:
        """Put the message back; whether it comes again. The schedule comes in any case."""
        comes = message.attempt < MOST_ATTEMPTS and not message.once
        if comes:
            self._queues.send(msgspec.structs.replace(message, attempt=message.attempt + 1), delay)
        return comes

    def _sync(self, message: DirectorySync, row: Row[Tenant]) -> None:
        began, tenant, org = self._now(), row.value, message.org
        roster = self._settled(org, tenant.id)
        found = self._read(tenant, roster)
        domains = found.domains if found.complete else set(tenant.domains) | found.domains
        if tenant.expected_domains and not domains.intersection(tenant.expected_domains):
            raise AccessLost(TenantStatus.WRONG_TENANT, "expected_domains")
        affected = set(roster.wanted()) if found.complete else roster.affected(found)
        affected |= roster.unconsidered(domains - set(tenant.domains))
        moved = self._rematch.run(org, roster, affected, found, frozenset(domains))
        status, reason = standing(tenant, roster)
        in_scope, out_of_scope = let_into(tenant, roster)
        synced = replace(
            tenant,
            status=status,
            reason=reason,
            not_before=None,
            again_at=None,
            synced_at=began,
            in_scope=in_scope,
            out_of_scope=out_of_scope,
        )
        if status is TenantStatus.CONNECTED and tenant.status is not TenantStatus.CONNECTED:
            self._schedule.let_in(tenant.id, moved, began)
        else:
            self._schedule.read(moved, None, Reason.SCHEDULE)
        self._tables.tenants.replace(
            row, replace(synced, delta_link=found.delta_link, domains=tuple(sorted(domains)))
        )
        log.info(
            "directory-sync: %d users seen, %d members affected, %d moved", found.seen, len(affected), len(moved)
        )

    def _settled(self, org: str, tenant_id: str) -> Roster:
        """The roster once everybody whom people decided to keep out is disconnected."""
        roster = self._rematch.roster(org, tenant_id)
        left = self._rematch.keep_out(org, roster)
        if left is None:
            return roster
        self._schedule.read(left, self._now(), Reason.CHANGED)
        return self._rematch.roster(org, tenant_id)

    def _read(self, tenant: Tenant, roster: Roster) -> Round:
        """The round since the last one; everything where there was none, or its link is void."""
        many = len(roster.unconsidered()) > MOST_LOOKED_UP
        try:
            return self._read_round(tenant.id, None if many else tenant.delta_link, roster)
        except StartOver:
            return self._read_round(tenant.id, None, roster)

    def _read_round(self, tenant_id: str, link: str | None, roster: Roster) -> Round:
        found, decide = Round(complete=link is None), concerns(roster)
        for page in self._users.changes(tenant_id, link):
            found.add(page, decide)
        if found.complete and not found.seen:
            # A tenant always has its admin: an empty answer must not disconnect everybody.
            raise TryLater("an empty directory")
        return found

    def _lost(self, message: DirectorySync, row: Row[Tenant], lost: AccessLost) -> None:
        """Record why the tenant is closed; while consent is spreading, come back soon instead.

        Whoever must hear of it is told first, so that a stop half-way leaves the tenant to be told again.
        """
        tenant = row.value
        spreading = tenant.status is TenantStatus.CONNECTING and self._now() - tenant.consented_at < SPREADING
        waits = spreading and lost.status is not TenantStatus.WRONG_TENANT
        if lost.status is TenantStatus.WRONG_TENANT:
            left = self._teardown.unbind(message.org, tenant.id, TenantStatus.WRONG_TENANT)
            self._schedule.read(left, self._now(), Reason.CHANGED)
        elif not waits and not tenant.status.is_lost:
            log.warning("tenant lost: %s %s", lost.status, lost.code)
            self._schedule.read(keys(self._tables.mailboxes.of_tenant(tenant.id)), self._now(), Reason.CHANGED)
        known = replace(tenant, status=TenantStatus.CONNECTING if waits else lost.status, reason=lost.code)
        if waits:
            self._wait(message, row, known, patience(message.attempt))
        else:
            self._tables.tenants.replace(row, known)


def is_held(tenant: Tenant, now: datetime) -> bool:
    """Whether the directory is left alone for now."""
    return tenant.not_before is not None and tenant.not_before > now + AHEAD


def with_missed(tenant: Tenant | None, missed: int) -> Tenant | None:
    """The tenant with so many missed pushes; None where that is known, or the tenant is gone."""
    return None if tenant is None or tenant.missed_pushes == missed else replace(tenant, missed_pushes=missed)


def is_redundant(tenant: Tenant, message: DirectorySync) -> bool:
    """Whether there is nothing to do: a later pass saw all of it, or only a new consent can change anything."""
    if tenant.status is TenantStatus.WRONG_TENANT:
        return True
    done = tenant.synced_at is not None and tenant.synced_at > message.since
    return done and tenant.status is TenantStatus.CONNECTED


def patience(attempts: int) -> timedelta:
    """How long to wait before the next probe: two seconds at first, a minute at last."""
    return timedelta(seconds=min(2 * 2 ** min(attempts, 5), 60))
