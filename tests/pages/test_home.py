from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from shared.errors import Forbidden, InvalidInput, Unauthenticated
from shared.model import ConnectionStatus, TenantStatus
from tests.pages.api import NOW, TENANT, World, entry, link_answer, member, tenant, token
from tests.pages.conftest import Open

CONNECTED, CONNECTING, NOT_MATCHED = (
    ConnectionStatus.CONNECTED, ConnectionStatus.CONNECTING, ConnectionStatus.NOT_MATCHED,
)  # fmt: skip


def heading(page: Page) -> str:
    title = page.get_by_role("heading", level=1).filter(visible=True)
    expect(title).to_be_visible()
    return title.inner_text()


def make_link(page: Page, domains: str = "") -> str:
    page.get_by_label("Expected domains").fill(domains)
    page.get_by_role("button", name="Make a link").click()
    made = page.get_by_label("Link", exact=True)
    expect(made).to_be_visible()
    return made.input_value()


def test_without_a_token_it_offers_the_platforms_sign_in_and_asks_nothing(open_page: Open, world: World) -> None:
    page = open_page("/")
    assert heading(page) == "You are not signed in"
    expect(page.get_by_role("link", name="Go to sign-in")).to_have_attribute(
        "href", "https://platform.example.com/login"
    )
    assert world.asked == []


