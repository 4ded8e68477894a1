"""Which message runs when, how often, and what comes in between."""

from __future__ import annotations

from copy import copy
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from local.soak.base import NAMES, Base

WAITS = st.sampled_from(
    [
        timedelta(seconds=5),
        timedelta(seconds=40),
        timedelta(minutes=6),
        timedelta(hours=1),
        timedelta(hours=7),
        timedelta(days=2),
        timedelta(days=8),
    ]
)
WHICH = st.integers(0, 4)
REQUEST = st.integers(1, 25)
"""Number of the request around which something happens."""
MOST_DEQUEUES = 3
"""A message dies with its process so often at most: five times is poison."""

INTRUSIONS = st.sampled_from(["message", "message", "leave", "join", "meet"])


class WorkRules(Base):
    """Messages, the timer and time."""

    @precondition(lambda self: self.history.host.visible())
    @rule(which=WHICH)
    def work(self, which: int) -> None:
        """One message runs."""
        visible = self.history.host.visible()
        self.history.run(visible[which % len(visible)])

    @rule()
    def work_off(self) -> None:
        """All messages run, oldest first."""
        self.history.run_visible()

    @rule(which=WHICH, request=REQUEST, afterwards=st.booleans())
    def die_at_work(self, which: int, request: int, afterwards: bool) -> None:
        """The process dies while a message runs, which comes back later."""
        self.stir()
        young = [e for e in self.history.host.visible() if e.dequeues < MOST_DEQUEUES]
        if young:
            self.history.host.interrupt(request, None, afterwards=afterwards)
            self.history.run(young[which % len(young)])

    @rule(
        which=WHICH,
        what=INTRUSIONS,
        who=st.sampled_from(NAMES),
        request=REQUEST,
        after=st.booleans(),
    )
    def work_disturbed(self, which: int, what: str, who: str, request: int, after: bool) -> None:
        """Between two requests of a message's run, something else happens from beginning to end."""
        self.stir()
        visible = self.history.host.visible()
        if not visible:
            return

        def disturb() -> None:
            self.history.census.intrusions += 1
            self._disturb_with(what, who, which)

        self.history.host.interrupt(request, disturb, afterwards=after)
        self.history.run(visible[which % len(visible)])

    def _disturb_with(self, what: str, who: str, which: int) -> None:
        visible = self.history.host.visible()
        if what == "message" and visible:
            self.history.host.run(visible[which % len(visible)])
        elif what == "leave" and who in self.history.roster:
            self.history.remove_member(who)
        elif what == "join":
            self.history.put_member(who, self.history.outlook.address(who))
        elif what == "meet":
            self.meet_somebody(who)

    @rule(by=WAITS)
    def live(self, by: timedelta) -> None:
        """Time passes and everything works as it should."""
        self.history.outlook.advance(by)
        self.history.host.tick()
        self.history.run_visible()

    @precondition(lambda self: self.history.host.queue)
    @rule(which=WHICH)
    def double(self, which: int) -> None:
        """The queue delivers a message twice."""
        queue = self.history.host.queue
        queue.append(copy(queue[which % len(queue)]))

    @precondition(lambda self: self.history.host.queue)
    @rule(which=WHICH, by=WAITS)
    def hold_back(self, which: int, by: timedelta) -> None:
        """A message waits longer than others."""
        queue = self.history.host.queue
        queue[which % len(queue)].hold(by)

    @rule()
    def tick(self) -> None:
        """The timer runs."""
        self.history.host.tick()

    @rule(request=st.integers(1, 4), afterwards=st.booleans())
    def die_at_tick(self, request: int, afterwards: bool) -> None:
        """The process dies while the timer runs."""
        self.history.host.interrupt(request, None, afterwards=afterwards)
        self.history.host.tick()
        self.history.host.interruptions.forget()

    @rule(request=REQUEST, afterwards=st.booleans())
    def die_at_next_call(self, request: int, afterwards: bool) -> None:
        """The process dies during the next call or message, if that is long enough."""
        self.history.host.interrupt(request, None, afterwards=afterwards)

    @rule(by=WAITS)
    def wait(self, by: timedelta) -> None:
        """Time passes."""
        self.history.outlook.advance(by)
