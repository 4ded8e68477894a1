"""Has the platform told of what tables announce: one message for many connections where many change together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from shared.messages import Subject, event_deliveries

if TYPE_CHECKING:
    from shared.storage.queue import Queues

log = logging.getLogger(__name__)

Gathered = dict[tuple[str, Subject], list[str]]
"""Keys of rows with something to tell, by organization and subject."""


class Announcing:
    """What tables need to announce changes: the time, and a way to have them delivered. For all threads."""

    def __init__(self, queues: Callable[[], Queues], now: Callable[[], datetime]) -> None:
        self.now = now
        self._queues = queues
        self._local = threading.local()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what this thread announces meanwhile when that is over, however it ends."""
        outer = self._gathered()
        gathered: Gathered = {}
        self._local.gathered = gathered
        try:
            yield
        except Exception:
            # Not in `finally`: a process that is ending sends nothing any more, and the timer finds what it left.
            self._send_all(gathered)
            raise
        else:
            self._send_all(gathered)
        finally:
            self._local.gathered = outer

    def deliver(self, org: str, subject: Subject, keys: Sequence[str]) -> None:
        """Have the platform told of these rows, now or together with others."""
        gathered = self._gathered()
        if gathered is None:
            self._send(org, subject, keys)
        elif keys:
            gathered.setdefault((org, subject), []).extend(keys)

    def _gathered(self) -> Gathered | None:
        return getattr(self._local, "gathered", None)

    def _send_all(self, gathered: Gathered) -> None:
        for (org, subject), keys in gathered.items():
            self._send(org, subject, list(dict.fromkeys(keys)))

    def _send(self, org: str, subject: Subject, keys: Sequence[str]) -> None:
        try:
            for message in event_deliveries(org, subject, keys):
                self._queues().send(message)
        except AzureError as problem:
            # The states are written, and their announcements with them: the timer sends this again.
            log.warning("platform-events: not sent, %s", type(problem).__name__)
