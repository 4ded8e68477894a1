from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from shared.contract.policy import PolicyChange, ScopeInput
from shared.errors import Forbidden, Unavailable
from shared.model import BusyStatus, ConnectionStatus, Policy, UnknownRule
from tests.pages.api import World, member
from tests.pages.conftest import Open
from tests.pages.decisions import effect

CONNECTED, CONNECTING = ConnectionStatus.CONNECTED, ConnectionStatus.CONNECTING
PREVIEW, PATCH = "POST /api/outlook/policy/preview", "PATCH /api/outlook/policy"


@pytest.fixture
def form(open_home: Open) -> Page:
    page = open_home()
    page.get_by_text("Change the policy").click()
    return page


def box(page: Page, name: str):  # noqa: ANN201 - a locator
    return page.locator("#policy-form").get_by_label(name)


def save(page: Page):  # noqa: ANN201 - a locator
    return page.get_by_role("button", name="Save the policy")


def title(page: Page):  # noqa: ANN201 - a locator
    return page.locator("#effect-title")


def test_whom_a_change_touches_is_said_before_it_is_saved(form: Page, world: World) -> None:
    world.decisions.effect = effect(busy_times=11, held=2)
    expect(title(form)).to_have_text("No changes.")
    expect(save(form)).to_be_disabled()
    box(form, "Disconnect their own calendar").uncheck()
    box(form, "Tentative").uncheck()
    box(form, "Not bookable Nobody").check()
    expect(title(form)).to_have_text("Not saved yet. This is what saving does:")
    expect(form.locator("#effect")).to_contain_text("2 members are no longer able to disconnect.")
    expect(form.get_by_text("(not saved)")).to_be_visible()
    assert PATCH not in world.asked
    save(form).click()
    expect(title(form)).to_have_text("Saved.")
    expect(form.locator("#policy-now")).to_contain_text("Members may not disconnect")
    counted = [status for status in BusyStatus if status is not BusyStatus.TENTATIVE]
    assert world.decisions.sent == [
        PolicyChange(members_may_disconnect=False, busy_statuses=counted, unknown_time=UnknownRule.BLOCK)
    ]
    expect(save(form)).to_be_focused()
    expect(form.get_by_text("(not saved)")).to_be_hidden()


def test_what_is_edited_stays_while_the_rest_follows_what_others_save(form: Page, world: World) -> None:
    world.members = [member(1, CONNECTING)]
    box(form, "Disconnect their own calendar").uncheck()
    box(form, "Only some").check()
    domains = form.get_by_label("Members with an address in one of these domains")
    domains.fill("contoso.com, ")
    world.decisions.policy = replace(Policy(), members_may_choose_busy=True)
    form.get_by_label("State").select_option("")
    form.get_by_label("Search", exact=True).fill("member")
    expect(box(form, "Members may choose that for themselves")).to_be_checked()
    expect(box(form, "Disconnect their own calendar")).not_to_be_checked()
    expect(domains).to_have_value("contoso.com, ")
    save(form).click()
    expect(title(form)).to_have_text("Saved.")
    assert world.decisions.sent == [PolicyChange(members_may_disconnect=False, scope=ScopeInput(["contoso.com"]))]
    assert world.decisions.policy.members_may_choose_busy


def test_what_is_wrong_is_said_at_its_field(form: Page, world: World) -> None:
    box(form, "Only some").check()
    domains = form.get_by_label("Members with an address in one of these domains")
    domains.fill("contoso.com contoso_nl!")
    expect(form.get_by_text("“contoso_nl!” is not a domain. Write it like contoso.com.")).to_be_visible()
    expect(domains).to_have_attribute("aria-invalid", "true")
    expect(save(form)).to_be_disabled()
    domains.fill("contoso.com")
    expect(title(form)).to_contain_text("This is what saving does")
    expect(domains).to_have_attribute("aria-invalid", "false")


def test_nothing_is_saved_whose_effect_is_not_known(form: Page, world: World) -> None:
    world.problems[PREVIEW] = Unavailable("Try again in a moment.")
    box(form, "Connect a personal Outlook").uncheck()
    expect(title(form)).to_have_text("Not saved. Not available right now. Try again in a moment.")
    save(form).click(force=True)
    form.get_by_role("button", name="Discard").click()
    expect(box(form, "Connect a personal Outlook")).to_be_checked()
    expect(title(form)).to_have_text("Nothing was changed.")
    assert PATCH not in world.asked


def test_a_policy_that_is_refused_is_said_and_can_be_tried_again(form: Page, world: World) -> None:
    world.problems[PATCH] = Forbidden("Only an owner or admin of the organization may do this.")
    box(form, "Bookable All free time").check()
    save(form).click()
    expect(title(form)).to_have_text(
        "Not saved. Not allowed. Only an owner or admin of the organization may do this."
    )
    expect(box(form, "Bookable All free time")).to_be_checked()
    world.problems.clear()
    save(form).click()
    expect(title(form)).to_have_text("Saved.")


def test_members_are_listed_for_the_roll_out_by_name(form: Page, world: World) -> None:
    world.members = [member(1, CONNECTED, name="Zoë Zander"), member(2, CONNECTED), member(3, CONNECTED)]
    box(form, "Only some").check()
    search = form.get_by_label("And these members")
    search.fill("zoë")
    search.press("Enter")
    form.get_by_role("button", name="Add Zoë Zander").focus()
    form.keyboard.press("Enter")
    expect(search).to_be_focused()
    expect(form.get_by_role("button", name="Remove Zoë Zander")).to_be_visible()
    expect(form.locator("#rollout-said")).to_have_text("Zoë Zander was added.")
    save(form).click()
    expect(form.locator("#policy-now")).to_contain_text("Only these take part: 1 member listed.")
    assert world.decisions.sent == [PolicyChange(scope=ScopeInput([], ["m001"]))]
