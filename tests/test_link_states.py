"""Every state of an activation link in words, with what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.link_states import REFUSALS, STEPS, UNKNOWN_REFUSAL, link_state
from shared.model import ActivationLink, LinkStep
from shared.pages.refusals import REFUSALS as ON_PAGES

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
LINK = ActivationLink("l1", "", "Acme", "m-1", NOW, NOW + timedelta(days=7))
AFTER = LINK.expires_at
ONLY_ON_PAGES = {
    "attempt_unknown", "link_expired", "link_revoked", "link_unknown", "link_used", "microsoft_unavailable",
    "pressed_elsewhere",
}  # fmt: skip
"""Reasons that say something of the visit; the link is where it was."""


def test_every_step_and_every_reason_has_words() -> None:
    assert set(STEPS) == set(LinkStep) - {LinkStep.REFUSED}
    assert set(REFUSALS) == set(ON_PAGES) - ONLY_ON_PAGES


@pytest.mark.parametrize("step", LinkStep)
@pytest.mark.parametrize("now", [NOW, AFTER], ids=["open", "expired"])
def test_a_state_has_a_code_a_sentence_and_a_next_step(step: LinkStep, now: datetime) -> None:
    state = link_state(replace(LINK, step=step), now)
    assert state.text.endswith(".")
    assert state.next_step.endswith(".")
    ended = step in (LinkStep.CONNECTED, LinkStep.REVOKED)
    assert state.step == (step if now == NOW or ended else "expired")


def test_a_link_that_was_only_opened_says_that_it_may_have_been_a_scanner() -> None:
    state = link_state(replace(LINK, opened_at=NOW), NOW)
    assert state.step == "opened"
    assert "mail scanner" in state.text


@pytest.mark.parametrize("step", [step for step in LinkStep if step is not LinkStep.CREATED])
def test_having_been_opened_hides_no_later_step(step: LinkStep) -> None:
    assert link_state(replace(LINK, step=step, opened_at=NOW), NOW).step == step


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refusal_says_why(reason: str) -> None:
    state = link_state(replace(LINK, step=LinkStep.REFUSED, reason=reason), NOW)
    assert state == ("refused", *REFUSALS[reason])


@pytest.mark.parametrize("reason", [None, "reason_of_tomorrow"])
def test_an_unknown_reason_has_general_words(reason: str | None) -> None:
    assert link_state(replace(LINK, step=LinkStep.REFUSED, reason=reason), NOW)[1:] == UNKNOWN_REFUSAL


def test_an_expired_link_says_how_far_it_came() -> None:
    refused = replace(LINK, step=LinkStep.REFUSED, reason="role_missing")
    assert "signed in without the right role" in link_state(refused, AFTER).text
    assert "not opened yet" in link_state(LINK, AFTER).text
    assert link_state(refused, AFTER).next_step == "Make a new link."
