"""The one way everything here is timed: wall-clock seconds of single actions, and what is said about many of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """How long each of many equal actions took, in seconds, and how long all took together."""

    each: list[float]
    together: float

    @property
    def median(self) -> float:
        """The middle one, in seconds."""
        return statistics.median(self.each)

    @property
    def p99(self) -> float:
        """What one in a hundred exceeds, in seconds."""
        return sorted(self.each)[int(len(self.each) * 0.99)]

    @property
    def rate(self) -> float:
        """Actions per second."""
        return len(self.each) / self.together


def repeat(action: Callable[[], object], times: int) -> Timings:
    """Do it `times` times one after another; a tenth as many go before, uncounted."""
    for _ in range(max(1, times // 10)):
        action()
    began = time.perf_counter()
    each = [once(action) for _ in range(times)]
    return Timings(each, time.perf_counter() - began)


def once(action: Callable[[], object]) -> float:
    """Seconds of doing it."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
