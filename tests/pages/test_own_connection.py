from __future__ import annotations

from dataclasses import replace

from playwright.sync_api import expect

from shared.contract.me import BusyChoice
from shared.errors import Forbidden
from shared.model import BusyStatus, ConnectionStatus, Policy
from tests.pages.api import World
from tests.pages.conftest import Open

DISCONNECT = "DELETE /api/me/connections/managed"


def test_a_member_disconnects_after_confirmation_and_connects_again(open_home: Open, world: World) -> None:
    page = open_home("user")
    mine, dialog = page.get_by_role("region", name="Connection"), page.get_by_role("dialog")
    expect(mine).to_contain_text("The Outlook calendar is connected and up to date.")
    for answer in ("Keep it connected", "Disconnect"):
        mine.get_by_role("button", name="Disconnect…").click()
        expect(dialog).to_contain_text("What was read of it is deleted")
        dialog.get_by_role("button", name=answer, exact=True).click()
        if answer == "Keep it connected":
            expect(mine.get_by_role("button", name="Disconnect…")).to_be_focused()
            assert DISCONNECT not in world.asked
    expect(mine).to_contain_text("You disconnected your calendar.")
    expect(mine.get_by_role("button", name="Connect again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(mine).to_contain_text("Connecting")
    world.decisions.state = ConnectionStatus.CONNECTED
    expect(mine).to_contain_text("is connected and up to date")


def test_a_member_reads_why_they_may_neither_leave_nor_come_back(open_home: Open, world: World) -> None:
    world.decisions.state = ConnectionStatus.EXCLUDED
    world.decisions.why_not = "Your organization's admins do not include you."
    mine = open_home("user").get_by_role("region", name="Connection")
    expect(mine).to_contain_text("Your organization's admins do not include you.")
    expect(mine.get_by_role("button")).to_have_count(0)


def test_a_refusal_is_said_where_the_button_is(open_home: Open, world: World) -> None:
    page = open_home("user")
    said = "Your organization's admins do not let members disconnect their calendar."
    page.get_by_role("button", name="Disconnect…").click()
    world.problems[DISCONNECT] = Forbidden(said, "policy")
    page.get_by_role("dialog").get_by_role("button", name="Disconnect", exact=True).click()
    expect(page.locator("#my-said")).to_have_text(f"Not allowed. {said}")


def test_what_counts_as_busy_is_only_told_where_the_organization_decides(open_home: Open, world: World) -> None:
    world.decisions.policy = replace(Policy(), busy_statuses=(BusyStatus.BUSY, BusyStatus.OOF))
    busy = open_home("user").get_by_role("region", name="What counts as busy")
    expect(busy).to_contain_text("For you: busy and away.")
    expect(busy).to_contain_text("Your organization's admins decide that.")
    expect(busy.get_by_role("checkbox")).to_have_count(0)


def test_a_member_chooses_what_counts_as_busy_and_goes_back(open_home: Open, world: World) -> None:
    world.decisions.policy = replace(Policy(), members_may_choose_busy=True)
    page = open_home("user")
    busy = page.get_by_role("region", name="What counts as busy")
    expect(busy.get_by_role("button", name="Save")).to_be_disabled()
    busy.get_by_label("Tentative").uncheck()
    expect(busy).to_contain_text("Not saved yet.")
    busy.get_by_role("button", name="Save").click()
    expect(busy).to_contain_text("Saved.")
    counted = [status for status in BusyStatus if status is not BusyStatus.TENTATIVE]
    busy.get_by_role("button", name="As the organization says").click()
    expect(busy).to_contain_text("For you: everything that is not shown as free.")
    expect(busy.get_by_label("Tentative")).to_be_checked()
    assert world.decisions.sent == [BusyChoice(counted), BusyChoice(None)]


def test_what_a_member_chose_but_has_not_saved_survives_a_refresh(open_home: Open, world: World) -> None:
    world.decisions.policy = replace(Policy(), members_may_choose_busy=True)
    world.decisions.state = ConnectionStatus.CONNECTING
    page = open_home("user")
    busy = page.get_by_role("region", name="What counts as busy")
    busy.get_by_label("Tentative").uncheck()
    world.decisions.state = ConnectionStatus.CONNECTED
    expect(page.get_by_role("region", name="Connection")).to_contain_text("connected and up to date")
    expect(busy.get_by_label("Tentative")).not_to_be_checked()
    expect(busy.get_by_role("button", name="Save")).to_be_enabled()
