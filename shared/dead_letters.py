"""Dead letters: what failed for good is kept with its reason, shows in the member's state, and can be replayed.

1. The same failure again is the same dead letter, counted: its id stands for the queue and what the message is
   about.
2. The members of a calendar message become `stale` with the detail `sync_failed`, the tenant of a directory message
   gets that reason. The mailboxes are read again later and later, an hour apart at last, so a failure that went
   away ends by itself; the dead letter stays until somebody replays or discards it.
3. Replaying sends first and removes afterwards: stopping in between leaves a dead letter too many, never a message
   too few, and messages are harmless when carried out twice.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from shared.attempts import decode, renewed
from shared.connections import Connections
from shared.errors import Conflict, EntityChanged, NotFound
from shared.mailbox_reading import pause_after
from shared.messages import BookingCheck, CalendarSync, DirectorySync, EventDelivery, Message, Reason, encode
from shared.model import ConnectionStatus, DeadLetter, Detail, Mailbox, MailboxKey, MemberKey
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

T = TypeVar("T")


class Replayed(NamedTuple):
    """How many dead letters were put back into their queues, and how many cannot be."""

    replayed: int
    kept: int


def letter_id(queue: str, text: str) -> str:
    """The id of what the message is about, whenever and why ever it was sent."""
    return hashlib.sha256(f"{queue}\n{_subject(decode(queue, text), text)}".encode()).hexdigest()[:32]


def _subject(message: Message | None, text: str) -> str:
    match message:
        case DirectorySync():
            return f"{message.org}\n{message.tenant}"
        case CalendarSync():
            return "\n".join((message.tenant, *sorted(message.mailboxes)))
        case EventDelivery():
            return "\n".join((message.org, message.subject, *sorted(message.ids)))
        case BookingCheck():
            given_up = (one.transaction for one in message.stragglers)
            return "\n".join((message.org, message.lead, message.booking, *given_up))
        case None:
            return text


def counted(before: DeadLetter | None, letter: DeadLetter) -> DeadLetter:
    """The dead letter with what was kept of the same failure before.

    A message about a subscription is not forgotten for one that asks for a mere read.
    """
    if before is None:
        return letter
    text = before.text if _about_push(before) and not _about_push(letter) else letter.text
    return replace(letter, text=text, first_at=before.first_at, times=before.times + 1)


def _about_push(letter: DeadLetter) -> bool:
    message = decode(letter.queue, letter.text)
    return isinstance(message, CalendarSync) and message.reason in (Reason.REAUTHORIZE, Reason.REMOVED)


def after_giving_up(mailbox: Mailbox, now: datetime) -> Mailbox:
    """The mailbox once it was given up: its members were told so, and the schedule comes back later and later."""
    failures = mailbox.failures + 1
    return replace(
        mailbox,
        status=ConnectionStatus.STALE,
        failures=failures,
        due_at=now + pause_after(failures),
        claimed_at=None,
        claimed_by=None,
    )


class DeadLetters:
    """Keeps, lists, replays and discards them."""

    def __init__(self, tables: Tables, queues: Queues, connections: Connections, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._queues = queues
        self._connections = connections
        self._now = now

    def keep(self, queue: str, text: str, reason: str) -> None:
        """Keep the message and tell the members it was about. Telling may fail; keeping comes first."""
        now = self._now()
        letter = DeadLetter(queue, letter_id(queue, text), text, reason, now, now)
        self._tables.dead_letters.change(queue, letter.id, lambda before: counted(before, letter))
        log.error("dead letter in %s: %s", queue, reason)
        message = decode(queue, text)
        if isinstance(message, CalendarSync):
            for object_id in message.mailboxes:
                self._give_up(MailboxKey(message.tenant, object_id), now)
        elif isinstance(message, DirectorySync):
            self._mark(message)

    def all(self) -> list[DeadLetter]:
        """Every dead letter, the latest first."""
        letters = (row.value for row in self._tables.dead_letters.everything())
        return sorted(letters, key=lambda letter: letter.last_at, reverse=True)

    def replay(self, queue: str, letter: str) -> None:
        """Put the message back into its queue. Raises `NotFound`, and `Conflict` where it is no message."""
        if not self._put_back(self._row(queue, letter)):
            raise Conflict("This is not a message the service understands; discard it.")

    def replay_all(self) -> Replayed:
        """Put back every dead letter that is a message."""
        done = [self._put_back(row) for row in list(self._tables.dead_letters.everything())]
        log.info("dead letters: %d of %d replayed", sum(done), len(done))
        return Replayed(sum(done), len(done) - sum(done))

    def discard(self, queue: str, letter: str) -> None:
        """Forget a dead letter. Raises `NotFound`."""
        row = self._row(queue, letter)
        self._tables.dead_letters.delete(row.partition, row.key)

    def _row(self, queue: str, letter: str) -> Row[DeadLetter]:
        row = self._tables.dead_letters.get(queue, letter)
        if row is None:
            raise NotFound("There is no such dead letter.")
        return row

    def _put_back(self, row: Row[DeadLetter]) -> bool:
        message = decode(row.value.queue, row.value.text)
        if message is None:
            return False
        self._queues.send_text(row.value.queue, encode(renewed(message, self._now())))
        try:
            self._tables.dead_letters.delete_row(row)
        except EntityChanged:
            log.info("dead letter in %s: failed again while it was replayed", row.value.queue)
        return True

    def _mark(self, message: DirectorySync) -> None:
        """Let the tenant's row say so; the next pass that succeeds takes it back."""
        tenants = self._tables.tenants
        marked = lambda current: current and replace(current, reason=Detail.SYNC_FAILED)  # noqa: E731 - reads best here
        _if_possible(lambda: tenants.change(message.org, message.tenant, marked))

    def _give_up(self, key: MailboxKey, now: datetime) -> None:
        """Say of one mailbox that it could not be read, wherever that can be said."""
        mailbox = _if_possible(
            lambda: self._tables.mailboxes.change(key, lambda current: current and after_giving_up(current, now))
        )
        if mailbox is None:
            return
        for owner in mailbox.members:
            self._tell(key, owner, now)

    def _tell(self, key: MailboxKey, owner: MemberKey, now: datetime) -> None:
        stale = ConnectionStatus.STALE
        _if_possible(lambda: self._tables.calendars.mark_unreadable(owner, key, stale, now))
        _if_possible(lambda: self._connections.tell(key, [owner], stale, Detail.SYNC_FAILED))


def _if_possible(act: Callable[[], T]) -> T | None:
    """What is broken may be the very row to be written."""
    try:
        return act()
    except Exception as problem:  # noqa: BLE001 - the dead letter is kept, whatever it is
        log.warning("a dead letter's member could not be told: %s", type(problem).__name__)
        return None
