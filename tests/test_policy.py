"""P7 as pure rules: who is kept out and why, what a change of policy touches, what a member may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from shared.model import (
    BusyStatus,
    Choice,
    Connection,
    ConnectionStatus,
    Decided,
    Detail,
    Member,
    Policy,
    Scope,
    UnknownRule,
)
from shared.policy import (
    Effect,
    busy_statuses,
    effect,
    held_out,
    kept_out,
    rights,
    sentences,
)
from tests.properties import given

S, B = ConnectionStatus, BusyStatus
NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
ANN = Member("ann", "Ann", ("ann@contoso.com", "ann@fabrikam.com"))
DONE = Decided("boss", NOW)
NOBODY = Scope()

KEPT_OUT = {
    "nobody decided anything": (None, Policy(), None),
    "an empty choice": (Choice("ann"), Policy(), None),
    "excluded": (Choice("ann", excluded=DONE), Policy(), (S.EXCLUDED, None)),
    "disconnected": (Choice("ann", disconnected=DONE), Policy(), (S.USER_DISCONNECTED, None)),
    "disconnected where that is forbidden by now": (
        Choice("ann", disconnected=DONE), Policy(members_may_disconnect=False), (S.USER_DISCONNECTED, None),
    ),
    "excluded and disconnected": (Choice("ann", DONE, DONE), Policy(), (S.EXCLUDED, None)),
    "outside the scope": (None, Policy(scope=NOBODY), (S.EXCLUDED, Detail.NOT_IN_ROLLOUT)),
    "outside the scope and disconnected": (
        Choice("ann", disconnected=DONE), Policy(scope=NOBODY), (S.EXCLUDED, Detail.NOT_IN_ROLLOUT),
    ),
    "named in the scope": (None, Policy(scope=Scope(members=frozenset({"ann"}))), None),
    "by the domain of a second address": (None, Policy(scope=Scope(frozenset({"fabrikam.com"}))), None),
    "a longer domain": (None, Policy(scope=Scope(frozenset({"x.contoso.com"}))), (S.EXCLUDED, Detail.NOT_IN_ROLLOUT)),
    "a shorter domain": (None, Policy(scope=Scope(frozenset({"oso.com"}))), (S.EXCLUDED, Detail.NOT_IN_ROLLOUT)),
}  # fmt: skip


@pytest.mark.parametrize(("choice", "policy", "expected"), KEPT_OUT.values(), ids=KEPT_OUT)
def test_who_is_kept_out_and_why(choice: Choice | None, policy: Policy, expected: object) -> None:
    assert kept_out(ANN, choice, policy) == expected


def test_who_is_kept_out_is_remembered_with_their_mailbox() -> None:
    bound = Connection("ann", S.CONNECTED, NOW, tenant_id="t", object_id="o", mailbox_address="ann@contoso.com")
    reason = kept_out(ANN, Choice("ann", disconnected=DONE), Policy())
    assert reason is not None
    out = held_out("ann", bound, reason, NOW)
    assert (out.status, out.mailbox, out.active_mailbox) == (S.USER_DISCONNECTED, bound.mailbox, None)


STATUSES = {
    "the policy": (Policy(busy_statuses=(B.BUSY,)), None, {B.BUSY}),
    "a choice that does not count": (Policy(busy_statuses=(B.BUSY,)), (B.OOF,), {B.BUSY}),
    "a choice that counts": (Policy(busy_statuses=(B.BUSY,), members_may_choose_busy=True), (B.OOF,), {B.OOF}),
    "a choice of nothing": (Policy(members_may_choose_busy=True), (), set()),
    "no choice": (Policy(members_may_choose_busy=True), None, set(B)),
}


@pytest.mark.parametrize(("policy", "chosen", "expected"), STATUSES.values(), ids=STATUSES)
def test_what_counts_as_busy(policy: Policy, chosen: tuple[B, ...] | None, expected: set[B]) -> None:
    assert busy_statuses(policy, Choice("ann", busy_statuses=chosen)) == expected


def people(**statuses: S) -> tuple[list[Member], dict[str, Connection]]:
    members = [Member(name, name.title(), (f"{name}@contoso.com",)) for name in statuses]
    found = {n: Connection(n, status, NOW, tenant_id="t", object_id=f"u-{n}") for n, status in statuses.items()}
    return members, found


OPEN, CLOSED = Policy(), Policy(members_may_disconnect=False)
EFFECTS = {
    "nothing": (OPEN, OPEN, Effect()),
    "no more disconnecting": (OPEN, CLOSED, Effect(held=2, staying_out=1)),
    "disconnecting again": (CLOSED, OPEN, Effect(freed=2)),
    "a narrower scope": (OPEN, Policy(scope=Scope(members=frozenset({"ann"}))), Effect(disconnected=1)),
    "nobody": (OPEN, Policy(scope=NOBODY), Effect(disconnected=2)),
    "everybody": (Policy(scope=NOBODY), OPEN, Effect(looked_for=5)),
    "fewer statuses": (OPEN, Policy(busy_statuses=(B.BUSY,)), Effect(busy_times=2)),
    "other unknown time": (OPEN, Policy(unknown_time=UnknownRule.ALLOW), Effect(busy_times=2)),
    "a right nobody used": (OPEN, Policy(members_may_choose_busy=True), Effect(busy_times=1)),
    "no more own accounts": (OPEN, Policy(members_may_connect_personal=False), Effect(own_staying=1)),
    "own accounts again": (Policy(members_may_connect_personal=False), OPEN, Effect()),
}


@pytest.mark.parametrize(("before", "after", "expected"), EFFECTS.values(), ids=EFFECTS)
def test_whom_a_change_touches(before: Policy, after: Policy, expected: Effect) -> None:
    without = {"eve": S.NO_MAILBOX, "fay": S.OUT_OF_SCOPE}
    members, connections = people(ann=S.CONNECTED, ben=S.STALE, cem=S.NOT_MATCHED, dan=S.USER_DISCONNECTED, **without)
    choices = {"dan": Choice("dan", disconnected=DONE), "ben": Choice("ben", busy_statuses=(B.OOF,))}
    assert effect(before, after, members, connections, choices, {"ann", "somebody who left"}) == expected


POLICIES = st.builds(
    Policy,
    members_may_disconnect=st.booleans(),
    busy_statuses=st.lists(st.sampled_from(B), unique=True).map(tuple),
    scope=st.none() | st.builds(Scope, members=st.lists(st.sampled_from(["ann", "ben"]), unique=True).map(tuple)),
)


@given(POLICIES, POLICIES)
def test_what_one_change_does_the_opposite_undoes(before: Policy, after: Policy) -> None:
    members, connections = people(ann=S.CONNECTED, ben=S.CONNECTED)
    there = effect(before, after, members, connections, {})
    back = effect(after, before, members, connections, {})
    assert (there.held, there.freed) == (back.freed, back.held) or there.disconnected or back.disconnected
    assert there.looked_for <= back.disconnected
    if before == after:
        assert there == Effect()


def test_the_effect_in_words_names_only_who_is_touched() -> None:
    assert sentences(Effect()) == ["This touches nobody."]
    said = sentences(Effect(disconnected=1, held=20))
    assert [line.split(" ", 2)[:2] for line in said] == [["1", "member"], ["20", "members"]]


RIGHTS = {
    "connected": (Choice("ann"), OPEN, S.CONNECTED, (True, False)),
    "connected, held": (Choice("ann"), CLOSED, S.CONNECTED, (False, False)),
    "disconnected": (Choice("ann", disconnected=DONE), OPEN, S.USER_DISCONNECTED, (False, True)),
    "disconnected, held": (Choice("ann", disconnected=DONE), CLOSED, S.USER_DISCONNECTED, (False, True)),
    "excluded": (Choice("ann", excluded=DONE), OPEN, S.EXCLUDED, (False, False)),
    "outside the scope": (Choice("ann"), replace(OPEN, scope=NOBODY), S.EXCLUDED, (False, False)),
}


@pytest.mark.parametrize(("choice", "policy", "state", "expected"), RIGHTS.values(), ids=RIGHTS)
def test_what_a_member_may_do_and_why_not(
    choice: Choice, policy: Policy, state: S, expected: tuple[bool, bool]
) -> None:
    may_disconnect, may_reconnect, why_not = rights(ANN, choice, policy, state)
    assert (may_disconnect, may_reconnect) == expected
    assert (why_not is None) is any(expected)
