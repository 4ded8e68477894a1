"""Work that failed for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DeadLetter:
    """A message that is not tried any more by itself, and why; the same failure again is the same dead letter."""

    queue: str
    """The queue it was in, and is replayed into."""
    id: str
    """Stands for the queue and what the message is about."""
    text: str
    """The message, as it was in the queue."""
    reason: str
    """A stable code: the exception's class, `unreadable_message`, or `process_ended`. Never an exception's text."""
    first_at: datetime
    last_at: datetime
    times: int = 1
    """How often this was kept since it was last replayed or discarded."""
