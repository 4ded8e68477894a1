"""What admins see of accounts that members connected themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from shared.contract.policy import PolicyChange
from shared.model import ConnectionStatus, TenantStatus
from tests.pages.api import World, member, tenant, with_own
from tests.pages.conftest import Open
from tests.pages.decisions import effect

CONNECTED, RECONNECT = ConnectionStatus.CONNECTED, ConnectionStatus.RECONNECT_REQUIRED


@pytest.fixture
def page(open_home: Open, world: World) -> Page:
    world.tenants = [tenant(TenantStatus.CONNECTED)]
    out = member(1, ConnectionStatus.USER_DISCONNECTED, detail="own_connection")
    world.members = [
        with_own(out, CONNECTED, instead=True),
        with_own(member(2, CONNECTED), RECONNECT),
        member(3, CONNECTED),
    ]
    return open_home()


def test_the_list_says_how_own_accounts_stand_and_counts_them(page: Page) -> None:
    rows = page.locator("#members > li")
    expect(rows.nth(0)).to_contain_text("Own account: connected, in place of the managed calendar.")
    expect(rows.nth(1)).to_contain_text("Own account: reconnect required. The member connects the account again.")
    expect(rows.nth(2)).not_to_contain_text("Own account")
    expect(page.locator("#own-counts")).to_have_text("2 own accounts · 1 needs attention")
    expect(page.locator("#next-step")).to_have_text(
        "Next: Ask the members whose own account needs attention to connect it again."
    )


def test_members_are_found_by_the_state_of_their_own_account(page: Page, world: World) -> None:
    chosen, rows = page.get_by_role("combobox", name="Own account"), page.locator("#members > li")
    chosen.select_option(label="Reconnect required (1)")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Member 002")
    world.members = [member(3, CONNECTED)]
    page.get_by_label("Search").fill(" ")
    expect(page.get_by_text("Nobody here is like that.")).to_be_visible()
    chosen.select_option(label="Any or none")
    expect(rows).to_have_count(1)
    expect(chosen).to_be_hidden()


def test_a_members_dialog_shows_the_own_account_apart_from_the_managed_one(page: Page) -> None:
    page.get_by_role("button", name="Manage Member 001").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-text=managed-state]")).to_have_text("User disconnected")
    own = dialog.locator("#managed-own")
    expect(own).to_contain_text("Connected")
    expect(own).to_contain_text("It stands in place of the managed calendar")
    expect(own).to_contain_text("Since ")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Manage Member 003").click()
    expect(own).to_be_hidden()


def test_taking_the_right_away_says_beforehand_that_own_accounts_stay(page: Page, world: World) -> None:
    world.decisions.effect = effect(own_staying=2)
    page.get_by_text("Change the policy").click()
    page.get_by_label("Connect a personal Outlook").uncheck()
    expect(page.locator("#effect")).to_have_text(
        "2 members are still connected with an account of their own, until they disconnect it."
    )
    page.get_by_role("button", name="Save the policy").click()
    expect(page.locator("#policy-now")).to_contain_text("may not connect a personal Outlook")
    assert world.decisions.sent == [PolicyChange(members_may_connect_personal=False)]
