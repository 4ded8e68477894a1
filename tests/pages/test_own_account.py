"""A member's own account on their page: every state in words, with the buttons that help, for everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.errors import Forbidden, NotFound, Unavailable
from shared.model import ConnectionStatus, Detail, Policy
from tests.pages.api import World
from tests.pages.conftest import Open
from tests.pages.test_appearance import LUMINANCE, PHONE, nameless

S = ConnectionStatus
KEPT_OUT = Detail.OWN_CONNECTION
CONNECT = "POST /api/me/connections/outlook"
DISCONNECT = "DELETE /api/me/connections/personal"
LONG = "wolfeschlegelsteinhausenbergerdorff" * 2 + "@a-company-with-a-name-as-long-as-that.example"
AGAIN, LEAVE = "Sign in again", "Disconnect your own…"


def region(page: Page) -> Locator:
    """The part of the page that is about it."""
    own = page.get_by_role("region", name="Your own account")
    expect(own).to_be_visible()
    return own


def buttons(part: Locator) -> list[str]:
    return part.get_by_role("button").all_inner_texts()


def forbidden() -> Policy:
    return replace(Policy(), members_may_connect_personal=False)


STATES: dict[S | None, tuple[str, str, list[str]]] = {
    None: ("Not connected", "of any company or none", ["Connect your own Outlook"]),
    S.CONNECTING: ("Connecting", "being read for the first time", [LEAVE]),
    S.CONNECTED: ("Connected", "connected and up to date", [LEAVE]),
    S.RECONNECT_REQUIRED: ("Reconnect required", "Sign in again with the same account.", [AGAIN, LEAVE]),
    S.NO_MAILBOX: ("No mailbox", "sign in with the account your calendar belongs to", [AGAIN, LEAVE]),
    S.OUT_OF_SCOPE: ("Out of scope", "Sign in again, or with another account.", [AGAIN, LEAVE]),
    S.STALE: ("Stale", "could not be read lately", [AGAIN, LEAVE]),
}


@pytest.mark.parametrize(("state", "shown"), STATES.items(), ids=lambda one: getattr(one, "value", None))
def test_every_state_is_said_with_what_helps_on_a_phone_in_light_and_dark(
    open_home: Open, world: World, state: S | None, shown: tuple[str, str, list[str]]
) -> None:
    world.decisions.own, world.decisions.own_address = state, LONG
    page = open_home("user", viewport=PHONE)
    own, (word, text, offered) = region(page), shown
    expect(own.locator("[data-text=state]")).to_have_text(word)
    expect(own).to_contain_text(text)
    assert buttons(own) == offered
    assert own.get_by_text(f"Account: {LONG}").count() == (state is not None)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert nameless(page.locator("body")) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(LUMINANCE) == []


def test_where_the_policy_allows_none_and_there_is_none_nothing_is_offered(open_home: Open, world: World) -> None:
    world.decisions.policy = forbidden()
    page = open_home("user")
    expect(page.get_by_role("region", name="Connection", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Your own account")).to_be_hidden()
    expect(page.get_by_role("button", name="Connect your own Outlook")).to_be_hidden()


def test_where_the_policy_allows_no_more_the_one_that_is_there_stays_and_says_so(
    open_home: Open, world: World
) -> None:
    world.decisions.policy, world.decisions.own = forbidden(), S.RECONNECT_REQUIRED
    page = open_home("user")
    own = region(page)
    expect(own).to_contain_text("This one stays, and you may sign in with it again")
    assert buttons(own) == [AGAIN, LEAVE]
    own.get_by_role("button", name=LEAVE).click()
    expect(page.get_by_role("dialog")).to_contain_text("you cannot connect it again then")


def test_a_managed_calendar_that_is_kept_out_says_why_and_can_be_called_in(open_home: Open, world: World) -> None:
    world.decisions.own, world.decisions.state, world.decisions.detail = S.CONNECTED, S.USER_DISCONNECTED, KEPT_OUT
    page = open_home("user")
    managed = page.get_by_role("region", name="Connection", exact=True)
    expect(managed).to_contain_text("Not in use")
    expect(managed).to_contain_text("This one connects by itself when you disconnect that.")
    managed.get_by_role("button", name="Connect again").click()
    expect(managed).to_contain_text("Connecting")
    expect(region(page)).to_contain_text("connected and up to date")


@pytest.mark.parametrize(("state", "button"), [(None, "Connect your own Outlook"), (S.RECONNECT_REQUIRED, AGAIN)])
def test_by_keyboard_a_member_is_sent_to_microsoft(
    open_home: Open, world: World, state: S | None, button: str
) -> None:
    world.decisions.own = state
    page = open_home("user")
    region(page).get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/activated/now")
    assert world.asked.count(CONNECT) == 1


@pytest.mark.parametrize("problem", [Forbidden("Admins do not let you.", "policy"), Unavailable("Try again.")])
def test_a_sign_in_that_cannot_begin_is_said_where_the_button_is(
    open_home: Open, world: World, problem: Forbidden | Unavailable
) -> None:
    world.problems[CONNECT] = problem
    page = open_home("user")
    connect = region(page).get_by_role("button", name="Connect your own Outlook")
    connect.click()
    expect(region(page).get_by_role("status")).to_have_text(f"{problem.title}. {problem.detail}")
    expect(connect).to_be_focused()
    expect(page.locator("#notice")).to_be_hidden()


def test_disconnecting_asks_first_and_escape_keeps_it(open_home: Open, world: World) -> None:
    world.decisions.own = S.CONNECTED
    page = open_home("user")
    leave, dialog = region(page).get_by_role("button", name=LEAVE), page.get_by_role("dialog")
    leave.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_have_accessible_name("Disconnect your own account?")
    expect(dialog).to_contain_text("Our access to it and what was read of it are deleted.")
    expect(dialog.get_by_role("button", name="Keep it connected")).to_be_focused()
    page.keyboard.press("Escape")
    expect(leave).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(leave).to_be_focused()
    assert DISCONNECT not in world.asked


def test_a_disconnected_account_can_be_connected_again_and_the_managed_one_comes_back(
    open_home: Open, world: World
) -> None:
    world.decisions.own, world.decisions.state, world.decisions.detail = S.CONNECTED, S.USER_DISCONNECTED, KEPT_OUT
    page = open_home("user")
    disconnect(page)
    expect(region(page).get_by_role("status")).to_have_text("Your own account is disconnected.")
    expect(region(page).get_by_role("button", name="Connect your own Outlook")).to_be_focused()
    expect(page.get_by_role("region", name="Connection", exact=True)).to_contain_text("Connecting")
    assert world.asked.count(DISCONNECT) == 1


def disconnect(page: Page) -> None:
    region(page).get_by_role("button", name=LEAVE).click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect", exact=True).click()


def test_where_no_new_one_is_allowed_a_disconnected_account_is_still_said_to_be(
    open_home: Open, world: World
) -> None:
    """Its part of the page goes; what was done is said, and reading goes on, in the part above."""
    world.decisions.policy, world.decisions.own = forbidden(), S.CONNECTED
    page = open_home("user")
    disconnect(page)
    expect(page.get_by_role("region", name="Your own account")).to_be_hidden()
    managed = page.get_by_role("region", name="Connection", exact=True)
    expect(managed.get_by_role("status")).to_have_text("Your own account is disconnected.")
    expect(managed.get_by_role("heading", name="Connection")).to_be_focused()


def test_a_disconnection_that_fails_is_said_where_the_button_is(open_home: Open, world: World) -> None:
    world.decisions.own = S.CONNECTED
    world.problems[DISCONNECT] = NotFound("There is no such connection.")
    page = open_home("user")
    disconnect(page)
    expect(region(page).get_by_role("status")).to_have_text("Not found. There is no such connection.")
    expect(region(page).get_by_role("button", name=LEAVE)).to_be_focused()
    expect(region(page)).to_contain_text("connected and up to date")


def test_an_account_that_is_being_read_is_looked_at_again_by_itself(open_home: Open, world: World) -> None:
    world.decisions.own = S.CONNECTING
    page = open_home("user")
    expect(region(page)).to_contain_text("being read for the first time")
    world.decisions.own = S.CONNECTED
    expect(region(page)).to_contain_text("connected and up to date")


def test_hostile_names_of_accounts_are_text(open_home: Open, world: World) -> None:
    world.decisions.own, world.decisions.own_address = S.CONNECTED, "<img src=x onerror=alert(1)>@x.example"
    own = region(open_home("user"))
    expect(own).to_contain_text("Account: <img src=x onerror=alert(1)>@x.example")
    assert own.locator("img").count() == 0
