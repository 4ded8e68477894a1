"""A member's calendars on their page: which are checked for conflicts, and where bookings go."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec import structs
from playwright.sync_api import Locator, Page, expect

from shared.contract.me import BookingConnection, CalendarSelection
from shared.errors import CallerError, Conflict, Forbidden, InvalidInput, Unavailable
from shared.model import MANAGED, PERSONAL, ConnectionStatus, Detail
from shared.selected_calendars import MOST_CHECKED, STAYS_CHECKED
from tests.pages.api import World
from tests.pages.calendars import calendar, usual
from tests.pages.conftest import Open

S = ConnectionStatus
LIST = "GET /api/me/connections/managed/calendars"
SELECT = "PUT /api/me/connections/managed/calendars"
RECEIVE = "PUT /api/me/booking-connection"
UNREADABLE = "Cannot be read since 25 Nov 2026, 09:00. Its last known times count."
PARTS = {MANAGED: "Connection", PERSONAL: "Your own account"}


@pytest.fixture
def world(world: World) -> World:
    """Somebody with two calendars of their own and one of a colleague's."""
    team = calendar("Team", is_shared=True, is_read_only=True, owner="Robin")
    world.decisions.calendars.listed[MANAGED] = [usual(), calendar("Work"), team]
    return world


def part_of(page: Page, connection: str = MANAGED) -> Locator:
    return page.get_by_role("region", name=PARTS[connection], exact=True)


def opened(page: Page, connection: str = MANAGED) -> Locator:
    """The part of the page about a connection, with its calendars."""
    part = part_of(page, connection)
    part.locator("summary").click()
    return part


def box(part: Locator, name: str) -> Locator:
    return part.get_by_role("checkbox", name=name)


def choices(page: Page) -> Locator:
    return page.get_by_role("region", name="Your bookings go to")


def refresh(page: Page, world: World) -> None:
    """As when somebody comes back to the tab; shown once all of it is."""
    world.freshness = "stale" if world.freshness == "fresh" else "fresh"
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#freshness")).to_contain_text("lately" if world.freshness == "stale" else "Up to date")


def test_calendars_are_listed_when_they_are_looked_at_and_not_with_every_refresh(
    open_home: Open, world: World
) -> None:
    page = open_home("user")
    expect(part_of(page)).to_contain_text("Calendars")
    assert LIST not in world.asked
    part = opened(page)
    expect(box(part, "Calendar")).to_be_checked()
    expect(box(part, "Work")).not_to_be_checked()
    refresh(page, world)
    assert world.asked.count(LIST) == 1
    part.locator("summary").click()
    world.decisions.calendars.listed[MANAGED].append(calendar("New"))
    part.locator("summary").click()
    expect(box(part, "New")).to_be_visible()
    assert world.asked.count(LIST) == 2


def test_what_is_particular_about_a_calendar_is_said_in_words(open_home: Open, world: World) -> None:
    since = datetime(2026, 11, 25, 9, tzinfo=UTC)
    shared = {"is_shared": True, "owner": "<b>Robin</b>"}
    world.decisions.calendars.listed[MANAGED] += [
        calendar("Holidays", is_read_only=True),
        calendar("<img src=x>", is_checked=True, unreadable_since=since, **shared),
        calendar("", is_shared=True, owner=""),
    ]
    part = opened(open_home("user"))
    expect(part.locator("[data-list] > label")).to_have_text(
        [
            "CalendarDefault · always checked, as the one for bookings",
            "Work",
            "TeamShared by \u2068Robin\u2069 · read-only",
            "HolidaysRead-only",
            f"<img src=x>Shared by \u2068<b>Robin</b>\u2069 {UNREADABLE}",
            "Without a nameShared",
        ]
    )
    expect(part).to_contain_text("Changes in calendars that others share show within ten minutes.")
    assert part.locator("bdi").first.inner_text() == "Calendar"
    assert part.locator("img").count() == 0


