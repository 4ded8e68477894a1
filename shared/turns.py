"""Whose turn it is: of the many messages about one mailbox, which one reads it, and when.

One message reads at a time: it claims the mailbox first. What is told while a read is under way, or a moment after it
began, waits for one more read, a few seconds later, which covers everything told until then. So hundreds of
notifications cost two reads, and a single one is never held up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from shared.errors import EntityChanged
from shared.messages import CalendarSync, Reason
from shared.model import ConnectionStatus, Mailbox, MailboxKey
from shared.push_health import after_hearing, after_waiting
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.subscriptions import needs_renewal

CLAIM = timedelta(seconds=15)
"""How long a read keeps others away; one that takes longer, or died, does so no more."""
ENDED = timedelta(minutes=10)
"""After so long no read is under way any more: the host ends whatever takes longer."""
GATHER = timedelta(seconds=4)
"""How long what was told during a read waits for what may still come."""
BURST = timedelta(milliseconds=30)
"""What is told so soon after the reason of a read is told with it: Outlook makes several notices of one change."""
AHEAD = timedelta(seconds=1)
"""Clocks may differ by this much; a message is early only beyond it."""

ABOUT_PUSH = (Reason.REAUTHORIZE, Reason.REMOVED)
"""Reasons that no read of somebody else takes care of."""


def is_due(mailbox: Mailbox, message: CalendarSync, now: datetime) -> bool:
    """Whether the mailbox must be read: never was, its own time has come, or the reason is newer than the read.

    A request about the subscription is taken care of by the subscription's renewal alone. Where only the member can
    help, nothing is due until they have signed in again.
    """
    if mailbox.status is ConnectionStatus.RECONNECT_REQUIRED:
        return False
    if mailbox.read_at is None or (mailbox.due_at is not None and mailbox.due_at <= now):
        return True
    if message.since is None:
        return False
    if message.reason in ABOUT_PUSH:
        return needs_renewal(mailbox.push, now, message.reason, message.since)
    return mailbox.read_at <= message.since


def reading_time(
    mailbox: Mailbox, message: CalendarSync, now: datetime, delivery: str | None = None
) -> datetime | None:
    """When this message reads the mailbox: at once (`now`), later, or not at all (None).

    `delivery` is the queue's id of the message, by which it knows a claim of its own from before its process died:
    others may have counted on that read, so it is made whatever else happened since.
    """
    if delivery is not None and mailbox.claimed_by == delivery:
        return None if is_held(mailbox, now) else now
    if not is_due(mailbox, message, now):
        return None
    if message.since is not None and message.since > now + AHEAD:
        return message.since
    if is_held(mailbox, now):
        return mailbox.not_before if is_awaited(mailbox, message) else None
    if is_covered(mailbox, message, now):
        return None
    wait = is_claimed(mailbox, now) or (message.reason is Reason.NOTIFIED and is_burst(mailbox, message.since))
    return now.replace(microsecond=0) + GATHER if wait else now


def is_claimed(mailbox: Mailbox, now: datetime) -> bool:
    """Whether somebody reads it now."""
    return mailbox.claimed_at is not None and now - mailbox.claimed_at < CLAIM


def may_write(mailbox: Mailbox, now: datetime, delivery: str | None) -> bool:
    """Whether a read of somebody else may be under way, or died and has not been delivered again."""
    own = delivery is not None and mailbox.claimed_by == delivery
    return mailbox.claimed_at is not None and not own and now - mailbox.claimed_at < ENDED


def is_held(mailbox: Mailbox, now: datetime) -> bool:
    """Whether Microsoft asked to leave it alone for now; a message is sure to come then."""
    return mailbox.not_before is not None and mailbox.not_before > now


def is_awaited(mailbox: Mailbox, message: CalendarSync) -> bool:
    """Whether this is the message that comes when Microsoft's time is over; a queue may deliver it a little early."""
    if mailbox.not_before is None or message.since is None:
        return False
    return message.since >= mailbox.not_before


def is_burst(mailbox: Mailbox, since: datetime | None) -> bool:
    """Whether a read has just been made for something told at nearly the same time."""
    if since is None or mailbox.told_at is None:
        return False
    return mailbox.told_at <= since < mailbox.told_at + BURST


