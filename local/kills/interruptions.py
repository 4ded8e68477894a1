"""What interrupts the burst: the service killed with SIGKILL, storage stopped and started."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from local.kills.burst import Burst
from local.kills.rest import work_left
from local.microsoft.graph.endpoints import FIRST_WAIT
from local.microsoft.remote import Microsoft
from local.stack import Stack

LONGEST_WAIT = 0.5
"""Seconds after its change at which an interruption comes at the latest: about what a change takes to be read."""
OUTAGE = 1.0
"""Seconds storage is down, besides those it takes to stop and start."""


class Kind(StrEnum):
    """What is interrupted."""

    KILL = "kill"
    STORAGE = "storage restart"


@dataclass(frozen=True, order=True)
class Interruption:
    """One interruption, after so many changes and a moment more."""

    after: int
    kind: Kind
    wait: float
    """Seconds."""


def plan(changes: int, kills: int, restarts: int, seed: int) -> list[Interruption]:
    """Kills at random changes of the burst; restarts of storage spread over it."""
    randomness = Random(seed)  # noqa: S311 - repeatable on purpose
    places = [(randomness.randrange(1, changes), Kind.KILL) for _ in range(kills)]
    places += [(changes * (number + 1) // (restarts + 1), Kind.STORAGE) for number in range(restarts)]
    return sorted(Interruption(after, kind, randomness.uniform(0, LONGEST_WAIT)) for after, kind in places)


def interrupt(stack: Stack, burst: Burst, planned: list[Interruption], tell: Callable[[Kind, bool], None]) -> None:
    """Carry out the plan; the burst goes on during each interruption, up to where the next one is due.

    `tell` hears of each one, and whether there was work in the queues when it came.
    """
    microsoft = Microsoft(stack.microsoft.http_url)
    following = [interruption.after for interruption in planned[1:]] + [burst.changes]
    burst.allow(planned[0].after if planned else burst.changes)
    for interruption, until in zip(planned, following, strict=True):
        if not burst.reach(interruption.after):
            return
        time.sleep(interruption.wait)
        burst.allow(until)
        had_work = _kill(stack) if interruption.kind is Kind.KILL else _restart_storage(stack)
        # What Graph could not deliver meanwhile comes again now, and not only once all is over.
        microsoft.advance(FIRST_WAIT.total_seconds())
        tell(interruption.kind, had_work)
    burst.reach(burst.changes)


def _kill(stack: Stack) -> bool:
    stack.stop_service(signal.SIGKILL)
    had_work = bool(work_left(stack))
    stack.start_service()
    return had_work


def _restart_storage(stack: Stack) -> bool:
    had_work = bool(work_left(stack))
    stack.azurite.stop()
    time.sleep(OUTAGE)
    stack.azurite.start()
    return had_work