def test_the_calendar_that_takes_bookings_is_always_checked(open_home: Open, world: World) -> None:
    part = opened(open_home("user"))
    bookings = part.get_by_label("Bookings go to")
    expect(bookings).to_have_accessible_description("Only calendars of your own can take bookings.")
    expect(bookings.get_by_role("option")).to_have_text(["Calendar", "Work"])
    expect(box(part, "Calendar")).to_be_disabled()
    expect(box(part, "Calendar")).to_have_accessible_name(
        "Calendar Default · always checked, as the one for bookings"
    )
    bookings.select_option("Work")
    expect(box(part, "Work")).to_be_checked()
    expect(box(part, "Work")).to_be_disabled()
    expect(box(part, "Calendar")).to_be_enabled()
    expect(part).to_contain_text("Not saved yet.")
    bookings.select_option("Calendar")
    expect(box(part, "Work")).not_to_be_checked()
    expect(part).not_to_contain_text("Not saved yet.")
    expect(part.get_by_role("button", name="Save")).to_be_disabled()


def test_by_keyboard_exactly_what_was_chosen_is_saved(open_home: Open, world: World) -> None:
    page = open_home("user")
    part, keys = part_of(page), page.keyboard
    part.locator("summary").focus()
    keys.press("Enter")
    expect(box(part, "Work")).to_be_visible()
    for key in ("Tab", "Tab", "Space", "Tab"):
        keys.press(key)
    expect(part.get_by_label("Bookings go to")).to_be_focused()
    for key in ("W", "Tab"):
        keys.press(key)
    world.freshness = "unknown"
    keys.press("Enter")
    expect(part).to_contain_text("Saved. What you added is read first; that takes a moment.")
    expect(part.get_by_role("button", name="Save")).to_be_focused()
    expect(part.get_by_role("button", name="Save")).to_be_disabled()
    sent = CalendarSelection(["Calendar", "Work", "Team"], "Work")
    assert world.decisions.calendars.sent == [(MANAGED, sent)]
    expect(page.locator("#freshness")).to_contain_text("Not all of your calendar is known")
    world.freshness = "fresh"
    expect(page.locator("#freshness")).to_contain_text("Up to date")
    box(part, "Team").uncheck()
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_text("Saved.", exact=True)).to_be_visible()


def test_what_is_not_saved_yet_stays_and_the_rest_follows(open_home: Open, world: World) -> None:
    part = opened(page := open_home("user"))
    box(part, "Team").check()
    refresh(page, world)
    expect(box(part, "Team")).to_be_checked()
    default, work, team = world.decisions.calendars.listed[MANAGED]
    world.decisions.calendars.listed[MANAGED] = [
        structs.replace(default, takes_bookings=False),
        structs.replace(team, name="The team"),
        structs.replace(work, is_checked=True, takes_bookings=True),
    ]
    for _ in range(2):
        part.locator("summary").click()
    expect(box(part, "The team")).to_be_checked()
    expect(part.get_by_label("Bookings go to")).to_have_value("Work")
    expect(part).to_contain_text("Not saved yet.")


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Forbidden(STAYS_CHECKED, "policy"), f"Not allowed. {STAYS_CHECKED}"),
        (
            InvalidInput("This account has no such calendar.", field="checked"),
            "Not saved. Your calendars have changed in Outlook; look at them again.",
        ),
    ],
)
def test_a_refusal_is_said_where_the_button_is(
    open_home: Open, world: World, problem: CallerError, said: str
) -> None:
    part = opened(page := open_home("user"))
    part.get_by_label("Bookings go to").select_option("Work")
    box(part, "Calendar").uncheck()
    world.problems[SELECT] = problem
    world.decisions.calendars.listed[MANAGED].pop()
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_text(said, exact=True)).to_be_visible()
    expect(box(part, "Calendar")).not_to_be_checked()
    expect(box(part, "Team")).to_have_count(0 if isinstance(problem, InvalidInput) else 1)
    expect(part.get_by_role("button", name="Save")).to_be_focused()
    expect(part.get_by_role("button", name="Save")).to_be_enabled()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_where_microsoft_does_not_answer_it_can_be_tried_again(open_home: Open, world: World) -> None:
    world.problems[LIST] = Unavailable("Try again in a moment.")
    part = opened(page := open_home("user"))
    expect(part).to_contain_text(
        "Your calendars could not be listed. Not available right now. Try again in a moment."
    )
    retry = part.get_by_role("button", name="Try again")
    retry.focus()
    world.problems[LIST] = Conflict("Microsoft 365 no longer lets the app in.")
    page.keyboard.press("Enter")
    expect(part).to_contain_text("Microsoft 365 no longer lets the app in.")
    expect(retry).to_be_focused()
    world.problems.clear()
    page.keyboard.press("Enter")
    expect(box(part, "Work")).to_be_focused()
    expect(retry).to_be_hidden()
    expect(part).not_to_contain_text("could not be listed")


