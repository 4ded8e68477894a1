"""The one time that the service, storage and the simulated Microsoft share, ahead of the machine's.

Bookings wait for minutes: for the process that may still be at it, and for what Microsoft carries out late. Here they
pass while everything is down, so that nothing has to be waited for and nothing is shortened.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.microsoft.remote import Microsoft
from local.stack import ROOT, Stack


def project(folder: Path) -> Path:
    """The Functions project whose service looks at this clock, written into the folder."""
    folder.mkdir(exist_ok=True)
    for source in (ROOT / "host.json", Path(__file__).with_name("function_app.py")):
        shutil.copy(source, folder)
    return folder


class Clock:
    """Moves all three clocks together."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._microsoft = Microsoft(stack.microsoft.http_url)
        self.ahead = timedelta()

    def now(self) -> datetime:
        """What the service and storage take for the present."""
        return datetime.now(UTC) + self.ahead

    def skip(self, span: timedelta) -> None:
        """Let time pass while the service is down: storage stops, and comes back that much later."""
        stack = self._stack
        stack.azurite.stop()
        self.ahead += span
        stack.azurite.ahead = self.ahead
        stack.settings["CLOCK_AHEAD_SECONDS"] = str(self.ahead.total_seconds())
        self._microsoft.advance(span.total_seconds())
        stack.azurite.start()
