"""The API's page: without a script, by keyboard, from the list to the call."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.pages.conftest import Open


def test_it_needs_no_script(open_page: Open) -> None:
    page = open_page("/docs", java_script_enabled=False)
    call = page.get_by_role("region", name="Add or change one member.").first
    expect(call).to_contain_text("PUT /api/members/{member}")
    expect(call).to_contain_text("For: The platform's backend.")
    expect(call.get_by_role("region", name="With curl")).to_contain_text('curl -X PUT "$URL/api/members/alice"')
    expect(call).to_contain_text(
        "time_zone text, at most 64 characters or null, optional IANA name, e.g. Europe/Berlin."
    )
    page.get_by_role("link", name="Add or change one member").click()
    assert page.url.endswith("#put_member")


def test_problems_are_told_when_asked_for(open_page: Open) -> None:
    call = open_page("/docs").get_by_role("region", name="Make a link for the Microsoft admin.").first
    problem = call.get_by_text("not-entitled", exact=True)
    expect(problem).to_be_hidden()
    call.get_by_text("When it is not done: 400, 401, 403, 413, 503").click()
    expect(problem).to_be_visible()


def test_every_link_on_it_leads_to_one_place(open_page: Open) -> None:
    page = open_page("/docs")
    targets = page.locator("a[href^='#']").evaluate_all("links => links.map((link) => link.hash.slice(1))")
    ids = page.locator("[id]").evaluate_all("elements => elements.map((element) => element.id)")
    assert len(targets) > 40
    assert set(targets) <= set(ids)
    assert len(ids) == len(set(ids))


def test_the_list_of_calls_can_be_skipped_by_keyboard(open_page: Open) -> None:
    page = open_page("/docs")
    for _ in range(2):
        page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip the list of calls")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#calls")).to_be_focused()