def test_no_more_can_be_checked_than_the_service_takes(open_home: Open, world: World) -> None:
    many = [calendar(f"Number {number}", is_checked=True) for number in range(1, MOST_CHECKED)]
    world.decisions.calendars.listed[MANAGED] = [usual(), *many, calendar("Another")]
    part = opened(open_home("user"))
    box(part, "Another").check()
    expect(part).to_contain_text(f"At most {MOST_CHECKED} calendars can be checked.")
    expect(part.get_by_role("button", name="Save")).to_be_disabled()
    box(part, "Number 9").uncheck()
    expect(part.get_by_role("button", name="Save")).to_be_enabled()


def test_where_no_calendar_is_read_there_is_none_to_choose(open_home: Open, world: World) -> None:
    decisions = world.decisions
    decisions.own = S.CONNECTED
    page = open_home("user")
    for connection in PARTS:
        expect(part_of(page, connection).locator("summary")).to_be_visible()
    expect(choices(page)).to_be_visible()
    decisions.state, decisions.own = S.NOT_MATCHED, S.RECONNECT_REQUIRED
    refresh(page, world)
    for connection in PARTS:
        expect(part_of(page, connection).locator("summary")).to_be_hidden()
    expect(choices(page)).to_be_hidden()
    decisions.state, decisions.receives = S.STALE, PERSONAL
    refresh(page, world)
    expect(part_of(page).locator("summary")).to_be_visible()
    expect(choices(page)).to_contain_text("Your own account · Reconnect required")


def test_the_calendars_of_the_own_account_are_chosen_in_the_same_way(open_home: Open, world: World) -> None:
    world.decisions.own = S.CONNECTED
    world.decisions.calendars.listed[PERSONAL].append(calendar("Sport"))
    part = opened(open_home("user"), PERSONAL)
    expect(part).to_contain_text("At present they go to your other account.")
    box(part, "Sport").check()
    part.get_by_role("button", name="Save").click()
    expect(part).to_contain_text("Saved.")
    assert world.decisions.calendars.sent == [(PERSONAL, CalendarSelection(["Kalender", "Sport"], "Kalender"))]


def test_of_two_connections_one_takes_the_bookings(open_home: Open, world: World) -> None:
    world.decisions.own = S.CONNECTED
    page = open_home("user")
    managed, own = (choices(page).get_by_role("radio", name=name) for name in ("bob@contoso.com", "freelance"))
    said = choices(page).get_by_role("status")
    expect(managed).to_be_checked()
    managed.focus()
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(
        "Saved. New bookings go to bob@freelance.example; those made before stay where they are."
    )
    expect(own).to_be_checked()
    expect(own).to_be_focused()
    world.problems[RECEIVE] = Conflict("No calendar is connected there.")
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("Not possible in the present state. No calendar is connected there.")
    expect(own).to_be_checked()
    expect(own).to_be_focused()
    world.problems.clear()
    page.keyboard.press("ArrowUp")
    expect(said).to_contain_text("New bookings go to bob@contoso.com")
    assert world.decisions.sent == [BookingConnection(PERSONAL), BookingConnection(MANAGED)]


def test_a_calendar_that_cannot_be_read_is_said_with_what_to_do(open_home: Open, world: World) -> None:
    decisions = world.decisions
    decisions.own, decisions.detail, decisions.own_detail = S.CONNECTED, *[Detail.CALENDAR_UNREADABLE] * 2
    page = open_home("user")
    for connection in PARTS:
        expect(part_of(page, connection)).to_contain_text("one that is shared with you cannot be read.")
        expect(part_of(page, connection)).to_contain_text("or uncheck it under Calendars.")
