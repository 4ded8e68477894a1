"""The service killed at random, again and again; some outages last minutes, in which storage is down too."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

from local.bookings.clock import Clock
from local.client import wait_for
from local.host.http import Keys
from local.kills.rest import come_to_rest, work_due
from local.operate import Operator
from local.stack import Stack

LIFE = 12
"""Answers after which the service is killed at the latest, so that it gets something done on any machine."""
LIFE_SECONDS, MOMENT = 3.0, 0.5
"""The same in seconds, and how much later than its last answer it is killed."""
LONG = timedelta(minutes=3)
"""A long outage: whoever was killed is known to be dead, and settled."""
LONGER = timedelta(minutes=11)
"""Even what Microsoft carries out late is looked for."""
EACH_LONG = 4
"""One outage in so many is long."""
QUIET_SECONDS, REST_SECONDS, MOST_RESTS = 20.0, 1.0, 12


class Outages:
    """Kills and restarts."""

    def __init__(self, stack: Stack, clock: Clock, seed: int) -> None:
        self._stack = stack
        self._clock = clock
        self._random = Random(f"outages {seed}")  # noqa: S311 - repeatable on purpose
        self.kills = 0
        self.long = 0
        self.replayed = 0
        """Dead letters put back."""

    def run(self, kills: int, answers: Callable[[], int], tell: Callable[[], None]) -> None:
        """So many of them, each after some more of the `answers` that clients got; `tell` hears of each."""
        for number in range(1, kills + 1):
            until = answers() + self._random.randint(1, LIFE)
            wait_for(lambda until=until: answers() >= until, LIFE_SECONDS)  # type: ignore[misc]
            time.sleep(self._random.uniform(0, MOMENT))
            self.outage(LONG if number % EACH_LONG == 0 else timedelta())
            tell()

    def outage(self, span: timedelta) -> None:
        """One, as long as that."""
        self._stack.stop_service(signal.SIGKILL)
        self.kills += 1
        if span:
            self.long += 1
            self._clock.skip(span)
        self._stack.start_service()

    def settle(self) -> bool:
        """Let hours pass until nothing is left to do; whether it came to that."""
        for number in range(1, MOST_RESTS + 1):
            self.outage(LONGER)
            wait_for(lambda: not work_due(self._stack), QUIET_SECONDS, pause=0.1)
            if come_to_rest(self._stack, REST_SECONDS * number) is not None and not self._replay():
                return True
        return False

    def _replay(self) -> int:
        """What an operator does about messages that five processes died with; how many there were.

        What fails by itself is a dead letter again, and found in the end.
        """
        operator = Operator(self._stack.url, Keys.of(self._stack.settings).function)
        replayed = int(operator.replay()["replayed"])
        self.replayed += replayed
        return replayed
