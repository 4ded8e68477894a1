from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.contract.one_member import MatchInput, StepOutput
from shared.errors import Unavailable
from shared.model import ConnectionStatus, TenantStatus
from tests.pages.api import TENANT, World, member, tenant
from tests.pages.conftest import Open
from tests.pages.decisions import candidate, in_state

CONNECTED, NOT_MATCHED = ConnectionStatus.CONNECTED, ConnectionStatus.NOT_MATCHED


@pytest.fixture
def page(open_home: Open, world: World) -> Page:
    world.tenants = [tenant(TenantStatus.CONNECTED)]
    world.members = [member(1, CONNECTED), member(2, NOT_MATCHED)]
    world.decisions.candidates = [
        candidate("robin", TENANT),
        candidate("off", TENANT, objection="The account is switched off."),
    ]
    return open_home()


def manage(page: Page, name: str) -> Locator:
    page.get_by_role("button", name=f"Manage {name}").click()
    return page.get_by_role("dialog", name=name)


def test_a_check_says_what_came_of_each_step(page: Page, world: World) -> None:
    world.decisions.steps = [
        StepOutput("decision", ok=True, text="Nobody keeps the member out.", next_step="Nothing to do."),
        StepOutput("calendar", ok=False, text="It was not read.", next_step="Try again in a moment."),
    ]
    dialog = manage(page, "Member 001")
    check = dialog.get_by_role("button", name="Check now")
    expect(check).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.locator("#checked")).to_have_text("Checked: 1 of 2 steps did not go well.")
    steps = dialog.get_by_role("list", name="Steps of the check").get_by_role("listitem")
    expect(steps.nth(0)).to_contain_text("Decision: OK")
    expect(steps.nth(0)).not_to_contain_text("Nothing to do.")
    expect(steps.nth(1)).to_contain_text("Calendar: Not OK")
    expect(steps.nth(1)).to_contain_text("Try again in a moment.")
    expect(check).to_be_focused()
    expect(check).to_be_enabled()


def test_a_check_that_does_not_work_is_said_in_the_dialog(page: Page, world: World) -> None:
    world.problems["POST /api/outlook/members/m001/check"] = Unavailable("Try again in a moment.")
    dialog = manage(page, "Member 001")
    dialog.get_by_role("button", name="Check now").click()
    expect(dialog.locator("#checked")).to_have_text("Not available right now. Try again in a moment.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Manage Member 001")).to_be_focused()
    expect(manage(page, "Member 002").locator("#checked")).to_have_text("")


def test_a_member_is_excluded_and_included_again(page: Page, world: World) -> None:
    dialog = manage(page, "Member 001")
    state = dialog.locator("[data-text=managed-state]")
    dialog.get_by_role("button", name="Exclude").click()
    expect(state).to_have_text("Excluded")
    expect(dialog.get_by_role("button", name="Include again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(state).to_have_text("Connecting")
    expect(dialog.get_by_role("button", name="Exclude")).to_be_focused()
    assert world.members[0].state is ConnectionStatus.CONNECTING


def test_whom_the_roll_out_leaves_out_is_not_for_the_dialog_to_include(page: Page, world: World) -> None:
    world.members[0] = in_state(world.members[0], ConnectionStatus.EXCLUDED)
    world.members[0].detail = "not_in_rollout"
    page.get_by_label("Search", exact=True).fill("1")
    expect(page.locator("#members > li").first).to_contain_text("Excluded")
    expect(manage(page, "Member 001").get_by_role("button", name="Include again")).to_be_hidden()


def test_an_admin_chooses_who_a_member_is_and_takes_it_back(page: Page, world: World) -> None:
    dialog = manage(page, "Member 002")
    users = dialog.get_by_role("list", name="Microsoft 365 users").get_by_role("listitem")
    expect(users.nth(0)).to_contain_text("robin@contoso.com")
    expect(users.nth(0)).to_contain_text("In contoso.com")
    expect(users.nth(1)).to_contain_text("The account is switched off.")
    expect(users.nth(1).get_by_role("button")).to_have_count(0)
    dialog.get_by_role("button", name="Choose Robin, robin@contoso.com").click()
    expect(users.nth(0)).to_contain_text("Chosen by an admin")
    expect(dialog.locator("#who-said")).to_contain_text("Chosen.")
    expect(dialog.locator("summary")).to_be_focused()
    assert world.decisions.sent == [MatchInput(TENANT, "robin")]
    dialog.get_by_role("button", name="Leave it to the addresses").click()
    expect(users.nth(0)).not_to_contain_text("Chosen by an admin")
    assert "DELETE /api/outlook/members/m002/match" in world.asked


def test_another_address_is_looked_for_and_a_wrong_one_is_said_at_its_field(page: Page, world: World) -> None:
    world.decisions.candidates, world.decisions.unanswered = [], (TENANT,)
    dialog = manage(page, "Member 002")
    expect(dialog).to_contain_text("No user has one of the member's addresses.")
    expect(dialog).to_contain_text("Could not be asked just now: contoso.com.")
    address = dialog.get_by_label("Another address of theirs")
    address.fill("nonsense")
    address.press("Enter")
    expect(dialog.get_by_text("“nonsense” is not a mail address.")).to_be_visible()
    expect(address).to_be_focused()
    world.decisions.candidates = [candidate("robin", TENANT)]
    address.fill("robin@contoso.com")
    address.press("Enter")
    expect(dialog.get_by_role("button", name="Choose Robin")).to_be_visible()
    expect(address).to_have_attribute("aria-invalid", "false")


def test_an_open_dialog_follows_the_member_even_out_of_the_list(page: Page, world: World) -> None:
    page.get_by_label("State").select_option(label="Not matched (1)")
    expect(page.locator("#members > li")).to_have_count(1)
    dialog = manage(page, "Member 002")
    world.members[1] = in_state(world.members[1], CONNECTED)
    expect(dialog.locator("[data-text=managed-state]")).to_have_text("Connected")
    expect(page.locator("#members > li")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#members-title")).to_be_focused()
