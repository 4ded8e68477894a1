"""Calendars made true: ensure the subscription, read the window, replace the snapshot.

A message names up to twenty mailboxes of a tenant, as many as one Graph batch takes.
Everything that can dirty a calendar (a notification, a new member, a renewal, the schedule) is the same message, and
carrying it out twice changes nothing. A read that began after the reason for a message arose makes it redundant.
The subscription comes first: what changes while the window is read is notified and read again.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from shared.connections import Connections
from shared.errors import AccessLost, Gone, MailboxUnreadable, MicrosoftError, TryLater
from shared.freebusy import clip, rolling_window
from shared.graph.calendar import AllDayBlock, CalendarViews, Read, place_all_day
from shared.graph.timezones import zone
from shared.messages import CalendarSync
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Snapshot, Window
from shared.storage.queue import Queues
from shared.storage.tables import Tables
from shared.subscriptions import Push, Pushes

log = logging.getLogger(__name__)

RECONCILE = timedelta(hours=6)
"""Every calendar is read at least this often, whatever was notified."""
MOST_ATTEMPTS = 8
"""How often a message is put back before the schedule takes over."""
LONGEST_PAUSE = timedelta(hours=6)


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
        keys = [MailboxKey(message.tenant, object_id) for object_id in message.mailboxes]
        known = [mailbox for key in keys if (mailbox := self._tables.mailboxes.get(key)) is not None]
        self._abandon([mailbox for mailbox in known if not mailbox.members])
        due = [m for m in known if m.members and is_due(m, message.since, self._now())]
        if not due:
            return
        began = self._now()
        results, pushes = self._read(message, due, rolling_window(began))
        waiting = {}
        anyone_read = any(isinstance(result, tuple) for result in results.values())
        for mailbox in due:
            result = results[mailbox.key.object_id]
            push = pushes.get(mailbox.key.object_id, Push.unchanged(mailbox))
            if may_settle(mailbox, result, anyone_read) and message.attempt < MOST_ATTEMPTS:
                result = TryLater("consent is spreading")
            if isinstance(result, TryLater):
                waiting[mailbox.key.object_id] = result
            self._record(mailbox, result, push, began)
        if waiting and message.attempt < MOST_ATTEMPTS:
            self._put_back(message, waiting)

    def _read(
        self, message: CalendarSync, due: list[Mailbox], window: Window
    ) -> tuple[dict[str, Read | MicrosoftError], dict[str, Push]]:
        """Each mailbox's blocks or failure, and how push stands; a failure of all of them is each one's."""
        try:
            pushes = self._pushes.ensure(message.tenant, due, message.since if message.renew else None)
            return dict(self._views.read(message.tenant, [m.key.object_id for m in due], window)), pushes
        except (AccessLost, TryLater) as problem:
            return {m.key.object_id: problem for m in due}, {}
        except MicrosoftError as problem:
            # What is said of a whole batch says nothing of one mailbox.
            log.warning("a batch failed: %s", problem)
            return {m.key.object_id: TryLater(str(problem)) for m in due}, {}

    def _record(self, mailbox: Mailbox, result: Read | MicrosoftError, push: Push, began: datetime) -> None:
        """Write what was read, or that it could not be; then what that makes of the mailbox and its members."""
        if isinstance(result, MicrosoftError):
            status = status_of(result, mailbox)
            for owner in mailbox.members:
                self._tables.calendars.mark_unreadable(owner, status, began)
        else:
            status = ConnectionStatus.CONNECTED
            for owner in mailbox.members:
                self._tables.calendars.replace(owner, self._snapshot(owner, result, began))
        if status is not mailbox.status or mailbox.read_at is None:
            self._connections.tell(mailbox, status, code_of(result))
        succeeded = not isinstance(result, MicrosoftError)
        current = self._tables.mailboxes.change(
            mailbox.key, lambda current: current and after_read(current, mailbox, status, push, began, succeeded)
        )
        for owner in set(mailbox.members) - set(current.members if current else ()):
            # They left while we read; whoever leaves deletes after saying so, which may have been before we wrote.
            self._tables.calendars.delete(owner)

    def _snapshot(self, owner: MemberKey, read: Read, began: datetime) -> Snapshot:
        """The read as this member's snapshot: all-day events lie in the member's own zone."""
        row = self._tables.members.get(*owner)
        owner_zone = zone(row.value.time_zone) if row else None
        window = rolling_window(began)
        blocks = (place_all_day(b, owner_zone) if isinstance(b, AllDayBlock) else b for b in read)
        return Snapshot(window, clip(blocks, window), began)

    def _abandon(self, mailboxes: list[Mailbox]) -> None:
        """Let go of mailboxes that are nobody's any more, at Microsoft first."""
        for mailbox in mailboxes:
            if self._pushes.stop(mailbox):
                self._tables.mailboxes.delete(mailbox.key)

    def _put_back(self, message: CalendarSync, waiting: dict[str, TryLater]) -> None:
        asked = [problem.retry_after for problem in waiting.values() if problem.retry_after]
        delay = max(asked, default=patience(message.attempt))
        log.info("calendar-sync: %d of %d put back for %s", len(waiting), len(message.mailboxes), delay)
        again = replace_message(message, tuple(waiting))
        self._queues.send(again, delay)


