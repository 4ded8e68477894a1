"""What admins and members decide: canned answers that are values of the contract, which also reads what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from msgspec import Struct, structs

from shared.contract.mailbox_scope import MailboxScopeOutput, ScopeStep
from shared.contract.me import BookingConnection, BusyChoice, MyConnection, MyConnections, SignInOutput
from shared.contract.one_member import (
    CandidateList,
    CandidateOutput,
    CandidateQuery,
    CheckOutput,
    MatchInput,
    StepOutput,
)
from shared.contract.parsing import parse_body, parse_query
from shared.contract.people import MemberOutput
from shared.contract.policy import EffectOutput, PolicyChange, PolicyPreview
from shared.contract.tenants import DisconnectPreview
from shared.errors import NotFound
from shared.functions.policy import changed, in_order, output
from shared.mailbox_scope import INTRODUCTION, mailbox_scope
from shared.model import MANAGED, PERSONAL, Choice, ConnectionStatus, Detail, Member, Policy
from shared.own_states import explain_own, own_rights
from shared.policy import Effect, rights, sentences
from shared.states import LEFT_AT_MICROSOFT, explain, removal_command
from tests.pages.calendars import Calendars


def effect(**touched: int) -> Effect:
    """What a change of policy does."""
    return Effect(**touched)


def candidate(user: str, tenant: str, **changes: object) -> CandidateOutput:
    """A directory user who could be the member."""
    known = {"is_bound": False, "is_chosen": False, "objection": None}
    named = {"name": user.title(), "address": f"{user}@contoso.com"}
    return CandidateOutput(tenant=tenant, user=user, **{**known, **named, **changes})  # type: ignore[arg-type]


def in_state(known: MemberOutput, state: ConnectionStatus) -> MemberOutput:
    """The member in another state, with its words."""
    text, step = explain(state, None)
    return structs.replace(known, state=state, state_text=text, next_step=step, detail=None)


@dataclass
class Decisions:
    """What holds at the moment; tests change it, and so does what the pages send."""

    policy: Policy = field(default_factory=Policy)
    effect: Effect = field(default_factory=Effect)
    meaning: DisconnectPreview = field(
        default_factory=lambda: DisconnectPreview(11, 10, 1, list(LEFT_AT_MICROSOFT), removal_command("the-client"))
    )
    candidates: list[CandidateOutput] = field(default_factory=list)
    unanswered: tuple[str, ...] = ()
    steps: list[StepOutput] = field(default_factory=list)
    state: ConnectionStatus = ConnectionStatus.CONNECTED
    """Of the member who looks at their own connection."""
    detail: str | None = None
    own: ConnectionStatus | None = None
    """Of the account that they connected themselves, if they did."""
    own_address: str = "bob@freelance.example"
    microsoft: str = "/activated/now"
    """Where somebody who connects their own account is sent."""
    own_detail: str | None = None
    calendars: Calendars = field(default_factory=Calendars)
    receives: str = MANAGED
    """Which of their connections they had take their bookings."""
    why_not: str | None = None
    """Why they may neither disconnect nor come back."""
    sent: list[Struct] = field(default_factory=list)
    """Bodies, as the contract reads them."""

    def answer(
        self, method: str, parts: list[str], query: Mapping[str, str], body: bytes, members: list[MemberOutput]
    ) -> Struct | None:
        """The answer, if this is a decision."""
        match parts:
            case ["outlook", "policy", *more]:
                return self._policy(method, bool(more), body)
            case ["outlook", "mailbox-scope"]:
                made = mailbox_scope("the-client", "Calendly", "Contoso Consulting", "contoso")
                steps = [ScopeStep(one.step, one.command) for one in made.steps]
                return MailboxScopeOutput(INTRODUCTION, made.group, made.scope, steps, made.text)
            case ["outlook", "tenants", _, "disconnect-preview"]:
                return self.meaning
            case ["outlook", "members", member, what]:
                return self._member(method, what, query, body, member, members)
            case ["me", *more]:
                return self._me(method, more, body)
        return None

    def _policy(self, method: str, is_preview: bool, body: bytes) -> Struct:
        if method == "GET":
            return output(self.policy)
        wish = parse_body(body, PolicyChange)
        after = changed(self.policy, wish)
        if not is_preview:
            self.sent.append(wish)
            self.policy = after
        return PolicyPreview(output(after), EffectOutput(**asdict(self.effect), sentences=sentences(self.effect)))

    def _member(
        self, method: str, what: str, query: Mapping[str, str], body: bytes, member: str, members: list[MemberOutput]
    ) -> Struct | None:
        place = next((place for place, known in enumerate(members) if known.id == member), None)
        if place is None:
            raise NotFound("There is no such member.")
        match method, what:
            case "GET", "candidates":
                parse_query(query, CandidateQuery)
                return CandidateList(self.candidates, self.unanswered)
            case "POST", "check":
                return CheckOutput(members[place], self.steps)
            case "PUT", "match":
                self.sent.append(chosen := parse_body(body, MatchInput))
                self._choose(chosen.user)
            case "DELETE", "match":
                self._choose(None)
            case _, "exclusion":
                state = ConnectionStatus.EXCLUDED if method == "PUT" else ConnectionStatus.CONNECTING
                members[place] = in_state(members[place], state)
        return members[place]

    def _choose(self, user: str | None) -> None:
        self.candidates = [structs.replace(one, is_chosen=one.user == user) for one in self.candidates]

    def _me(self, method: str, parts: list[str], body: bytes) -> Struct:
        match method, parts:
            case _, ["connections", connection, "calendars"]:
                return self.calendars.answer(method, connection, body)
            case "PUT", ["booking-connection"]:
                self.sent.append(wish := parse_body(body, BookingConnection))
                self.receives = wish.connection
            case "POST", ["connections", "outlook"]:
                return SignInOutput(self.microsoft)
            case "DELETE", ["connections", "personal"]:
                self.own = None
                if self.detail == Detail.OWN_CONNECTION:
                    self.state, self.detail = ConnectionStatus.CONNECTING, None
            case "DELETE", ["connections", "managed"]:
                self.state = ConnectionStatus.USER_DISCONNECTED
            case "DELETE", ["connections", "personal"]:
                self.own = None
            case "POST", ["connections", "managed", "reconnect"]:
                self.state = ConnectionStatus.CONNECTING
            case "PUT", ["busy-statuses"]:
                self.sent.append(choice := parse_body(body, BusyChoice))
                statuses = Policy().busy_statuses if choice.busy_statuses is None else in_order(choice.busy_statuses)
                self.policy = replace(self.policy, busy_statuses=statuses)
        return self._mine()

    def _mine(self) -> MyConnections:
        text, step = explain(self.state, self.detail)
        given = (self.state, text, step, self.detail, "bob@contoso.com", None, self._receiving == MANAGED)
        mine = MyConnection(MANAGED, "admin_managed", *given, *self._rights())
        policy = self.policy
        return MyConnections(
            [mine, *self._own()],
            policy.busy_statuses,
            policy.members_may_choose_busy,
            policy.members_may_connect_personal,
        )

    def _own(self) -> list[MyConnection]:
        if self.own is None:
            return []
        text, step = explain_own(self.own, self.own_detail)
        given = (self.own, text, step, self.own_detail, self.own_address, None, self._receiving == PERSONAL)
        return [MyConnection(PERSONAL, PERSONAL, *given, *own_rights(self.policy))]

    @property
    def _receiving(self) -> str:
        return self.receives if self.own else MANAGED

    def _rights(self) -> tuple[bool, bool, str | None]:
        if self.why_not:
            return False, False, self.why_not
        nobody = Member("bob", "Bob", ("bob@contoso.com",))
        return rights(nobody, Choice("bob"), self.policy, self.state)
