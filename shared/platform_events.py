"""The platform is told of every change of a connection or tenant, and of what others did to bookings.

In order, and until it has taken it:

1. A row's announcements are posted oldest first; one is taken off the row once the platform has answered 2xx, and
   only then is the next one posted. Rows of one message take turns, so that one write takes off what all have told.
2. Whoever is refused comes back later and later, an hour apart at last, as long as it takes. Nothing is given up.
3. One member's refusal holds up no other in the message. Where nobody answers at all, the others wait too.
4. The row says when its message comes: another message for it meanwhile does nothing, and a pass of the timer sends
   one for those whose message did not come. Of bookings there are too many to pass over: whoever writes one that is
   to be told of has sent a message before.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, TypeVar

import msgspec

from shared.contract.events import (
    BookingChange,
    BookingEvent,
    ConnectionChange,
    ConnectionEvent,
    EventOutput,
    TenantChange,
    TenantEvent,
)
from shared.errors import EntityUnreadable
from shared.graph.errors import retry_after
from shared.http import Answer
from shared.messages import EventDelivery, Subject, event_deliveries
from shared.model import Announcement, BookingStatus, Change, ConnectionStatus, Outbox, TenantStatus
from shared.model.booking import unpacked
from shared.own_states import explain_own
from shared.platform_webhook import PlatformWebhook
from shared.states import TENANTS, explain
from shared.storage.announced import AnnouncedTable
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables

T = TypeVar("T")

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
OVERDUE = timedelta(minutes=5)
"""How long a message may be late before another one is sent."""
AHEAD = timedelta(seconds=2)
"""A queue may deliver this much early."""
BUDGET = timedelta(minutes=2)
"""How long one message tells on; well under the host's ten minutes, with the longest answer to the last post."""
GONE = 410
SWEPT = (Subject.CONNECTION, Subject.TENANT)
MOST_SWEPT, TOGETHER = 1_000, 50
"""Rows that one sweep sends for, and how many between two messages."""


def pause(attempt: int, answer: Answer, share: float) -> timedelta:
    """How long after the attempt (from 0) the next one comes: four times as long each time, an hour at most.

    `share` (0 to 1) takes off up to a quarter, so that those who failed together do not come back together. The
    receiver may ask for more than that; one that is gone for good is asked once an hour.
    """
    if answer.status == GONE:
        return LONGEST_PAUSE
    longest = min(FIRST_PAUSE * int(4 ** min(attempt, 10)), LONGEST_PAUSE)
    grown = longest * (1 - share / 4)
    return min(max(grown, retry_after(answer.headers) or timedelta()), LONGEST_PAUSE)


def event(org: str, key: str, told: Announcement, subject: Subject) -> EventOutput:
    """The announcement as the platform gets it."""
    if subject is Subject.BOOKING:
        return BookingEvent("booking.changed", told.at, booking_change(org, key, told))
    if subject is Subject.TENANT:
        text, next_step = TENANTS[TenantStatus(told.status)]
        tenant = TenantChange(
            org, key, told.status, told.before, text, next_step, told.detail, told.at, told.sequence, told.merged
        )
        return TenantEvent("tenant.changed", told.at, tenant)
    is_own = subject is Subject.OWN_CONNECTION
    source: Literal["managed", "personal"] = "personal" if is_own else "managed"
    text, next_step = (explain_own if is_own else explain)(ConnectionStatus(told.status), told.detail)
    change = ConnectionChange(
        org, key, source, told.status, told.before, text, next_step, told.detail, told.tenant_id, told.at,
        told.sequence, told.merged,
    )  # fmt: skip
    return ConnectionEvent("connection.changed", told.at, change)


def booking_change(org: str, key: str, told: Announcement) -> BookingChange:
    """What happened to a booking, with how it stood then."""
    facts, (lead, _, booking) = told.facts or {}, key.partition("|")
    return BookingChange(
        organization=org,
        member=lead,
        booking=booking,
        state=BookingStatus(told.status),
        change=Change(facts["change"]),
        host=facts["host"],
        start=datetime.fromisoformat(facts["start"]),
        end=datetime.fromisoformat(facts["end"]),
        version=int(facts["version"]),
        responses=unpacked(facts["responses"]),
        cancelled_by=facts["cancelled_by"] or None,
        changed_at=told.at,
        sequence=told.sequence,
        merged=told.merged,
    )


def is_taken(answer: Answer) -> bool:
    """Whether the receiver has the event now."""
    return answer.status is not None and 200 <= answer.status < 300


def to_tell(outbox: Outbox, now: datetime) -> Announcement | None:
    """What is to be told now: the oldest, unless another message comes for it."""
    comes_later = outbox.expected_at is not None and outbox.expected_at > now + AHEAD
    return None if comes_later or not outbox.pending else outbox.pending[0]


