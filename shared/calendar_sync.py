"""Calendars made true: ensure the subscription, read the window, replace the snapshot.

A message names up to twenty mailboxes of a tenant, as many as one Graph batch takes.
Everything that can dirty a calendar (a notification, a new member, a renewal, the schedule) is the same message, and
carrying it out twice changes nothing. A read that began after the reason for a message arose makes it redundant.
The subscription comes first: what changes while the window is read is notified and read again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import msgspec

from shared.connections import Connections
from shared.errors import AccessLost, MicrosoftError, TryLater
from shared.freebusy import clip, rolling_window, widened
from shared.graph.calendar import AllDayBlock, CalendarViews, Read, place_all_day
from shared.graph.timezones import zone
from shared.mailbox_reading import (
    Owners,
    after_failure,
    after_striking_out,
    after_success,
    is_due,
    is_held,
    may_settle,
    status_of,
    wait_for,
)
from shared.messages import CalendarSync
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push, Snapshot
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.subscriptions import Pushes

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
"""How often a message is put back before the schedule takes over."""

Results = dict[str, Read | MicrosoftError]


class CalendarSyncs:
    """Carries out `CalendarSync` messages."""

    def __init__(
        self,
        tables: Tables,
        queues: Queues,
        views: CalendarViews,
        pushes: Pushes,
        connections: Connections,
        now: Callable[[], datetime],
    ) -> None:
        self._tables = tables
        self._queues = queues
        self._views = views
        self._pushes = pushes
        self._connections = connections
        self._now = now

    def run(self, message: CalendarSync) -> None:
        """Make the mailboxes true; those that Microsoft is not ready to talk about are put back with a delay."""
        now = self._now()
        keys = [MailboxKey(message.tenant, object_id) for object_id in message.mailboxes]
        rows = [row for key in keys if (row := self._tables.mailboxes.row(key)) is not None]
        due = [row for row in rows if not row.value.members or is_due(row.value, message, now)]
        if message.since is None:
            self._tell_again(row.value for row in rows if row not in due)
        owners = self._owners({owner for row in due for owner in row.value.members})
        used = [row for row in due if owners.of(row.value)]
        for row in due:
            self._put_right(row, owners)
        held = {
            row.key: row.value.not_before - now for row in used if row.value.not_before and is_held(row.value, now)
        }
        waiting = self._make_true(message, [row for row in used if row.key not in held], owners)
        self._put_back(message, held | waiting)

    def _owners(self, listed: set[MemberKey]) -> Owners:
        """What roster and connections say of the members whom the mailboxes list."""
        members = {owner: self._tables.members.get(*owner) for owner in listed}
        zones = {owner: zone(row.value.time_zone) for owner, row in members.items() if row is not None}
        connections = {owner: self._tables.connections.get(*owner) for owner in zones}
        return Owners(
            zones, {owner: row.value.active_mailbox for owner, row in connections.items() if row is not None}
        )

    def _make_true(self, message: CalendarSync, rows: list[Row[Mailbox]], owners: Owners) -> dict[str, timedelta]:
        """Read the mailboxes and record what came of it; who must be asked again, and when."""
        if not rows:
            return {}
        began = self._now()
        results, pushes = self._read(message, [row.value for row in rows], began)
        anyone_read = any(isinstance(result, tuple) for result in results.values())
        waits = {}
        for row in rows:
            result, wait = results[row.key], None
            if may_settle(row.value, result, anyone_read):
                result = TryLater("consent is spreading")
            if isinstance(result, TryLater) and message.attempt < MOST_ATTEMPTS:
                wait = waits[row.key] = wait_for(result, message.attempt)
            if isinstance(result, MicrosoftError):
                self._record_failure(row, result, pushes.get(row.key), wait, began, owners)
            else:
                self._record_read(row, result, pushes.get(row.key), began, owners)
        return waits

    def _read(
        self, message: CalendarSync, mailboxes: list[Mailbox], began: datetime
    ) -> tuple[Results, dict[str, Push]]:
        """Each mailbox's blocks or failure, and how push stands where it changed."""
        pushes: dict[str, Push] = {}
        ids = [mailbox.key.object_id for mailbox in mailboxes]
        try:
            pushes = self._pushes.ensure(message.tenant, mailboxes, message.since if message.renew else None)
            return dict(self._views.read(message.tenant, ids, widened(rolling_window(began)))), pushes
        except (AccessLost, TryLater) as problem:
            return dict.fromkeys(ids, problem), pushes
        except MicrosoftError as problem:
            # What is said of a whole batch says nothing of one mailbox.
            log.warning("a batch failed: %s", problem.code)
            return dict.fromkeys(ids, TryLater(problem.code)), pushes

    def _record_read(self, row: Row[Mailbox], read: Read, push: Push | None, began: datetime, owners: Owners) -> None:
        """Write the snapshots, then what that makes of the connections and the mailbox."""
        mailbox = row.value
        for owner in owners.of(mailbox):
            self._tables.calendars.replace(owner, mailbox.key, snapshot_of(read, owners.zones[owner], began))
        self._connections.tell(mailbox, ConnectionStatus.CONNECTED, None)
        current = self._tables.mailboxes.update(row, lambda now: now and after_success(now, mailbox, push, began))
        for owner in set(mailbox.members) - set(current.members if current else ()):
            # They left while we read; whoever leaves deletes after saying so, which may have been before we wrote.
            self._tables.calendars.delete(owner, mailbox.key)
        if current is None and push is not None:
            self._pushes.stop(replace(mailbox, push=push))

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
        self._connections.tell(mailbox, status, problem.code)
        self._tables.mailboxes.update(row, lambda now: now and after_failure(now, status, push, wait, began))

    def _tell_again(self, mailboxes: Iterable[Mailbox]) -> None:
        """Somebody whose connection was written only after the mailbox had been read heard nothing of it."""
        for mailbox in mailboxes:
            if mailbox.status is ConnectionStatus.CONNECTED:
                self._connections.tell(mailbox, mailbox.status, None)

    def _put_right(self, row: Row[Mailbox], owners: Owners) -> None:
        """Take off the list whoever is wrongly on it; a mailbox that lists nobody is let go."""
        mailbox, now = row.value, self._now()
        out, disputed = owners.struck_out(mailbox, now), owners.disputed(mailbox)
        for owner in out:
            self._tables.calendars.delete(owner, mailbox.key)
        if after_striking_out(mailbox, out, bool(disputed - out), now) != mailbox:
            self._tables.mailboxes.update(row, lambda m: m and after_striking_out(m, out, bool(disputed - out), now))
        if not set(mailbox.members) - out:
            self._abandon(mailbox)

    def _abandon(self, mailbox: Mailbox) -> None:
        """Let go of a mailbox that is nobody's any more, at Microsoft first.

        Somebody may have come back while Microsoft was asked: then it stays, to be subscribed anew.
        """
        if self._pushes.stop(mailbox):
            self._tables.mailboxes.release(mailbox.key, self._now())

    def _put_back(self, message: CalendarSync, waits: dict[str, timedelta]) -> None:
        """Send the message again for those who wait, each group when its time has come."""
        groups = defaultdict(list)
        for object_id, wait in waits.items():
            groups[wait].append(object_id)
        for wait, object_ids in groups.items():
            again = msgspec.structs.replace(message, mailboxes=tuple(object_ids), attempt=message.attempt + 1)
            self._queues.send(again, wait)
        if waits:
            log.info("calendar-sync: %d of %d put back", len(waits), len(message.mailboxes))


def snapshot_of(read: Read, owner_zone: tzinfo | None, began: datetime) -> Snapshot:
    """The read as one member's snapshot: all-day events lie in the member's own zone."""
    window = rolling_window(began)
    blocks = (place_all_day(block, owner_zone) if isinstance(block, AllDayBlock) else block for block in read)
    return Snapshot(window, clip(blocks, window), began)
