"""Calendars made true: ensure the subscription, read the window, replace the snapshot.

A message names up to twenty mailboxes of a tenant, as many as one Graph batch takes.
Everything that can dirty a calendar (a notification, a new member, a renewal, the schedule) is the same message, and
carrying it out twice changes nothing. A read that began after the reason for a message arose makes it redundant, and
one message reads a mailbox at a time (`turns`). The subscription comes first: what changes while the window is read
is notified and read again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from shared.bookings.sightings import Sighting
from shared.bookings.watch import Watch
from shared.calendar_reads import CalendarReads, MailboxRead, Results
from shared.connections import Connections
from shared.errors import AccessLost, MicrosoftError, ReconnectRequired, TryLater
from shared.graph.timezones import zone
from shared.mailbox_reading import (
    Owners,
    after_failure,
    after_striking_out,
    after_success,
    may_settle,
    status_of,
    unclaimed,
    wait_for,
)
from shared.messages import CalendarSync, Reason, calendar_syncs
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.push_health import after_hearing, can_suspect, is_news
from shared.snapshots import Snapshots
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.subscriptions import Pushes
from shared.turns import ABOUT_PUSH, Turns, is_held, may_write, reading_time, when_held

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
"""How often a message is put back because Microsoft said to wait; then the mailbox waits for its own time."""


class CalendarSyncs:
    """Carries out `CalendarSync` messages."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        reads: CalendarReads,
        pushes: Pushes,
        connections: Connections,
        watch: Watch,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._reads = reads
        self._pushes = pushes
        self._connections = connections
        self._watch = watch
        self._snapshots = Snapshots(tables, connections)
        self._turns = Turns(tables, queues, now)
        self._now = now

    def run(self, message: CalendarSync, delivery: str | None = None) -> None:
        """Make the mailboxes true; those whose turn comes later are put back with a delay.

        `delivery` is the queue's id of the message, the same when it is delivered again.
        """
        now = self._now()
        keys = [MailboxKey(message.tenant, object_id) for object_id in message.mailboxes]
        rows = [row for key in keys if (row := self._tables.mailboxes.row(key)) is not None]
        turns = {row.key: reading_time(row.value, message, now, delivery) for row in rows if row.value.members}
        self._pass_by(message, [row for row in rows if row.value.members and turns[row.key] is None], now)
        claimed, later = self._turns.claim(message, [row for row in rows if turns.get(row.key) == now], delivery)
        self._turns.postpone(message, {key: turn for key, turn in turns.items() if turn and turn > now} | later)
        # Whose they are is looked up behind the claim: whoever joined before is seen, whoever joins later asks anew.
        owners = self._owners(message.tenant, {owner for row in claimed for owner in row.value.members})
        nobodys = [row for row in rows if not row.value.members and not may_write(row.value, now, delivery)]
        for row in [*claimed, *nobodys]:
            self._put_right(row, owners)
        self._make_true(message, [row for row in claimed if owners.of(row.value)], owners, now)

    def read_now(self, keys: Iterable[MailboxKey]) -> None:
        """Read mailboxes for somebody who waits, unless others have just done so."""
        by_tenant = defaultdict(list)
        for key in keys:
            by_tenant[key.tenant_id].append(key.object_id)
        for tenant_id, mailboxes in by_tenant.items():
            for message in calendar_syncs(tenant_id, mailboxes, self._now(), Reason.CHANGED):
                self.run(message)

    def _pass_by(self, message: CalendarSync, rows: Iterable[Row[Mailbox]], now: datetime) -> None:
        """What a message means for mailboxes that it does not read.

        Somebody whose connection was written only after the mailbox had been read heard nothing of it.
        """
        for row in rows:
            mailbox = row.value
            if message.since is None and mailbox.status is ConnectionStatus.CONNECTED:
                self._connections.welcome(mailbox.key, mailbox.members)
            if message.reason is Reason.NOTIFIED and is_news(mailbox):
                self._tables.mailboxes.update(row, lambda current: current and after_hearing(current, message.since))
            if message.reason in ABOUT_PUSH and is_held(mailbox, now):
                self._tables.mailboxes.update(row, lambda current: current and when_held(current, message, now))

    def _owners(self, tenant_id: str, listed: set[MemberKey]) -> Owners:
        """What roster and connections say of the members whom the tenant's mailboxes list, and what they selected."""
        members = {owner: self._tables.members.get(*owner) for owner in listed}
        zones = {owner: zone(row.value.time_zone) for owner, row in members.items() if row is not None}
        connections = {owner: self._connections.of(tenant_id, owner) for owner in zones}
        known = {owner: one for owner, one in connections.items() if one is not None}
        return Owners(zones, known, {owner: self._tables.calendars.selections(owner) for owner in known})

    def _make_true(self, message: CalendarSync, rows: list[Row[Mailbox]], owners: Owners, began: datetime) -> None:
        """Read the mailboxes and record what came of it.

        Those that must be asked again are put back first: a mailbox that waits relies on the message.
        """
        if not rows:
            return
        results, pushes = self._read(message, [row.value for row in rows], owners, began)
        settling = [row for row in rows if may_settle(row.value, results[row.key])]
        if settling and not self._lets_in(message.tenant, results):
            results |= dict.fromkeys((row.key for row in settling), TryLater("consent is spreading"))
        waits = {}
        for row in rows:
            result = results[row.key]
            if isinstance(result, TryLater) and message.attempt < MOST_ATTEMPTS:
                waits[row.key] = wait_for(result, message.attempt)
        self._put_back(message, waits, began)
        shown = {
            row.key: self._snapshots.show(message, row.value, read, pushes.get(row.key), began, owners)
            for row in rows
            if isinstance(read := results[row.key], MailboxRead)
        }
        self._compare(message, [seen for one in shown.values() for seen in one.sightings], began)
        for row in rows:
            result, push = results[row.key], pushes.get(row.key)
            if isinstance(result, MicrosoftError):
                self._record_failure(row, result, push, waits.get(row.key), began, owners)
            else:
                surprised = shown[row.key].differs and can_suspect(row.value, message.reason)
                self._record_read(row, result, push, row.value.claimed_at or began, owners, surprised=surprised)

    def _lets_in(self, tenant_id: str, results: Results) -> bool:
        """Whether the tenant has let us into any mailbox."""
        if any(isinstance(result, MailboxRead) for result in results.values()):
            return True
        return any(mailbox.read_at is not None for mailbox in self._tables.mailboxes.of_tenant(tenant_id))

    def _read(
        self, message: CalendarSync, mailboxes: list[Mailbox], owners: Owners, began: datetime
    ) -> tuple[Results, dict[str, Push]]:
        """Each mailbox's blocks or failure, and how push stands where it changed."""
        pushes: dict[str, Push] = {}
        ids = [mailbox.key.object_id for mailbox in mailboxes]
        try:
            pushes = self._pushes.ensure(message.tenant, mailboxes, message.reason, message.since)
            return self._reads.read(message.tenant, mailboxes, owners, began), pushes
        except (AccessLost, TryLater) as problem:
            return dict.fromkeys(ids, problem), pushes
        except MicrosoftError as problem:
            # What is said of a whole batch says nothing of one mailbox.
            log.warning("a batch failed: %s", problem.code)
            return dict.fromkeys(ids, TryLater(problem.code)), pushes

    def _compare(self, message: CalendarSync, sightings: list[Sighting], began: datetime) -> None:
        """Notice what was done to bookings; mailboxes where that is not certain are read again soon.

        Before the mailboxes count as read: whoever dies here is followed by the same message.
        """
        unfinished = self._watch.compare(message.tenant, sightings) if sightings else {}
        if message.attempt < MOST_ATTEMPTS:
            waits = {key: wait_for(problem, message.attempt) for key, problem in unfinished.items()}
            self._put_back(message, waits, began)

    def _record_read(
        self,
        row: Row[Mailbox],
        read: MailboxRead,
        push: Push | None,
        began: datetime,
        owners: Owners,
        *,
        surprised: bool,
    ) -> None:
        """Write what a read whose snapshots are in place makes of the connections and the mailbox."""
        mailbox = row.value
        self._snapshots.tell(mailbox, read, began, owners)
        shown = frozenset(owners.of(mailbox))
        watched = any(one.shared for one in owners.calendars(mailbox))

        def ended(now: Mailbox | None) -> Mailbox | None:
            # Before the claim goes: while it is there, what we wrote for who left is known to be in the way.
            self._forget(set(mailbox.members) - set(now.members if now else ()), mailbox.key)
            return now and after_success(now, mailbox, shown, push, began, surprised=surprised, watched=watched)

        self._end_unwanted(mailbox, self._tables.mailboxes.update(row, ended), push)

    def _record_failure(
        self,
        row: Row[Mailbox],
        problem: MicrosoftError,
        push: Push | None,
        wait: timedelta | None,
        began: datetime,
        owners: Owners,
    ) -> None:
        """Say that the last known times are no longer sure; the blocks stay."""
        mailbox = row.value
        status = status_of(problem, mailbox)
        for owner in owners.of(mailbox):
            self._tables.calendars.mark_unreadable(owner, mailbox.key, status, began)
        generation = problem.generation if isinstance(problem, ReconnectRequired) else None
        unaware = owners.unaware(owners.of(mailbox), status, problem.code)
        self._connections.tell(mailbox.key, unaware, status, problem.code, generation)
        current = self._tables.mailboxes.update(
            row, lambda now: now and after_failure(now, mailbox, status, push, wait, began)
        )
        self._end_unwanted(mailbox, current, push)

    def _end_unwanted(self, mailbox: Mailbox, current: Mailbox | None, push: Push | None) -> None:
        """Let go of a mailbox that everybody left while it was read, which nobody else does meanwhile."""
        if current is None and push is not None:
            self._pushes.stop(replace(mailbox, push=push))
        elif current is not None and not current.members and current.claimed_at is None:
            self._abandon(current)

    def _forget(self, owners: Iterable[MemberKey], key: MailboxKey) -> None:
        """Delete what was read of the mailbox for those who left it."""
        for owner in owners:
            self._tables.calendars.delete(owner, key)

    def _put_right(self, row: Row[Mailbox], owners: Owners) -> None:
        """Take off the list whoever is wrongly on it; a mailbox that lists nobody is let go."""
        mailbox, now = row.value, self._now()
        disputed = owners.disputed(mailbox)
        out = owners.struck_out(mailbox, now) | (set(mailbox.left) - set(mailbox.members))
        self._forget(out, mailbox.key)
        if after_striking_out(mailbox, out, bool(disputed - out), now) != mailbox:
            self._tables.mailboxes.update(row, lambda m: m and after_striking_out(m, out, bool(disputed - out), now))
        if not set(mailbox.members) - out:
            self._abandon(mailbox)
        elif not owners.of(mailbox):
            self._tables.mailboxes.update(row, lambda m: m and unclaimed(m, mailbox))

    def _abandon(self, mailbox: Mailbox) -> None:
        """Let go of a mailbox that is nobody's any more, at Microsoft first.

        Somebody may have come back while Microsoft was asked: then it stays, to be subscribed anew.
        """
        if self._pushes.stop(mailbox):
            self._tables.mailboxes.release(mailbox.key, self._now())

    def _put_back(self, message: CalendarSync, waits: dict[str, timedelta], began: datetime) -> None:
        """Send the message again for those who wait, each group when its time has come."""
        groups = defaultdict(list)
        for object_id, wait in waits.items():
            groups[wait].append(object_id)
        for wait, object_ids in groups.items():
            again = msgspec.structs.replace(
                message, mailboxes=tuple(object_ids), since=began + wait, attempt=message.attempt + 1
            )
            self._queues.send(again, wait)
        if waits:
            log.info("calendar-sync: %d of %d put back", len(waits), len(message.mailboxes))
