"""Work whose caller was told that it failed, and that is done some time afterwards all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from local.microsoft.clock import Clock
from local.microsoft.graph.errors import GraphError

TICK = 0.02
"""Real seconds between looks at the simulated clock."""


class LateWrites:
    """What is still to be done; waiting is in simulated time, so a jump of the clock makes it due."""

    def __init__(self) -> None:
        self._due: dict[asyncio.Task[None], datetime] = {}

    def add(self, clock: Clock, seconds: float, write: Callable[[], Awaitable[object]]) -> None:
        """Do it after that many simulated seconds; a refusal by then is told to nobody."""
        due = clock.now() + timedelta(seconds=seconds)
        task = asyncio.get_running_loop().create_task(_do(clock, due, write))
        self._due[task] = due
        task.add_done_callback(self._due.pop)

    def is_idle(self, now: datetime) -> bool:
        """Whether everything due by then is done."""
        return all(due > now for due in self._due.values())

    async def idle(self, clock: Clock) -> None:
        """Return once everything due is done."""
        while not self.is_idle(clock.now()):  # noqa: ASYNC110 - the simulated clock raises no events
            await asyncio.sleep(TICK / 4)


async def _do(clock: Clock, due: datetime, write: Callable[[], Awaitable[object]]) -> None:
    while clock.now() < due:  # noqa: ASYNC110 - the simulated clock raises no events
        await asyncio.sleep(TICK)
    with suppress(GraphError):
        await write()
