"""The whole way in a real browser: the member's page, the simulated Microsoft's own pages, and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import chromium
from tests.scenarios.company import Company
from tests.scenarios.own_account import KINDS, Person, new_account

pytestmark = pytest.mark.usefixtures("nothing_in_clear")

PATIENCE = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(PATIENCE) as running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_connects_and_disconnects_on_the_page(company: Company, browser: Browser, kind: str) -> None:
    company.join("ann", f"ann@{company.domain}")
    ann, account = Person(company), new_account(company, kind)
    ann.meet(account)
    page = browser.new_page(ignore_https_errors=True)
    page.goto(f"{company.stack.url}/#token={company.token('user', 'ann')}")
    own = page.get_by_role("region", name="Your own account")
    own.get_by_role("button", name="Connect your own Outlook").click()
    page.get_by_label("Use another account").fill(account.upn)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Your Outlook calendar is connected")).to_be_visible()
    page.get_by_role("link", name="Back to your Outlook connection").click()
    expect(own).to_contain_text("Your own Outlook calendar is connected and up to date.")
    expect(own).to_contain_text(account.upn)
    company.microsoft.add_calendar(account.tenant, account.upn, "Sport")
    own.get_by_text("Calendars", exact=True).click()
    own.get_by_role("checkbox", name="Sport").check()
    own.get_by_role("button", name="Save").click()
    expect(own).to_contain_text("Saved. What you added is read first")
    listed = ann.client.call("GET", "/api/me/connections/personal/calendars").json()["calendars"]
    assert {one["name"] for one in listed if one["is_checked"]} == {one["name"] for one in listed}
    expect(page.locator("#freshness")).to_contain_text("Up to date")
    managed = page.get_by_role("region", name="Connection", exact=True)
    expect(managed).to_contain_text("Your own account is connected instead")
    own.get_by_role("button", name="Disconnect your own…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect", exact=True).click()
    expect(own.get_by_role("button", name="Connect your own Outlook")).to_be_focused()
    assert ann.own() is None
    page.close()


def test_whoever_declines_reads_what_to_do(company: Company, browser: Browser) -> None:
    company.join("ann", f"ann@{company.domain}")
    page = browser.new_page(ignore_https_errors=True)
    page.goto(f"{company.stack.url}/#token={company.token('user', 'ann')}")
    page.get_by_role("button", name="Connect your own Outlook").click()
    page.get_by_role("button", name="Cancel").first.click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
    page.get_by_role("link", name="Back to your Outlook connection").click()
    expect(page.get_by_role("region", name="Your own account")).to_contain_text("Not connected")
    page.close()
