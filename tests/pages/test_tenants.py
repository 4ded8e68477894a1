from __future__ import annotations

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from shared.contract.tenants import DisconnectPreview
from shared.errors import Unavailable
from shared.model import ConnectionStatus, TenantStatus
from tests.pages.api import NOW, TENANT, World, member, tenant
from tests.pages.conftest import Open

DELETE = f"DELETE /api/outlook/tenants/{TENANT}"
PREVIEW = f"GET /api/outlook/tenants/{TENANT}/disconnect-preview"


@pytest.fixture
def page(open_home: Open, world: World) -> Page:
    world.tenants = [
        replace(tenant(TenantStatus.CONNECTED), in_scope=11, out_of_scope=1, scope_counted_at=NOW),
    ]
    return open_home(permissions=["clipboard-read", "clipboard-write"])


def test_a_tenant_is_looked_at_again(page: Page, world: World) -> None:
    page.get_by_role("button", name="Look at contoso.com again now").click()
    expect(page.get_by_text("Asked for. It happens within a minute.")).to_be_visible()
    assert f"POST /api/outlook/tenants/{TENANT}/resync" in world.asked


def test_how_many_mailboxes_are_in_scope_is_said_with_its_time(page: Page) -> None:
    counted = "11 members' mailboxes are within the app's scope, 1 outside. Counted "
    expect(page.get_by_text(f"{counted}{NOW:%H:%M}")).to_be_visible()


def test_a_tenant_is_disconnected_with_the_keyboard_alone(page: Page, world: World) -> None:
    page.get_by_role("button", name="Look at contoso.com again now").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Disconnect contoso.com?")
    expect(dialog.get_by_role("button", name="Keep it connected")).to_be_focused()
    for words in (
        "11 members were found",
        "10 members lose their calendar",
        "1 member is looked for in another tenant",
        "The app stays listed",
        "Remove-MgServicePrincipal",
    ):
        expect(dialog).to_contain_text(words)
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Disconnect contoso.com")).to_be_focused()
    page.keyboard.press("Enter")
    row = page.locator("#tenants > li")
    expect(row).to_contain_text("Disconnecting")
    expect(row.get_by_role("button")).to_have_count(0)
    expect(dialog).to_be_hidden()
    expect(page.locator("#tenants-title")).to_be_focused()
    world.tenants = []
    expect(row).to_have_count(0)


def test_a_tenant_stays_connected_when_the_dialog_is_left(page: Page, world: World) -> None:
    opener = page.get_by_role("button", name="Disconnect contoso.com…")
    opener.click()
    expect(page.get_by_role("dialog")).to_contain_text("10 members lose")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    assert DELETE not in world.asked


def test_nobody_disconnects_without_knowing_what_it_means(page: Page, world: World) -> None:
    world.problems[PREVIEW] = Unavailable("Try again in a moment.")
    page.get_by_role("button", name="Disconnect contoso.com…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("status")).to_have_text("Not available right now. Try again in a moment.")
    expect(dialog.get_by_role("button", name="Disconnect contoso.com")).to_be_disabled()
    dialog.get_by_role("button", name="Disconnect contoso.com").click(force=True)
    assert DELETE not in world.asked


def test_a_tenant_without_members_is_said_to_be_so(page: Page, world: World) -> None:
    world.decisions.meaning = DisconnectPreview(0, 0, 0, ["Nothing stays."], "Remove it")
    page.get_by_role("button", name="Disconnect contoso.com…").click()
    expect(page.get_by_role("dialog")).to_contain_text("No member was found in this tenant.")
    expect(page.get_by_role("dialog")).to_contain_text("Nothing stays.")


def test_commands_that_limit_the_app_are_copied(page: Page, world: World) -> None:
    assert "GET /api/outlook/mailbox-scope" not in world.asked
    page.get_by_text("Limit the app to a group of mailboxes").click()
    steps = page.locator("#scope-steps > li")
    expect(steps).to_have_count(7)
    page.get_by_role("button", name="Copy the commands of step 1").click()
    expect(page.locator("#scope-said")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r\n", "\n") == steps.first.locator("pre").inner_text()
    page.get_by_role("button", name="Copy all commands").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('# 1.'))")


def test_other_tenants_in_which_a_member_was_seen_are_named(page: Page, world: World) -> None:
    world.members = [member(1, ConnectionStatus.CONNECTED, also_found_in=(TENANT,))]
    page.get_by_label("Search", exact=True).fill(" ")
    expect(page.locator("#members > li")).to_contain_text("Also found in contoso.com.")
