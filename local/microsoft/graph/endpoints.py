"""A listener's URL as Graph sees it: what waits for it, how it has been answering, and whether it is slow or dropped.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Literal

from local.microsoft.switches import Switches
from local.microsoft.world import Json

WINDOW = timedelta(minutes=10)
MAX_ITEMS = 1000
FIRST_WAIT = timedelta(seconds=10)
"""Simulated time to the first retry; each later one waits twice as long."""
LONGEST_WAIT = timedelta(minutes=30)

_order = count()


@dataclass
class Notice:
    """One item on its way."""

    item: Json
    subscription_id: str
    since: datetime
    """When the change happened."""
    lifecycle: bool = False


@dataclass
class Post:
    """Items that travel together; after a failure they are retried together."""

    notices: list[Notice]
    attempts: int = 0


@dataclass
class Endpoint:
    """One notification URL."""

    url: str
    queue: list[tuple[datetime, int, Post]] = field(default_factory=list)
    """A heap by due time."""
    answers: deque[tuple[datetime, float]] = field(default_factory=deque)
    """When answers came and how many real seconds they took."""
    state: Literal["healthy", "slow", "drop"] = "healthy"
    state_until: datetime | None = None

    def put(self, due: datetime, post: Post) -> None:
        """Queue a post for a simulated moment."""
        heappush(self.queue, (due, next(_order), post))

    def next_due(self) -> datetime | None:
        """When there will be something to send."""
        return self.queue[0][0] if self.queue else None

    def take_due(self, now: datetime) -> list[Post]:
        """Everything due: first tries merged into posts of up to 1,000 items, retries as they were."""
        posts: list[Post] = []
        fresh: list[Notice] = []
        while self.queue and self.queue[0][0] <= now:
            post = heappop(self.queue)[2]
            if post.attempts:
                posts.append(post)
            else:
                fresh.extend(post.notices)
        posts += [Post(fresh[i : i + MAX_ITEMS]) for i in range(0, len(fresh), MAX_ITEMS)]
        return posts

    def current_state(self, now: datetime) -> Literal["healthy", "slow", "drop"]:
        """The state, evaluated anew when its ten minutes are over."""
        if self.state_until is not None and now >= self.state_until:
            self.state, self.state_until = "healthy", None
            self.answers.clear()
        return self.state

    def record(self, now: datetime, seconds: float, switches: Switches) -> None:
        """Take an answer's duration into account."""
        self.answers.append((now, seconds))
        while self.answers[0][0] <= now - WINDOW:
            self.answers.popleft()
        if self.current_state(now) != "drop" and len(self.answers) >= switches.endpoint_sample:
            self._judge(now, switches)

    def hold(self, state: Literal["healthy", "slow", "drop"], until: datetime) -> None:
        """Be in this state until then, however the answers are."""
        self.state, self.state_until = state, until
        self.answers.clear()

    def _judge(self, now: datetime, switches: Switches) -> None:
        until = now + timedelta(seconds=switches.slow_delay_seconds)
        if self._share_above(switches.retry_ack_seconds) > switches.drop_share:
            self.state, self.state_until = "drop", until
        elif self.state == "healthy" and self._share_above(switches.ack_seconds) > switches.slow_share:
            self.state, self.state_until = "slow", until

    def _share_above(self, seconds: float) -> float:
        return sum(took >= seconds for _, took in self.answers) / len(self.answers)


def retry_wait(attempts: int) -> timedelta:
    """How long to wait before the next try, after so many."""
    return min(FIRST_WAIT * (1 << (attempts - 1)), LONGEST_WAIT)
