"""What people decide: about their own connection, about others', about everybody, and about the tenant."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from local.soak.base import NAMES, Base
from local.soak.decisions import PERSONAL, SCOPES
from shared.model import MailboxKey

MEMBER = st.sampled_from([*NAMES, "new"])
OTHERS = ("scope", "let disconnect", "forbid disconnect", "name", "leave to addresses", "check")
TENANT = ("tenant off", "tenant away", "tenant off and on")
DECISIONS = st.sampled_from([*PERSONAL, *OTHERS, *TENANT, "tenant on"])
WHICH, REQUEST, SOON = st.integers(0, 4), st.integers(1, 25), st.integers(1, 6)


class DecisionRules(Base):
    """Decisions, each made once or again and again until it is answered."""

    @rule(what=st.sampled_from(sorted(PERSONAL)), who=MEMBER, insist=st.booleans())
    def choose(self, what: str, who: str, insist: bool) -> None:
        """A member disconnects or comes back; an admin excludes or includes somebody."""
        self.history.decisions.personal(what, who, insist=insist)

    @rule(what=st.sampled_from(OTHERS), who=MEMBER, which=WHICH)
    def govern(self, what: str, who: str, which: int) -> None:
        """An admin changes the policy, says who somebody is, or has somebody checked."""
        self.decide(what, who, which)

    @rule(what=st.sampled_from([*TENANT, "tenant on", "tenant on"]))
    def change_tenant(self, what: str) -> None:
        """The tenant is disconnected, or connected again."""
        self.decide(what, NAMES[0], 0)

    @rule(
        what=DECISIONS, who=MEMBER, which=WHICH, request=st.integers(1, 14), after=st.booleans(), insist=st.booleans()
    )
    def decide_and_die(self, what: str, who: str, which: int, request: int, after: bool, insist: bool) -> None:
        """The process dies while it carries out what somebody decided, who gives up or calls again."""
        self.history.host.interrupt(request, None, afterwards=after)
        self.decide(what, who, which, insist=insist)
        self.history.host.interruptions.forget()

    @rule(
        which=WHICH,
        what=DECISIONS,
        who=MEMBER,
        other=WHICH,
        request=REQUEST,
        after=st.booleans(),
        dies=st.none() | SOON,
    )
    def decide_meanwhile(
        self, which: int, what: str, who: str, other: int, request: int, after: bool, dies: int | None
    ) -> None:
        """Somebody decides something between two requests of a message's run, which may die soon after that."""
        self.meanwhile(which, lambda: self.decide(what, who, other), request, after=after, dies=dies)

    @rule(what=DECISIONS, who=MEMBER, which=WHICH, request=REQUEST, after=st.booleans())
    def decide_during_check(self, what: str, who: str, which: int, request: int, after: bool) -> None:
        """Somebody decides something while an admin has a member checked."""

        def happen() -> None:
            self.history.census.intrusions += 1
            self.decide(what, who, which)

        host = self.history.host
        host.interrupt(request, happen, afterwards=after)
        host.running += 1
        try:
            self.history.decisions.check(who, insist=False)
        finally:
            host.running -= 1

    def decide(self, what: str, who: str, which: int, *, insist: bool = True) -> None:
        """Make a decision by its name."""
        decisions = self.history.decisions
        if what in PERSONAL:
            decisions.personal(what, who, insist=insist)
        elif what == "scope":
            decisions.scope(sorted(SCOPES)[which % len(SCOPES)], insist=insist)
        elif what in ("let disconnect", "forbid disconnect"):
            decisions.let_disconnect(what == "let disconnect", insist=insist)
        elif what == "check":
            decisions.check(who, insist=insist)
        elif what in ("name", "leave to addresses"):
            decisions.name(who, self._user(which) if what == "name" else None, insist=insist)
        else:
            self._change_tenant(what, insist=insist)

    def _change_tenant(self, what: str, *, insist: bool) -> None:
        if what != "tenant on":
            self.history.decisions.end_tenant(insist=insist)
        if what == "tenant away":
            for envelope in self.history.host.visible():
                self.history.host.run(envelope)
            for envelope in self.history.host.visible():
                self.history.host.run(envelope)
        if what in ("tenant on", "tenant off and on"):
            self.history.connect()

    def _user(self, which: int) -> MailboxKey:
        """One of the tenant's users, deleted or not."""
        users = sorted(self.history.outlook.tenant.users)
        return MailboxKey(self.history.outlook.tenant.id, users[which % len(users)])