def is_covered(mailbox: Mailbox, message: CalendarSync, now: datetime) -> bool:
    """Whether a read under way, or one that a message in the queue will make, does what the message asks for.

    The schedule comes again by itself, unless the mailbox was never read for somebody.
    """
    if message.reason in ABOUT_PUSH:
        return False
    claimed = is_claimed(mailbox, now)
    if message.since is None:
        return claimed and mailbox.read_at is not None
    under_way = claimed and mailbox.claimed_at is not None and mailbox.claimed_at > message.since
    coming = mailbox.again_at is not None and mailbox.again_at > max(now, message.since)
    return under_way or coming


def while_read(mailbox: Mailbox, message: CalendarSync, now: datetime, delivery: str | None = None) -> Mailbox:
    """The mailbox while it is read: nobody else does, and what comes later needs a message of its own."""
    told = message.reason is Reason.NOTIFIED
    known = after_hearing(mailbox, message.since or now) if told else after_waiting(mailbox, now)
    return replace(known, claimed_at=now, claimed_by=delivery, again_at=None)


def when_held(mailbox: Mailbox, message: CalendarSync, now: datetime) -> Mailbox | None:
    """The mailbox once a message came that must wait as Microsoft asked; None where it changes nothing.

    The one that comes then reads; it renews the subscription too, if that was asked for.
    """
    if message.reason not in ABOUT_PUSH or not is_held(mailbox, now) or not is_due(mailbox, message, now):
        return None
    return replace(mailbox, push=replace(mailbox.push, retry_at=mailbox.not_before))


def awaited(mailbox: Mailbox, at: datetime) -> Mailbox | None:
    """The mailbox once a message is in the queue that reads it at that time; None where that is known."""
    known = mailbox.again_at is not None and mailbox.again_at >= at
    return None if known else replace(mailbox, again_at=at)


class Turns:
    """Takes a message's turn at its mailboxes, or waits for it."""

    def __init__(self, tables: Tables, queues: Queues, now: Callable[[], datetime]) -> None:
        self._mailboxes = tables.mailboxes
        self._queues = queues
        self._now = now

    def claim(
        self, message: CalendarSync, rows: Iterable[Row[Mailbox]], delivery: str | None
    ) -> tuple[list[Row[Mailbox]], dict[str, datetime]]:
        """Keep others away from the mailboxes that are to be read now.

        Where somebody was faster, the turn comes later (second value) or not at all.
        """
        claimed, later = [], {}
        for row in rows:
            taken = self._claimed(message, row, delivery)
            if isinstance(taken, Row):
                claimed.append(taken)
            elif taken is not None:
                later[row.key] = taken
        return claimed, later

    def _claimed(
        self, message: CalendarSync, row: Row[Mailbox], delivery: str | None
    ) -> Row[Mailbox] | datetime | None:
        current: Row[Mailbox] | None = row
        while current is not None:
            now = self._now()
            turn = reading_time(current.value, message, now, delivery)
            if turn != now:
                return turn
            try:
                return self._mailboxes.replace(current, while_read(current.value, message, now, delivery))
            except EntityChanged:
                current = self._mailboxes.row(row.value.key)
        return None

    def postpone(self, message: CalendarSync, turns: Mapping[str, datetime]) -> None:
        """Send the message again for those whose turn comes later; what is told until then needs no other message."""
        groups: dict[datetime, list[str]] = defaultdict(list)
        for object_id, turn in turns.items():
            groups[turn].append(object_id)
        for turn, object_ids in groups.items():
            again = msgspec.structs.replace(message, mailboxes=tuple(object_ids), since=turn)
            self._queues.send(again, max(turn - self._now(), timedelta()))
            if message.reason not in ABOUT_PUSH:
                self._await(message.tenant, object_ids, turn)

    def _await(self, tenant_id: str, object_ids: Iterable[str], turn: datetime) -> None:
        for object_id in object_ids:
            self._mailboxes.change(MailboxKey(tenant_id, object_id), lambda m: awaited(m, turn) if m else None)
