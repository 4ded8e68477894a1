"""What becomes of a message that could not be carried out: pure decisions for `functions/work` and `dead_letters`.

1. It is tried again, five times in all; then it is a dead letter.
2. A calendar message of several mailboxes is divided after the third failure, so that one broken mailbox does not
   take nineteen others with it. Attempts that ended with the process count too.
3. What is no message at all is a dead letter at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from shared.messages import (
    BOOKINGS,
    CALENDAR_BULK,
    CALENDAR_SYNC,
    DIRECTORY_SYNC,
    PLATFORM_EVENTS,
    BookingCheck,
    CalendarSync,
    DirectorySync,
    EventDelivery,
    Message,
)

MOST_DEQUEUES = 5
"""Attempts at a message: `maxDequeueCount` of host.json."""
RETRY_AFTER = timedelta(seconds=30)
"""Between two attempts: `visibilityTimeout` of host.json."""
DIVIDE_AFTER = 3
"""Failures after which each mailbox of a message is tried alone."""

UNREADABLE_MESSAGE = "unreadable_message"
"""The reason of a dead letter that is no message."""
PROCESS_ENDED = "process_ended"
"""The reason of one whose attempts ended with the process each time, so that nothing saw them fail."""

KINDS: Mapping[str, type[Message]] = {
    DIRECTORY_SYNC: DirectorySync,
    CALENDAR_SYNC: CalendarSync,
    CALENDAR_BULK: CalendarSync,
    PLATFORM_EVENTS: EventDelivery,
    BOOKINGS: BookingCheck,
}
"""What each queue carries."""


class Verdict(Enum):
    """What happens next."""

    RETRY = "retry"
    DIVIDE = "divide"
    GIVE_UP = "give_up"


def verdict(message: Message, failures: int) -> Verdict:
    """What happens next to a message whose attempts have failed so often."""
    if isinstance(message, CalendarSync) and len(message.mailboxes) > 1 and failures >= DIVIDE_AFTER:
        return Verdict.DIVIDE
    return Verdict.GIVE_UP if failures >= MOST_DEQUEUES else Verdict.RETRY


def divided(message: Message) -> Iterator[Message]:
    """A message of its own for each mailbox; what names none stays whole."""
    if not isinstance(message, CalendarSync):
        yield message
        return
    for mailbox in message.mailboxes:
        yield msgspec.structs.replace(message, mailboxes=(mailbox,))


def renewed(message: Message, now: datetime) -> Message:
    """The message as if its reason arose now, so that nothing done meanwhile makes it redundant."""
    if isinstance(message, EventDelivery | BookingCheck):
        return msgspec.structs.replace(message, attempt=0)
    return msgspec.structs.replace(message, since=now, attempt=0)


def decode(queue: str, text: str | bytes) -> Message | None:
    """The message a queue's text stands for; None where it stands for none."""
    try:
        return msgspec.json.decode(text, type=KINDS[queue])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
