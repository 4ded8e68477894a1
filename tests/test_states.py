"""States in words: each has one sentence and one action, and details narrow them where that helps."""

from __future__ import annotations

import pytest

from shared.model import ConnectionStatus, Detail, TenantStatus
from shared.states import CONNECTIONS, NARROWED, NEEDING_ATTENTION, TENANTS, Explanation, explain, next_step

S, T = ConnectionStatus, TenantStatus
EXPLANATIONS = [*CONNECTIONS.values(), *NARROWED.values(), *TENANTS.values()]


def test_every_state_and_every_detail_of_ours_is_explained() -> None:
    assert set(CONNECTIONS) == set(S)
    assert set(TENANTS) == set(T)
    assert {detail for _, detail in NARROWED} == set(Detail)


@pytest.mark.parametrize("explanation", EXPLANATIONS, ids=lambda one: one.text)
def test_each_is_a_sentence_and_an_action(explanation: Explanation) -> None:
    for text in explanation:
        assert text[0].isupper()
        assert text.endswith(".")
        assert text.count(". ") == 0


@pytest.mark.parametrize(("status", "detail"), NARROWED, ids=str)
def test_a_detail_says_more_than_its_state(status: S, detail: str) -> None:
    assert explain(status, detail) == NARROWED[status, detail] != CONNECTIONS[status]


@pytest.mark.parametrize("detail", [None, "", "ErrorAccessDenied", "guest_only"])
def test_a_detail_that_changes_nothing_leaves_the_states_own_words(detail: str | None) -> None:
    assert explain(S.NO_MAILBOX, detail) == CONNECTIONS[S.NO_MAILBOX]


NEXT = {
    "no tenant": ({S.NOT_MATCHED: 3}, [], "Make an activation link for the Microsoft admin."),
    "a lost tenant": ({S.AMBIGUOUS: 3}, [T.CONNECTED, T.APP_DISABLED], TENANTS[T.APP_DISABLED].next_step),
    "one that is leaving beside one that stays": ({S.CONNECTED: 3}, [T.DISCONNECTING, T.CONNECTED], "Nothing to do."),
    "only one that is leaving": (
        {S.NOT_MATCHED: 3},
        [T.DISCONNECTING],
        "Make an activation link for the Microsoft admin.",
    ),
    "nobody yet": ({S.CONNECTED: 0}, [T.CONNECTED], "Have the platform send the organization's members."),
    "most of those who need attention": (
        {S.CONNECTED: 90, S.AMBIGUOUS: 2, S.NO_MAILBOX: 5},
        [T.CONNECTED],
        CONNECTIONS[S.NO_MAILBOX].next_step,
    ),
    "some connect": ({S.CONNECTED: 9, S.CONNECTING: 1}, [T.CONNECTED], CONNECTIONS[S.CONNECTING].next_step),
    "all is well": ({S.CONNECTED: 9, S.EXCLUDED: 2, S.STALE: 1}, [T.CONNECTED], "Nothing to do."),
}


@pytest.mark.parametrize(("counts", "tenants", "step"), NEXT.values(), ids=NEXT)
def test_one_next_step_for_the_organization(counts: dict[S, int], tenants: list[T], step: str) -> None:
    assert next_step(counts, tenants) == step


def test_what_is_tried_again_by_itself_needs_nobody() -> None:
    assert set(NEEDING_ATTENTION).isdisjoint({S.CONNECTED, S.CONNECTING, S.STALE, S.THROTTLED, S.EXCLUDED})
