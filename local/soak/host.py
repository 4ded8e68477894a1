"""The Functions host as histories need it: two work queues in memory, and messages that run when they are told to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
from azure.functions.queue import QueueMessage

from local.soak.census import Census
from local.soak.interruptions import Interruptions, Killed, kill
from local.soak.process import Process
from shared.attempts import RETRY_AFTER
from shared.functions.work import carry_out, look_after_all
from shared.messages import CalendarSync, Message, Reason, encode, queue_of
from shared.notifications import accept
from shared.settings import Settings

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""How long a message stays invisible when the process that took it dies."""


@dataclass
class Envelope:
    """A message in its queue."""

    kind: type[Message]
    text: str
    visible_at: datetime
    id: str = field(default_factory=lambda: uuid4().hex)
    dequeues: int = 0
    held: timedelta = timedelta()
    """How much longer it waits than it was told to."""

    def hold(self, by: timedelta) -> None:
        """Have it wait longer; once at most."""
        if not self.held:
            self.held = by
            self.visible_at += by

    def let_go(self) -> None:
        """Have it wait no longer than it was told to."""
        self.visible_at -= self.held
        self.held = timedelta()

    @property
    def message(self) -> Message:
        """The message as a trigger decodes it."""
        return msgspec.json.decode(self.text, type=self.kind)


class Host:
    """Runs the product's triggers in one process after the other."""

    def __init__(self, settings: Settings, now: Callable[[], datetime], census: Census) -> None:
        self._settings = settings
        self._now = now
        self._census = census
        self.interruptions = Interruptions()
        self.queue: list[Envelope] = []
        self.failing_posts = 0
        self.heard: dict[str, datetime] = {}
        """When the last believed notification of a mailbox arrived, by object id."""
        self.runs = 0
        self.running = 0
        """Messages under way."""
        self.process = self._new_process()

    def close(self) -> None:
        """End the process."""
        self.process.close()

    def receive(self, body: bytes) -> int:
        """The webhook: enqueue what the post asks for, unless the queue is down."""
        if self.failing_posts:
            self.failing_posts -= 1
            return 500
        for message in accept(body, self.process.client_state, self.process.lanes, self._now()).messages:
            # That a subscription is to be renewed says nothing about changes.
            for object_id in message.mailboxes if message.reason is not Reason.REAUTHORIZE else ():
                self.heard[object_id] = self._now()
            self.send(message)
        return 202

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        """Enqueue."""
        self.queue.append(Envelope(type(message), encode(message), self._now() + delay))

    def visible(self) -> list[Envelope]:
        """Messages that could run now."""
        now = self._now()
        return [envelope for envelope in self.queue if envelope.visible_at <= now]

    def awaits(self, object_id: str) -> bool:
        """Whether a message about the mailbox is still to be carried out."""
        return any(isinstance(e.message, CalendarSync) and object_id in e.message.mailboxes for e in self.queue)

    def run(self, envelope: Envelope) -> None:
        """Carry out a message, with what happens to it when that fails."""
        envelope.dequeues += 1
        envelope.visible_at = self._now() + LEASE
        self._census.messages += 1
        self.runs += 1
        self.running += 1
        try:
            self._dispatch(envelope)
        except Killed:
            self.replace_process()
        except Exception as problem:  # noqa: BLE001 - the host retries whatever it was
            self._census.failures += 1
            log.info("retried: %r", problem)
            envelope.visible_at = self._now() + RETRY_AFTER
        else:
            self.queue.remove(envelope)
        finally:
            self.running -= 1

    def tick(self) -> None:
        """The timer."""
        self.attempt(lambda: look_after_all(self.process))

    def attempt(self, work: Callable[[], object]) -> bool:
        """Do something that a kill may cut short; whether it came to its end."""
        try:
            work()
        except Killed:
            self.replace_process()
            return False
        return True

    def interrupt(self, number: int, action: Callable[[], None] | None, *, afterwards: bool) -> None:
        """Plan an interruption of the next run: the action, or death."""
        self.interruptions.plan(number, action or kill, afterwards=afterwards, at_sign_in=action is None)

    def replace_process(self) -> None:
        """A new process in place of the dead one."""
        self._census.kills += 1
        self.process.close()
        self.process = self._new_process()

    def _new_process(self) -> Process:
        return Process(self._settings, self._now, self.send, self.interruptions)

    def _dispatch(self, envelope: Envelope) -> None:
        delivered = QueueMessage(id=envelope.id, body=envelope.text, dequeue_count=envelope.dequeues)
        carry_out(self.process, queue_of(envelope.message), delivered)
