"""Timer triggers: six-field NCRONTAB expressions and plain intervals, always in UTC.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest
from croniter import CroniterError, croniter

from local.host.functions import Function
from local.host.invocation import Failed, Invoker
from local.host.settings import HostError
from local.host.tasks import Tasks
from local.host.timespan import is_timespan, timespan

LATE = timedelta(seconds=5)  # a run that begins later than this after its time is past due (the machine slept)
_LONGEST_SLEEP = 30.0  # seconds; the wall clock is looked at again after this, for it may have been moved

_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat".replace(" ", "|")
_FIELD = re.compile(rf"(?:[\d*,/-]|{_NAMES})+")

Next = Callable[[datetime], datetime]


def parse_schedule(text: str) -> Next:
    """Turn a schedule into a function from a moment to the next occurrence; ValueError if malformed."""
    if is_timespan(text):
        interval = timespan(text)
        if not interval:
            raise ValueError(f"the schedule {text!r} never passes any time")
        return lambda moment: moment + interval
    expression = _expression(text)

    def following(moment: datetime) -> datetime:
        # Day of month and day of week must both match; classic cron would take either.
        cron = croniter(expression, moment, day_or=False, second_at_beginning=True)
        return cron.get_next(datetime).astimezone(UTC)  # type: ignore[no-any-return]

    try:
        following(datetime.now(UTC))
    except CroniterError as error:
        raise ValueError(f"the schedule {text!r} is not valid: {error}") from error
    return following


def _expression(text: str) -> str:
    """Check and normalise an NCRONTAB expression: croniter knows more than NCRONTAB does."""
    short = re.sub(r"[a-z]{3,}", lambda name: name[0][:3], text.lower())
    fields = short.split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6 or not all(_FIELD.fullmatch(field) for field in fields):
        raise ValueError(f"the schedule {text!r} is neither an NCRONTAB expression nor hh:mm:ss")
    if any(int(day) > 6 for day in re.findall(r"(?<![\d/])\d+", fields[5])):
        raise ValueError(f"the schedule {text!r} has a day of the week above 6 (Saturday)")
    return " ".join(fields)


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer function and when it is due."""

    function: Function
    following: Next

    @classmethod
    def of(cls, function: Function) -> Timer:
        """Read the trigger's schedule."""
        try:
            return cls(function, parse_schedule(function.trigger["schedule"]))
        except ValueError as error:
            raise HostError(f"{function.name}: {error}") from error

    async def run(self, invoker: Invoker, runs: Tasks) -> None:
        """Fire until cancelled, each time as one of `runs`, which a cancellation leaves alone.

        Runs never overlap, and an occurrence that passes during a run is not made up for.
        """
        if self.function.trigger.get("runOnStartup"):
            await asyncio.shield(runs.start(self.fire(invoker, datetime.now(UTC))))
        while True:
            due = self.following(datetime.now(UTC))
            await _until(due)
            await asyncio.shield(runs.start(self.fire(invoker, due)))

    async def fire(self, invoker: Invoker, due: datetime) -> None:
        """Run the function for the occurrence at `due`; a failed run is not repeated before the next one."""
        with contextlib.suppress(Failed):
            await invoker.run(self.function, self.request(due, datetime.now(UTC)))

    def request(self, due: datetime, now: datetime) -> TimerRequest:
        """Build what the function is called with."""
        status = {
            "Last": due.isoformat(),
            "Next": self.following(now).isoformat(),
            "LastUpdated": now.isoformat(),
        }
        return TimerRequest(past_due=now - due > LATE, schedule_status=status, schedule={"AdjustForDST": True})


async def _until(moment: datetime) -> None:
    while True:
        left = (moment - datetime.now(UTC)).total_seconds()
        if left <= 0:
            return
        await asyncio.sleep(min(left, _LONGEST_SLEEP))