def is_due(mailbox: Mailbox, since: datetime, now: datetime) -> bool:
    """Whether the mailbox must be read: nothing was read since the reason arose, or its own time has come."""
    return (
        mailbox.read_at is None or mailbox.read_at <= since or (mailbox.due_at is not None and mailbox.due_at <= now)
    )


def may_settle(mailbox: Mailbox, result: Read | MicrosoftError, anyone_read: bool) -> bool:
    """Whether a refusal may be consent still spreading: the mailbox never answered, nor did any beside it."""
    denied = isinstance(result, MailboxUnreadable) and result.status is ConnectionStatus.OUT_OF_SCOPE
    return denied and mailbox.read_at is None and not anyone_read


def status_of(problem: MicrosoftError, mailbox: Mailbox) -> ConnectionStatus:
    """What a failed read makes of the connection."""
    if isinstance(problem, MailboxUnreadable):
        return problem.status
    if isinstance(problem, AccessLost):
        return ConnectionStatus.PERMISSION_LOST
    if isinstance(problem, Gone):
        return ConnectionStatus.NO_MAILBOX
    return ConnectionStatus.CONNECTING if mailbox.read_at is None else ConnectionStatus.STALE


def code_of(result: Read | MicrosoftError) -> str | None:
    """Microsoft's code behind a failure, for whoever has to find out."""
    if isinstance(result, TryLater):
        return result.reason
    return result.code if isinstance(result, (MailboxUnreadable, AccessLost, Gone)) else None


def after_read(
    current: Mailbox, seen: Mailbox, status: ConnectionStatus, push: Push, began: datetime, succeeded: bool
) -> Mailbox:
    """The mailbox after a read, whatever others did meanwhile; somebody who joined since is not covered by it."""
    failures = 0 if succeeded else current.failures + 1
    joined = bool(set(current.members) - set(seen.members))
    read_at = max(current.read_at or began, began) if succeeded and not joined else current.read_at
    pause = RECONCILE * random.uniform(0.9, 1) if succeeded else pause_after(failures)  # noqa: S311 - spreads load
    due_at = min(filter(None, (began + pause, push.renew_at)))
    return replace(
        current,
        status=status,
        read_at=read_at,
        failures=failures,
        due_at=began if joined else due_at,
        subscription_id=push.subscription_id,
        subscription_expires_at=push.expires_at,
    )


def pause_after(failures: int) -> timedelta:
    """How long a mailbox that keeps failing is left alone: five minutes at first, six hours at last."""
    return min(timedelta(minutes=5 * 2 ** min(failures - 1, 7)), LONGEST_PAUSE)


def patience(attempt: int) -> timedelta:
    """How long to wait where Microsoft does not say: two seconds at first, five minutes at last."""
    return timedelta(seconds=min(2 * 2**attempt, 300))


def replace_message(message: CalendarSync, mailboxes: tuple[str, ...]) -> CalendarSync:
    """The message for the mailboxes that still wait, with the same reason."""
    return CalendarSync(message.tenant, mailboxes, message.since, message.attempt + 1, message.renew)
