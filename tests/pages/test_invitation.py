from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.api import World
from tests.pages.conftest import Open


def test_opening_an_invitation_sends_nothing(open_page: Open, world: World) -> None:
    page = open_page("/activate/contoso~0123~secret")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect Outlook for Contoso Consulting")
    assert world.posted == []


def test_an_invitation_is_accepted_by_keyboard_with_visible_focus(open_page: Open, world: World) -> None:
    page = open_page("/activate/contoso~0123~secret")
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Sign in with Microsoft")
    expect(button).to_be_focused()
    assert button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Microsoft 365 is connected")
    assert world.posted == ["/activate/contoso~0123~secret"]


def test_an_invitation_works_without_javascript(open_page: Open, world: World) -> None:
    page = open_page("/activate/contoso~0123~secret", java_script_enabled=False)
    page.get_by_role("button", name="Sign in with Microsoft").click()
    expect(page.get_by_text("may close this page")).to_be_visible()
    assert len(world.posted) == 1
