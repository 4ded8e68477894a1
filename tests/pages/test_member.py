from __future__ import annotations

import pytest
from playwright.sync_api import expect

from shared.model import ConnectionStatus
from tests.pages.api import World, block
from tests.pages.conftest import Open


def test_a_member_sees_their_own_busy_times_and_nothing_of_the_admins(open_home: Open, world: World) -> None:
    world.busy = [block(0, 9, 1.5), block(1, 22, 4, "oof"), block(4, 0, 24, "workingElsewhere")]
    page = open_home("user", claims={"sub": "bob@contoso"})
    days = page.locator("#days > section")
    expect(days).to_have_count(7)
    expect(days.nth(0)).to_contain_text("09:00\u201310:30Busy")
    expect(days.nth(1)).to_contain_text("from 22:00Away")
    expect(days.nth(2)).to_contain_text("until 02:00Away")
    expect(days.nth(3)).to_contain_text("Nothing that counts as busy")
    expect(days.nth(4)).to_contain_text("All dayWorking elsewhere")
    assert set(world.asked) == {"GET /api/members/bob@contoso/busy", "GET /api/me/connections"}
    expect(page.get_by_role("heading", name="Members")).to_be_hidden()


def test_events_of_one_time_in_several_calendars_are_one_line_however_often_it_is_shown(
    open_home: Open, world: World
) -> None:
    world.busy, world.decisions.state = [block(1, 9, 1), block(1, 9, 1)], ConnectionStatus.CONNECTING
    page = open_home("user")
    world.decisions.state = ConnectionStatus.CONNECTED
    expect(page.get_by_role("region", name="Connection", exact=True)).to_contain_text("connected and up to date")
    expect(page.locator("#days > section").nth(1).get_by_text("09:00\u201310:00")).to_have_count(1)


def test_times_are_the_browsers(open_home: Open, world: World) -> None:
    world.busy = [block(2, 9, 1)]
    page = open_home("user", timezone_id="Asia/Kolkata")
    expect(page.locator("#days")).to_contain_text("14:30\u201315:30")
    expect(page.get_by_text("Times are in Asia/")).to_be_visible()


@pytest.mark.parametrize(
    ("freshness", "words"),
    [
        ("fresh", "Up to date. Outlook was read"),
        ("stale", "Outlook could not be read lately."),
        ("unknown", "Not all of your calendar is known"),
    ],
)
def test_how_far_the_times_can_be_believed_is_said_in_words(
    open_home: Open, world: World, freshness: str, words: str
) -> None:
    world.freshness = freshness
    world.busy = [block(0, 0, 24 * 8, "unknown")] if freshness == "unknown" else []
    page = open_home("user")
    expect(page.locator("#freshness")).to_contain_text(words)
    if freshness == "unknown":
        expect(page.locator("#days > section").first).to_contain_text("All dayNot known to be free")
