"""The simulator's time: real time shifted by an offset, or stopped, so that a test decides when a week has passed."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that can be moved. Safe to read from any thread; calling the object gives `now()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        """The simulated time, UTC-aware."""
        with self._lock:
            return self._stopped_at or datetime.now(UTC) + self._offset

    __call__ = now

    def timestamp(self) -> int:
        """The simulated time in whole seconds since 1970."""
        return int(self.now().timestamp())

    def advance(self, by: timedelta) -> datetime:
        """Move time forward (or, with a negative `by`, back); works on a stopped clock too."""
        with self._lock:
            if self._stopped_at is not None:
                self._stopped_at += by
            else:
                self._offset += by
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Jump to `moment` (UTC-aware)."""
        return self.advance(moment - self.now())

    def stop(self) -> datetime:
        """Stand still at the present moment until `resume`."""
        moment = self.now()
        with self._lock:
            self._stopped_at = moment
        return moment

    def resume(self) -> datetime:
        """Run again from where the clock stands."""
        with self._lock:
            if self._stopped_at is not None:
                self._offset = self._stopped_at - datetime.now(UTC)
                self._stopped_at = None
        return self.now()

    def until(self, moment: datetime) -> float:
        """Seconds of simulated time left until `moment`; negative once it has passed."""
        return (moment - self.now()).total_seconds()


def monotonic() -> float:
    """Real elapsed seconds, for measuring only."""
    return time.monotonic()
