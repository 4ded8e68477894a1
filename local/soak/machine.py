"""The machine that makes histories: how they begin, what holds all along, and how they come to rest."""

from __future__ import annotations

import sys
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from local.soak import checks, decision_checks
from local.soak.base import NAMES, Base
from local.soak.calendar_rules import CalendarRules
from local.soak.decision_rules import DecisionRules
from local.soak.fault_rules import FaultRules
from local.soak.history import History
from local.soak.own_rules import OwnRules
from local.soak.people_rules import PeopleRules
from local.soak.rest import come_to_rest
from local.soak.work_rules import WorkRules

TOKEN_HOURS = st.sampled_from([24, 24, 24, 1])
"""How long access tokens live; each renewal costs the machine a signature."""

DUPLICATES = st.sampled_from(["409", "409", "second"])
"""What Graph makes of a second subscription on a mailbox: refused, or (older) there are two."""


class Played(Base):
    """How a history begins, is watched, and ends."""

    @initialize(members=st.integers(1, 2), hours=TOKEN_HOURS, duplicates=DUPLICATES, neighbour=st.booleans())
    def begin(self, members: int, hours: int, duplicates: Any, neighbour: bool) -> None:
        """A tenant that is connected, with some members; perhaps by another organization too."""
        self.history = History(self.stage)
        outlook = self.history.outlook
        outlook.world.switches.access_token_seconds = hours * 3600
        outlook.world.switches.duplicate_subscription = duplicates
        outlook.world.switches.revocation_reaches_graph = True
        outlook.hire("boss")  # whom no rule touches: a tenant is never without its admin
        for name in NAMES:
            outlook.hire(name)
        for name in NAMES[:members]:
            self.history.put_member(name, outlook.address(name))
        if neighbour:  # one person is a member of both, another one of this one only
            self.history.add_neighbour(amy=outlook.address(NAMES[0]), boss=outlook.address("boss"))
        self.history.connect()
        self.history.run_visible()
        self.history.host.interruptions.calendar_written = lambda: decision_checks.note_answers(self.history)

    @invariant()
    def honest(self) -> None:
        """Answers are honest at every moment."""
        if hasattr(self, "history"):
            self.history.census.steps += 1
            self._look()

    def _look(self) -> None:
        """Check what is answered, if anything happened to it since the last time."""
        requests = self.history.host.interruptions.requests
        if requests != self.history.requests_made:
            self.history.requests_made = requests
            checks.after_every_step(self.history)

    def teardown(self) -> None:
        """Whatever happened: at rest everything is true."""
        if not hasattr(self, "history"):
            return
        try:
            if sys.exc_info()[0] is None:
                come_to_rest(self.history)
                checks.at_rest(self.history)
        finally:
            self.history.close()


class Machine(Played, CalendarRules, PeopleRules, FaultRules, WorkRules, DecisionRules, OwnRules):
    """Histories in which anything may happen."""


class Decided(Played, WorkRules, DecisionRules, PeopleRules, OwnRules):
    """Histories about people and what they decide: calendars change little, and nothing is wrong at Microsoft."""
