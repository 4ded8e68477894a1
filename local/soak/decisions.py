"""What people decide in a history: asked of the product, remembered as they were told, and never lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from local.soak.errors import Divergence
from shared.callers import Caller
from shared.errors import CallerError, MicrosoftError
from shared.model import Choice, MailboxKey, Policy, Role, Scope, TenantStatus

if TYPE_CHECKING:
    from local.soak.history import History
    from local.soak.process import Process

Act = Callable[["Process"], object]
EVERYBODY = ""
"""Whom the policy is about."""

PERSONAL: dict[str, tuple[str, str, bool]] = {
    "disconnect": ("connection.disconnected", "disconnected", True),
    "reconnect": ("connection.reconnected", "disconnected", False),
    "exclude": ("member.excluded", "excluded", True),
    "include": ("member.included", "excluded", False),
}
"""Decisions about one member: how the audit trail calls them, what of the choice they set, and to what."""

SCOPES: dict[str, Scope | None] = {
    "everybody": None,
    "ann": Scope(members=frozenset({"ann"})),
    "ben and eva": Scope(members=frozenset({"ben", "eva"})),
    "domain": Scope(domains=frozenset({"acme.example"})),
    "nobody": Scope(domains=frozenset({"elsewhere.example"})),
}


class Outcome(Enum):
    """How a call ended for whoever made it."""

    DONE = "done"
    REFUSED = "refused"
    DIED = "died"
    """The process died, and whoever called gave up."""


class Decisions:
    """Takes decisions, and knows what must hold because of them."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.said: dict[tuple[str, str], Any] = {}
        """What holds, by member (or everybody) and the name of the decision, as far as anything was decided."""
        self.out: set[str] = set()
        """Members of whom nothing may be answered or asked: a call that keeps them out has returned."""
        self.taken: Counter[tuple[str, str]] = Counter()
        """What the audit trail must tell: action and subject."""
        self.audited: set[str] = set()
        """Keys of the audit trail seen so far."""
        self.broken: list[str] = []

    # Single members

    def personal(self, what: str, who: str, *, insist: bool) -> None:
        """A member leaves or comes back, or an admin keeps them out or lets them in."""
        action, fact, value = PERSONAL[what]
        boss, person = self._caller("boss", Role.ADMIN), self._caller(who, Role.USER)
        calls: dict[str, Act] = {
            "disconnect": lambda process: process.choices.disconnect(person),
            "reconnect": lambda process: process.choices.reconnect(person),
            "exclude": lambda process: process.choices.exclude(boss, who),
            "include": lambda process: process.choices.include(boss, who),
        }
        if not value:
            self.out.discard(who)
        before = self._is(who, fact)
        outcome = self._ask(what, calls[what], insist=insist)
        self._note(who, fact, before, self._is(who, fact), action)
        if outcome is Outcome.DONE and self.said[who, fact] is not value:
            raise Divergence(f"{what} of {who} was answered, and is not written")
        if outcome is Outcome.DONE and self.is_out(who) and who in self._history.roster:
            self.out.add(who)
        self._history.settle_claims()

    def is_out(self, name: str) -> bool:
        """Whether somebody is kept out by a choice."""
        return bool(self.said.get((name, "excluded")) or self.said.get((name, "disconnected")))

    def name(self, who: str, key: MailboxKey | None, *, insist: bool) -> None:
        """An admin says which directory user a member is, as the API has it, or leaves it to the addresses."""
        boss = self._caller("boss", Role.ADMIN)

        def call(process: Process) -> None:
            chosen = process.candidates.one(boss.org, who, key.tenant_id, key.object_id) if key else None
            process.choices.name(boss, who, chosen)

        before = self._chosen(who)
        self._ask("name" if key else "leave to addresses", call, insist=insist)
        action = "match.chosen" if key else "match.left_to_addresses"
        self._note(who, "mailbox", before, self._chosen(who), action)
        if self._leaves():
            self._forget_names()
        self._history.roster_changed_at = self._history.outlook.now()
        self._history.settle_claims()

    def check(self, who: str, *, insist: bool) -> None:
        """An admin has a member checked now."""
        self._ask("check", lambda process: process.checks.run(self._history.org, "boss", who), insist=insist)

    # Everybody

    def scope(self, which: str, *, insist: bool) -> None:
        """The policy lets others take part."""
        self._policy("scope", SCOPES[which], insist=insist)

    def let_disconnect(self, may: bool, *, insist: bool) -> None:
        """The policy lets members disconnect, or does not."""
        self._policy("members_may_disconnect", may, insist=insist)

    def _policy(self, rule: str, value: Any, *, insist: bool) -> None:
        boss = self._caller("boss", Role.ADMIN)
        change = lambda policy: replace(policy, **{rule: value})  # noqa: E731 - reads best here
        before = self._rule(rule)
        outcome = self._ask(rule, lambda process: process.governance.change(boss, change), insist=insist)
        self._note(EVERYBODY, rule, before, self._rule(rule), "policy.changed")
        if outcome is Outcome.DONE and self.said[EVERYBODY, rule] != value:
            raise Divergence(f"{rule} was answered, and is not written")
        self._history.roster_changed_at = self._history.outlook.now()
        self._history.settle_claims()

    def end_tenant(self, *, insist: bool) -> None:
        """An admin disconnects the tenant."""
        boss, tenant_id = self._caller("boss", Role.ADMIN), self._history.outlook.tenant.id
        before = self._leaves()
        self._forget_names()
        self._history.roster_changed_at = self._history.outlook.now()
        self._ask("tenant off", lambda process: process.tenants.disconnect(boss, tenant_id), insist=insist)
        if not before and self._leaves():
            self.taken["tenant.disconnected", tenant_id] += 1

    def policy(self) -> Policy:
        """The policy as it was decided."""
        return Policy(scope=self.said.get((EVERYBODY, "scope")))

    def choice(self, name: str) -> Choice:
        """A member's choice as it was decided, as far as it keeps them out."""
        found = self._row(name)
        return found if self.is_out(name) and found else Choice(name, mailbox=self.said.get((name, "mailbox")))

    # What is remembered

    def look(self) -> None:
        """What was decided is still written; anything else would be a decision lost."""
        if self.broken:
            raise Divergence(self.broken[0])
        for (name, fact), value in self.said.items():
            now = self._rule(fact) if name == EVERYBODY else self._chosen(name) if fact == "mailbox" else None
            if (self._is(name, fact) if fact in ("excluded", "disconnected") else now) != value:
                raise Divergence(f"{fact} of {name or 'everybody'} is not {value} any more")

    def _note(self, name: str, fact: str, before: Any, after: Any, action: str) -> None:
        self.said[name, fact] = after
        if before != after:
            self.taken[action, name or fact] += 1

    def _forget_names(self) -> None:
        """Whom an admin named in a tenant that goes is nobody's, sooner or later."""
        for key in [key for key in self.said if key[1] == "mailbox"]:
            del self.said[key]

    def _ask(self, what: str, act: Act, *, insist: bool) -> Outcome:
        """Call; whoever insists calls again until no kill comes in between."""
        history, outcome = self._history, Outcome.DIED
        history.census.decisions[what] += 1

        def call() -> None:
            nonlocal outcome
            try:
                act(history.host.process)
                outcome = Outcome.DONE
            except (CallerError, MicrosoftError):
                outcome = Outcome.REFUSED

        if insist:
            history.until_done(call)
        else:
            history.host.attempt(call)
            history.host.interruptions.forget()
        history.outlook.await_delivery()
        self.audited |= {str(row["RowKey"]) for row in history.rows("Audit", history.org)}
        return outcome

    def _caller(self, subject: str, role: Role) -> Caller:
        return Caller(subject, self._history.org, "Acme", role, "enterprise", frozenset({"outlook-admin"}))

    def _row(self, name: str) -> Choice | None:
        row = self._history.observer.tables.choices.get(self._history.org, name)
        return row.value if row else None

    def _is(self, name: str, fact: str) -> bool:
        return bool(getattr(self._row(name), fact, None))

    def _chosen(self, name: str) -> MailboxKey | None:
        row = self._row(name)
        return row.mailbox if row else None

    def _rule(self, rule: str) -> Any:
        return getattr(self._history.observer.tables.policies.of(self._history.org), rule)

    def _leaves(self) -> bool:
        row = self._history.observer.tables.tenants.get(self._history.org, self._history.outlook.tenant.id)
        gone = (TenantStatus.DISCONNECTING, TenantStatus.DISCONNECTED)
        return row is None or row.value.status in gone
