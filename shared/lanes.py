"""Which of the two calendar queues a tenant's work goes through, so that one noisy tenant delays no other.

A tenant of which much was told in the last seconds goes through the bulk queue for now. It is counted in the memory
of the process that answers the notifications: storage would cost more than it saves, and a process that knows only
half of it decides a little later.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=10)
MOST = 100
"""Mailboxes of one tenant, each counted as often as it was told of, that may be in a hurry within the window."""


class Lanes:
    """Remembers how much was told of each tenant lately; safe to call from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: deque[tuple[datetime, str, int]] = deque()
        self._totals: dict[str, int] = {}

    def is_crowded(self, tenant_id: str, mailboxes: int, now: datetime) -> bool:
        """Count mailboxes told of now; whether the tenant's share is used up."""
        with self._lock:
            self._forget(now - WINDOW)
            self._told.append((now, tenant_id, mailboxes))
            total = self._totals[tenant_id] = self._totals.get(tenant_id, 0) + mailboxes
        return total > MOST

    def _forget(self, until: datetime) -> None:
        while self._told and self._told[0][0] <= until:
            _, tenant_id, mailboxes = self._told.popleft()
            left = self._totals.pop(tenant_id, 0) - mailboxes
            if left:
                self._totals[tenant_id] = left