@pytest.mark.parametrize("given", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.bnVsbA.x"])
def test_what_is_no_token_is_as_good_as_none(open_page: Open, given: str) -> None:
    assert heading(open_page(f"/#token={given}")) == "You are not signed in"


def test_the_token_leaves_the_address_bar_and_survives_a_reload(open_home: Open) -> None:
    page = open_home()
    assert heading(page) == "Outlook for Contoso Consulting"
    assert "token" not in page.url
    assert "token" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    assert heading(page) == "Outlook for Contoso Consulting"


def test_signing_out_forgets_the_token(open_home: Open) -> None:
    page = open_home()
    page.get_by_role("button", name="Sign out").click()
    assert heading(page) == "You are signed out"
    page.reload()
    assert heading(page) == "You are not signed in"


def test_an_expired_token_leads_back_to_sign_in(open_page: Open, world: World) -> None:
    page = open_page(f"/#token={token(expires_in=timedelta(minutes=-1))}")
    assert heading(page) == "Your sign-in has expired"
    assert world.asked == []


def test_a_token_that_the_service_refuses_leads_back_to_sign_in(open_home: Open, world: World) -> None:
    world.problem = Unauthenticated("The token is not valid for this service.")
    assert heading(open_home()) == "Your sign-in has expired"


def test_a_problem_is_shown_in_words(open_home: Open, world: World) -> None:
    world.problem = Forbidden("The organization's plan does not include this.")
    expect(open_home().get_by_role("alert")).to_contain_text(
        "Not allowed. The organization's plan does not include this."
    )


def test_a_hostile_organisation_name_stays_text(open_home: Open) -> None:
    name = "<img src=x onerror=alert(1)> & Söhne 会社"
    assert heading(open_home(claims={"org_name": name})) == f"Outlook for {name}"


def test_an_admin_makes_a_link_and_copies_it(open_home: Open) -> None:
    page = open_home(permissions=["clipboard-read", "clipboard-write"])
    url = make_link(page, "contoso.com, contoso.nl")
    assert re.search(r"/activate/contoso~link0~", url)
    expect(page.get_by_role("button", name="Copy the link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == url
    expect(page.get_by_role("list", name="Links")).to_contain_text("contoso.com, contoso.nl")


def test_the_message_is_copied_as_it_is(open_home: Open) -> None:
    page = open_home(permissions=["clipboard-read", "clipboard-write"])
    url = make_link(page)
    body = page.get_by_label("Message, with the link").input_value()
    assert url in body
    for name, words in (("message", body), ("subject", page.get_by_label("Subject of a message").input_value())):
        page.get_by_role("button", name=f"Copy the {name}").click()
        expect(page.locator("#copied")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n") == words


def test_a_link_is_shown_only_once(open_home: Open) -> None:
    page = open_home()
    url = make_link(page)
    page.reload()
    expect(page.get_by_role("list", name="Links").get_by_text("Not opened yet")).to_be_visible()
    assert url not in page.content()
    expect(page.get_by_label("Link", exact=True)).to_be_hidden()


def test_a_link_that_is_used_up_is_not_shown_any_more(open_home: Open, world: World) -> None:
    world.members = [member(1, CONNECTING)]
    page = open_home()
    make_link(page)
    world.links = [link_answer("link0", "connected")]
    expect(page.get_by_label("Link", exact=True)).to_be_hidden()


def test_a_wrong_domain_is_explained_with_its_field_until_closed(open_home: Open) -> None:
    page = open_home()
    page.get_by_label("Expected domains").fill("contoso_com!")
    page.get_by_role("button", name="Make a link").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The request is not valid.")
    expect(alert).to_contain_text("Field: expected domains")
    alert.get_by_role("button", name="Close").click()
    expect(alert).to_be_hidden()


def test_a_link_is_revoked_only_after_confirmation(open_home: Open, world: World) -> None:
    world.links = [link_answer("old")]
    page = open_home()
    links = page.get_by_role("list", name="Links")
    for answer in ("Keep it", "Revoke"):
        links.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name=answer).click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        if answer == "Keep it":
            assert not any(asked.startswith("DELETE") for asked in world.asked)
    expect(links).to_contain_text("Revoked")
    expect(links.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "CreatedNot opened yet. Send it to"),
        ({"opened_at": NOW}, "OpenedOpened (by a person or a mail scanner)"),
        ({"step": "refused", "reason": "role_missing"}, "RefusedSigned in without the right role"),
        ({"step": "refused", "reason": "role_missing", "refused_tenant_id": TENANT}, f"of the tenant {TENANT}"),
        ({"step": "refused", "reason": "reason_of_tomorrow"}, "RefusedThe last attempt was refused"),
        ({"step": "approving", "expires_at": NOW}, "ExpiredExpired. How far it came: an admin who may approve"),
        ({"step": "connected"}, "ConnectedUsed: the tenant is connected"),
    ],
)
def test_how_far_a_link_came_is_said_in_words(open_home: Open, world: World, changes: dict, words: str) -> None:
    world.links = [link_answer("old", **changes)]
    shown = re.sub(r"\s+", " ", open_home().locator("#links > li").inner_text())
    assert words.replace(" ", "") in shown.replace(" ", "")


def test_what_happened_is_listed_while_it_is_looked_at(open_home: Open, world: World) -> None:
    world.entries = [entry(1), entry(5, "activation_link.refused", "role_missing")]
    page = open_home()
    expect(page.locator("#tenants-title")).to_be_visible()
    assert "GET /api/outlook/audit" not in world.asked
    page.get_by_text("Show the latest entries").click()
    rows = page.get_by_role("list", name="Who did what").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("alice was refused at the activation link id5: role missing.")


def test_all_that_happened_is_downloaded(open_home: Open, world: World) -> None:
    world.entries = [entry(1)]
    page = open_home()
    page.get_by_text("Show the latest entries").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download all as CSV").click()
    assert started.value.suggested_filename == "audit.csv"
    assert "alice made the activation link id1." in started.value.path().read_text()


def test_a_download_that_is_refused_is_said(open_home: Open, world: World) -> None:
    page = open_home()
    page.get_by_text("Show the latest entries").click()
    expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()
    world.problem = Forbidden("The organization's plan does not include this.")
    page.get_by_role("button", name="Download all as CSV").click()
    expect(page.get_by_role("alert")).to_contain_text("plan does not include this")


def test_members_are_seen_connecting_and_then_connected_by_itself(open_home: Open, world: World) -> None:
    world.tenants = [tenant(TenantStatus.CONNECTING)]
    world.members = [
        member(1, CONNECTING, detail="MailboxNotEnabledForRESTAPI"),
        member(2, NOT_MATCHED, detail="guest_only"),
    ]
    page = open_home()
    status = page.locator("#counts")
    expect(status).to_have_text("0 of 2 connected · 1 connecting · 1 needs attention")
    expect(page.get_by_text("Permission was granted and is spreading")).to_be_visible()
    expect(page.get_by_text("Detail: Guest only")).to_be_visible()
    expect(page.get_by_text("Detail: MailboxNotEnabledForRESTAPI")).to_be_visible()
    world.tenants = [tenant(TenantStatus.CONNECTED)]
    world.members = [member(1, CONNECTED), member(2, NOT_MATCHED)]
    expect(status).to_have_text("1 of 2 connected · 1 needs attention")
    expect(page.get_by_text("contoso.com, contoso.nl")).to_be_visible()
    assert status.get_attribute("role") == "status"


def test_somebody_signing_in_through_a_link_is_followed_closely(open_home: Open, world: World) -> None:
    world.links = [link_answer("sent", "started")]
    page = open_home()
    expect(page.get_by_text("went to sign in with Microsoft")).to_be_visible()
    world.links = [link_answer("sent", "connected")]
    expect(page.get_by_text("Used: the tenant is connected")).to_be_visible()


def test_refreshing_keeps_focus_typing_and_place(open_home: Open, world: World) -> None:
    world.tenants = [tenant(TenantStatus.CONNECTING)]
    world.members = [member(number, CONNECTING) for number in range(60)]
    page = open_home(viewport={"width": 1000, "height": 500})
    page.get_by_label("Search").fill("member")
    row = page.locator("#members > li").nth(1)
    row.evaluate("row => { row.isStillTheSame = true; }")
    page.evaluate("scrollTo(0, 300)")
    world.members = [member(number, CONNECTED if number == 1 else CONNECTING) for number in range(60)]
    expect(row).to_contain_text("Connected")
    assert row.evaluate("row => row.isStillTheSame")
    expect(page.get_by_label("Search")).to_be_focused()
    assert page.evaluate("scrollY") == 300


def test_a_hidden_tab_asks_nothing_until_it_is_seen_again(open_home: Open, world: World) -> None:
    world.members = [member(1, CONNECTING)]
    page = open_home()
    expect(page.locator("#counts")).to_contain_text("1 connecting")
    page.evaluate("""Object.defineProperty(document, "hidden", { configurable: true, get: () => true })""")
    world.asked.clear()
    page.wait_for_timeout(2500)
    assert world.asked == []
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert "GET /api/outlook/members" in world.asked


def test_members_are_found_by_state_and_by_text(open_home: Open, world: World) -> None:
    world.members = [member(1, CONNECTED), member(2, NOT_MATCHED, name="Zoë O'Brien <b>"), member(3, NOT_MATCHED)]
    page = open_home()
    rows = page.locator("#members > li")
    page.get_by_label("State").select_option(label="Not matched (2)")
    expect(rows).to_have_count(2)
    page.get_by_label("Search").fill("zoë o'brien <B>")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Zoë O'Brien <b>")
    page.get_by_label("Search").fill("nobody@all")
    expect(page.get_by_text("Nobody here is like that.")).to_be_visible()


def test_more_members_are_shown_on_request(open_home: Open, world: World) -> None:
    world.members = [member(number, CONNECTED) for number in range(120)]
    page = open_home()
    expect(page.locator("#counts")).to_have_text("120 of 120 connected")
    rows, more = page.locator("#members > li"), page.get_by_role("button", name="Show more")
    expect(rows).to_have_count(50)
    expect(page.get_by_text("The first 50 are shown.")).to_be_visible()
    more.focus()
    for expected in (100, 120):
        page.keyboard.press("Enter")
        expect(rows).to_have_count(expected)
    expect(more).to_be_hidden()
    expect(rows.nth(100)).to_be_focused()
    page.get_by_label("Search").fill("member 11")
    expect(rows).to_have_count(10)
    expect(page.get_by_text("10 found.")).to_be_visible()


def test_members_are_kept_as_a_file_as_filtered(open_home: Open, world: World) -> None:
    world.members = [member(1, CONNECTED), member(2, NOT_MATCHED, name="=1+1"), member(3, NOT_MATCHED)]
    page = open_home()
    page.get_by_label("State").select_option(label="Not matched (2)")
    expect(page.locator("#members > li")).to_have_count(2)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Download CSV").click()
    assert downloading.value.suggested_filename == "members.csv"
    text = downloading.value.path().read_text("utf-8-sig")
    assert [line.split(",")[:2] for line in text.splitlines()[1:]] == [["m002", "'=1+1"], ["m003", "Member 003"]]


def test_when_a_calendar_was_read_is_shown_where_there_is_room(open_home: Open, world: World) -> None:
    long_ago, far = NOW.replace(year=2025, month=3, day=4, hour=5, minute=6), NOW + timedelta(days=400)
    world.members = [
        member(1, CONNECTED, source="admin_managed", last_read=long_ago, next_due=NOW),
        member(2, CONNECTED, last_read=long_ago, next_due=far),
        member(3, NOT_MATCHED),
    ]
    page = open_home()
    rows = page.locator("#members > li")
    expect(rows.nth(0)).to_contain_text("Read 4 Mar 2025, 05:06 · Next by")
    expect(rows.nth(0)).to_contain_text(f"{NOW:%H:%M}")
    expect(rows.nth(1)).to_contain_text("Read 4 Mar 2025")
    expect(rows.nth(2)).not_to_contain_text("Read")
    page.set_viewport_size({"width": 360, "height": 740})
    expect(rows.first.get_by_text(re.compile("^Read "))).to_be_hidden()


def test_what_to_do_next_is_said_once_for_all(open_home: Open, world: World) -> None:
    world.tenants = [tenant(TenantStatus.CONNECTED)]
    world.members = [member(1, ConnectionStatus.NO_MAILBOX), member(2, ConnectionStatus.NO_MAILBOX)]
    page = open_home()
    expect(page.get_by_text("Next: Ask the Microsoft admin for a licence")).to_be_visible()
    world.members = [member(1, CONNECTING)]
    page.get_by_label("Search").fill(" ")
    expect(page.get_by_text("Next:")).to_be_hidden()


def test_the_service_being_away_is_said_and_forgotten_when_it_is_back(open_home: Open, world: World) -> None:
    world.members = [member(1, CONNECTING)]
    page = open_home()
    expect(page.locator("#counts")).to_contain_text("1 connecting")
    world.problem = InvalidInput("Try again in a moment.")
    expect(page.get_by_role("alert")).to_contain_text("Try again in a moment.")
    expect(page.locator("#members > li")).to_have_count(1)
    world.problem = None
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_admin_sees_that_microsoft_does_not_tell_of_changes(open_home: Open, world: World) -> None:
    world.tenants, world.members = [tenant(TenantStatus.CONNECTED, missed=3)], [member(1, CONNECTING)]
    page = open_home()
    told = page.get_by_text("did not tell of a change to 3 calendars")
    expect(told).to_be_visible()
    world.tenants = [tenant(TenantStatus.CONNECTED)]
    expect(told).to_be_hidden()
