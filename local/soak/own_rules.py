"""What members do with accounts of their own, and what becomes of their sign-ins."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from local.microsoft.graph import events
from local.microsoft.sign_ins import revoke
from local.microsoft.world import User
from local.soak.base import NAMES, Base, times
from shared.errors import CallerError, MicrosoftError, Refusal

WHO = st.sampled_from(NAMES)
ACCOUNT = st.sampled_from(["first", "first", "second"])
"""Of each member's accounts."""
DECISIONS = st.sampled_from(["connect", "connect", "disconnect"])
UNKNOWN = "unknown"
"""What somebody decided of whom nothing is certain."""
WHICH, REQUEST, SOON = st.integers(0, 4), st.integers(1, 45), st.integers(1, 6)


class OwnRules(Base):
    """Accounts are connected, disconnected and revoked, and their calendars change."""

    @rule(what=DECISIONS, who=WHO, account=ACCOUNT)
    def decide_own(self, what: str, who: str, account: str) -> None:
        """A member connects an account of their own, or lets go of it."""
        self._decide_own(what, who, account, insist=True)

    @rule(what=DECISIONS, who=WHO, account=ACCOUNT, request=REQUEST, after=st.booleans(), insist=st.booleans())
    def decide_own_and_die(self, what: str, who: str, account: str, request: int, after: bool, insist: bool) -> None:
        """The process dies in the middle of that; the member gives up, or does it again."""
        self.history.host.interrupt(request, None, afterwards=after)
        self._decide_own(what, who, account, insist=insist)
        self.history.host.interruptions.forget()

    @rule(
        which=WHICH,
        what=DECISIONS,
        who=WHO,
        account=ACCOUNT,
        request=REQUEST,
        after=st.booleans(),
        dies=st.none() | SOON,
    )
    def decide_own_meanwhile(
        self, which: int, what: str, who: str, account: str, request: int, after: bool, dies: int | None
    ) -> None:
        """The same between two requests of a message's run, which may die soon after that."""
        decide = lambda: self._decide_own(what, who, account, insist=True)  # noqa: E731 - reads best here
        self.meanwhile(which, decide, request, after=after, dies=dies)

    @precondition(lambda self: self.history.own.members)
    @rule(who=WHO)
    def end_sign_in(self, who: str) -> None:
        """All sign-ins of the account that a member connected are revoked."""
        own = self.history.own_connections().get(who)
        if own is not None:
            self.history.census.faults["own revoked"] += 1
            self.history.own.ended.add(own.account.object_id)
            self.history.outlook.do(lambda: revoke(self.history.outlook.world, self.history.own.user(own)))

    @precondition(lambda self: self.history.own.members)
    @rule()
    def sign_in_again(self) -> None:
        """Whoever is asked to signs in again, if that works."""
        with suppress(CallerError, MicrosoftError, Refusal):
            self.history.own.sign_in_again()

    @rule(who=WHO, account=ACCOUNT, day=st.integers(0, 20), hour=st.integers(0, 23))
    def meet_elsewhere(self, who: str, account: str, day: int, hour: int) -> None:
        """A new event in a member's own calendar."""
        place = self.history.outlook.world, self.history.outlook.elsewhere, self._account(who, account)
        self.history.outlook.do(lambda: events.create_event(*place, times(self.at(day, hour), 60)))

    def _decide_own(self, what: str, who: str, account: str, *, insist: bool) -> None:
        """Decide, and note what is certain then: a refusal changes nothing, after a death nothing is certain."""
        own, user = self.history.own, self._account(who, account)
        outcomes: list[bool] = []

        def call() -> None:
            try:
                own.connect(who, user) if what == "connect" else own.disconnect(who)
            except (CallerError, MicrosoftError, Refusal):
                outcomes.append(False)
            else:
                outcomes.append(True)

        self.history.census.decisions[f"own {what}"] += 1
        before = own.decided.pop(who, UNKNOWN)
        died = not self.history.host.attempt(call)
        if died and insist:
            self.history.until_done(call)
        self.history.host.interruptions.forget()
        if outcomes and outcomes[-1]:
            own.decided[who] = user.id if what == "connect" else None
        elif not died and before != UNKNOWN:
            own.decided[who] = before

    def _account(self, who: str, account: str) -> User:
        return self.history.outlook.stranger(f"{who}-{account}")
