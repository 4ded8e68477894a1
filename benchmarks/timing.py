"""The one way everything here is timed: wall-clock seconds of single actions, and what is said about many of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """How long each of many equal actions took, in seconds, and how long all took together."""

    each: list[float]
    together: float

    @classmethod
    def of(cls, each: list[float]) -> Timings:
        """Actions that were done one after the other."""
        return cls(each, sum(each))

    @classmethod
    def joined(cls, some: Iterable[Timings]) -> Timings:
        """Several as one."""
        parts = list(some)
        return cls([taken for part in parts for taken in part.each], sum(part.together for part in parts))

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.each)

    @property
    def p95(self) -> float:
        """What one in twenty exceeds, in seconds."""
        return sorted(self.each)[int(len(self.each) * 0.95)]

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds, in seconds."""
        return sorted(self.each)[int(len(self.each) * 0.99)]

    @property
    def rate(self) -> float:
        """Actions per second."""
        return len(self.each) / self.together


def in_turns(
    actions: Mapping[str, Callable[[], object]], times: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timings]:
    """Do each of them `times` times, in turns, so that a busy moment of the machine hits all alike.

    A tenth as many turns go before, uncounted. By `time.thread_time` it is the CPU of this thread that is measured.
    """
    for _ in range(max(1, times // 10)):
        for action in actions.values():
            action()
    turns = [{name: once(action, clock) for name, action in actions.items()} for _ in range(times)]
    each = {name: [turn[name] for turn in turns] for name in actions}
    return {name: Timings.of(taken) for name, taken in each.items()}


def once(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of doing it."""
    began = clock()
    action()
    return clock() - began