@dataclass
class Told:
    """What came of posting the oldest announcement of several rows."""

    taken: list[tuple[Row[Any], str]] = field(default_factory=list)
    """Rows with the announcement the platform has now."""
    refused: dict[str, Answer] = field(default_factory=dict)
    untried: list[str] = field(default_factory=list)


class PlatformEvents:
    """Carries out `EventDelivery` messages. Without a webhook there is nobody to tell."""

    def __init__(
        self, tables: Tables, queues: Queues, webhook: PlatformWebhook | None, now: Callable[[], datetime]
    ) -> None:
        self._tables: Mapping[Subject, AnnouncedTable[Any]] = {
            Subject.CONNECTION: tables.connections,
            Subject.TENANT: tables.tenants,
            Subject.BOOKING: tables.bookings,
            Subject.OWN_CONNECTION: tables.own_connections,
        }
        self._queues = queues
        self._webhook = webhook
        self._now = now

    def run(self, message: EventDelivery) -> None:
        """Tell the platform what the message's subjects have pending; what it does not take comes back."""
        waiting, until = list(message.ids), self._now() + BUDGET
        refused: dict[str, Answer] = {}
        while waiting and self._now() < until:
            told = self._tell_each(message, waiting, until)
            if told.taken:
                message = msgspec.structs.replace(message, attempt=0)
            more = self._tables[message.subject].told(told.taken)
            refused |= told.refused
            waiting = [*more, *told.untried]
        if waiting:
            self._queues.send(msgspec.structs.replace(message, ids=tuple(waiting)))
        if refused:
            self._put_back(message, refused)

    def sweep(self, org: str, subjects: Sequence[Subject] = SWEPT) -> int:
        """Send a message for everybody whose own did not come; how many they are."""
        return sum(self._sweep(subject, org, OVERDUE) for subject in subjects)

    def _sweep(self, subject: Subject, org: str, patience: timedelta) -> int:
        """The same for connections or tenants; some at a time, so that a stop in between leaves few without one.

        Whoever is left over waits for the next pass of the timer.
        """
        if self._webhook is None:
            return 0
        table, now, count = self._tables[subject], self._now(), 0
        overdue = iter(table.overdue(org, now - patience)[:MOST_SWEPT])
        while some := list(islice(overdue, TOGETHER)):
            keys = [key for key in some if self._expect(table, org, key, now)]
            for message in event_deliveries(org, subject, keys):
                self._queues.send(message)
            count += len(keys)
        return count

    def _tell_each(self, message: EventDelivery, keys: Sequence[str], until: datetime) -> Told:
        """Post the oldest announcement of each row, as far as time allows and somebody answers.

        Where nobody does, it may be about this very event: whoever was not tried is tried first the next time.
        """
        told = Told()
        for number, key in enumerate(keys):
            if self._now() >= until:
                told.untried.extend(keys[number:])
                break
            answer = self._tell(message, key, told)
            if answer is not None and answer.status is None:
                told.refused = {**dict.fromkeys(keys[number + 1 :], answer), **told.refused}
                break
        return told

    def _tell(self, message: EventDelivery, key: str, told: Told) -> Answer | None:
        """Post the oldest announcement of one row; what came of it, if anything is to be told now."""
        table = self._tables[message.subject]
        row = _readable(lambda: table.get(message.org, key))
        oldest = to_tell(row.value.outbox, self._now()) if row else None
        if row is None or oldest is None or self._webhook is None:
            return None
        if oldest.status == TenantStatus.DISCONNECTED and message.attempt == 0:
            # With the tenant's row goes the timer's reason to look after its organization.
            self._sweep(Subject.CONNECTION, message.org, timedelta())
        answer = self._webhook.post(oldest.id, msgspec.json.encode(event(message.org, key, oldest, message.subject)))
        if is_taken(answer):
            told.taken.append((row, oldest.id))
        else:
            told.refused[key] = answer
        return answer

    def _put_back(self, message: EventDelivery, refused: Mapping[str, Answer]) -> None:
        """Have what was refused come back, and let each row know when."""
        share = random.random()  # noqa: S311 - no secret
        delay = max(pause(message.attempt, answer, share) for answer in refused.values())
        for key in refused:
            self._expect(self._tables[message.subject], message.org, key, self._now() + delay)
        again = msgspec.structs.replace(message, ids=tuple(refused), attempt=message.attempt + 1)
        self._queues.send(again, delay)
        statuses = sorted({str(answer.status or "no answer") for answer in refused.values()})
        level = logging.ERROR if str(GONE) in statuses else logging.WARNING
        log.log(level, "platform-events: %d put back (%s)", len(refused), ", ".join(statuses))

    def _expect(self, table: AnnouncedTable[Any], org: str, key: str, at: datetime) -> bool:
        return bool(_readable(lambda: table.expect(org, key, at)))


def _readable(read: Callable[[], T]) -> T | None:
    """What was read; one row that is broken holds up no other."""
    try:
        return read()
    except EntityUnreadable as problem:
        log.error("passed over: %s", problem)  # noqa: TRY400 - no trace needed
        return None
