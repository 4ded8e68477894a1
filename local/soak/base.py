"""What every group of rules builds on: the history under way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis.stateful import RuleBasedStateMachine

from local.microsoft.graph import events
from local.microsoft.world import Json, User
from local.soak.history import History, today
from local.soak.outlook import ZONE
from local.soak.stage import Stage

NAMES = ("ann", "ben", "eva")
"""People; each has an address of that name."""


class Base(RuleBasedStateMachine):
    """A machine with a history, once it has begun."""

    stage: Stage
    history: History

    def holder(self, name: str) -> User | None:
        """Who has the name's address now."""
        return self.history.outlook.holder(self.history.outlook.address(name))

    def on_calendar(self, name: str, change: Callable[[User], object]) -> None:
        """Change the calendar of whoever has the address, if they have one in the cloud."""
        user = self.holder(name)
        if user is not None and user.mailbox is not None and user.mailbox.hosted == "cloud":
            self.history.outlook.do(lambda: change(user))

    def at(self, day: int, hour: int) -> datetime:
        """An hour of a day from today."""
        return today(self.history.outlook.now()) + timedelta(days=day, hours=hour)

    def stir(self) -> None:
        """Make work, where there is little: a change in somebody's calendar, and the timer."""
        if len(self.history.host.visible()) < 2:
            self.meet_somebody(NAMES[0])
            self.history.host.tick()

    def meanwhile(
        self, which: int, decide: Callable[[], object], request: int, *, after: bool, dies: int | None
    ) -> None:
        """Have something decided between two requests of a message's run, which may die soon after that."""
        self.stir()
        visible, host = self.history.host.visible(), self.history.host
        if not visible:
            return

        def happen() -> None:
            self.history.census.intrusions += 1
            decide()
            if dies is not None:
                host.interrupt(dies, None, afterwards=after)

        host.interrupt(request, happen, afterwards=after)
        self.history.run(visible[which % len(visible)])

    def meet_somebody(self, who: str) -> None:
        """An event of an hour, an hour from now."""
        start = self.history.outlook.now().replace(microsecond=0) + timedelta(hours=1)
        place = self.history.outlook.world, self.history.outlook.tenant
        self.on_calendar(who, lambda user: events.create_event(*place, user, times(start, 60)))


def times(start: datetime, minutes: int) -> Json:
    """Graph's `start` and `end`."""
    return {"start": moment(start), "end": moment(start + timedelta(minutes=minutes))}


def whole_days(start: datetime, days: int) -> Json:
    """An all-day event."""
    return {"isAllDay": True, "start": moment(start, ZONE), "end": moment(start + timedelta(days=days), ZONE)}


def moment(at: datetime, zone: str = "UTC") -> Json:
    """Graph's dateTimeTimeZone."""
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": zone}
