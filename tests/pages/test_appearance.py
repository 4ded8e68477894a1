"""What holds for every page: it fits a phone, follows the system's colours and can be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.contract.one_member import StepOutput
from shared.model import ConnectionStatus, LinkStep, Policy, TenantStatus
from shared.policy import Effect
from tests.pages.api import NOW, TENANT, World, block, entry, link_answer, member, tenant, token, with_own
from tests.pages.calendars import calendar
from tests.pages.conftest import Open
from tests.pages.decisions import candidate

PHONE = {"width": 360, "height": 740}
PATHS = {
    "invitation": "/activate/contoso~0123~secret",
    "refusal": "/refused/role_missing",
    "activated": "/activated/now",
    "signed out": "/",
    "docs": "/docs",
    "admin": f"/#token={token('owner')}",
    "member": f"/#token={token('user')}",
}
LUMINANCE = """
(page) => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!color.endsWith(", 0)")) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [one, two] = [getComputedStyle(element).color, ground(element)].map(light);
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (contrast < 4.5) poor.push(`${walker.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return poor;
}
"""


@pytest.fixture
def full(world: World) -> World:
    """Something of every kind, with texts that do not break by themselves."""
    world.tenants = [tenant(TenantStatus.CONNECTED), *(tenant(status) for status in list(TenantStatus)[2:3])]
    world.tenants[1].id = "another"
    world.links = [
        link_answer(
            "a",
            "refused",
            reason="role_missing",
            refused_tenant_id=TENANT,
            opened_at=NOW,
            expected_domains=("a-very-long-domain-name." * 3 + "com",),
        ),
        *(link_answer(step, step) for step in LinkStep),
        link_answer("old", expires_at=NOW),
    ]
    world.members = [member(number, state) for number, state in enumerate(ConnectionStatus)]
    world.members[0].name = "Wolfeschlegelsteinhausenbergerdorff" * 2
    world.members[0].addresses = ("x" * 64 + "@contoso.com",)
    world.entries = [entry(1), entry(2, "activation_link.refused", "role_missing"), entry(3, "member.added")]
    world.members[0].also_found_in = (TENANT,)
    for place, state in enumerate((ConnectionStatus.RECONNECT_REQUIRED, ConnectionStatus.CONNECTED)):
        world.members[place] = with_own(world.members[place], state, instead=bool(place))
    decisions = world.decisions
    decisions.policy = Policy(members_may_choose_busy=True)
    decisions.effect = Effect(disconnected=1, looked_for=2)
    decisions.candidates = [candidate("robin", TENANT, is_bound=True), candidate("no", TENANT, objection="Off.")]
    decisions.steps = [StepOutput(str(ok), ok, "What came of it.", "Next.") for ok in (True, False)]
    decisions.own, decisions.receives = ConnectionStatus.RECONNECT_REQUIRED, "personal"
    far, since = "Wolfeschlegelsteinhausenbergerdorff" * 2, NOW
    decisions.calendars.listed["managed"] += [
        calendar(far),
        calendar("Team", is_shared=True, is_read_only=True, owner=far, is_checked=True, unreadable_since=since),
    ]
    world.busy = [block(0, 9, 1), block(1, 14, 2, "workingElsewhere"), block(3, 0, 24, "oof")]
    return world


def shown(page: Page) -> Page:
    expect(page.get_by_role("heading", level=1).filter(visible=True)).to_be_visible()
    return page


def opened(page: Page) -> Page:
    """Whatever can be opened on the page itself."""
    page.locator("details:visible").evaluate_all("all => all.forEach((details) => { details.open = true; })")
    for only_some in page.get_by_label("Only some").filter(visible=True).all():
        only_some.check()
    for calendars in page.locator(".calendars:visible").all():
        expect(calendars.get_by_role("button", name="Save")).to_be_visible()
    return page


def dialog(page: Page, opener: str) -> Locator:
    """The dialog that a button opens, with all that it can show."""
    page.get_by_role("button", name=opener).first.click()
    shown = page.get_by_role("dialog")
    for check in shown.get_by_role("button", name="Check now").all():
        check.click()
        expect(page.locator("#check-steps > li")).to_have_count(2)
        page.get_by_text("Choose who this is").click()
    expect(shown).to_contain_text("Events that were booked" if opener == "Disconnect contoso.com…" else "")
    return shown


@pytest.mark.parametrize("name", PATHS)
def test_a_page_fits_a_phone_without_scrolling_sideways(open_page: Open, full: World, name: str) -> None:
    page = opened(shown(open_page(PATHS[name], viewport=PHONE)))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(open_page: Open, full: World, name: str, scheme: str) -> None:
    page = opened(shown(open_page(PATHS[name], color_scheme=scheme)))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(ground.split("(")[1].split(",")[0]) < 64) == (scheme == "dark")
    assert page.evaluate(LUMINANCE) == []


def test_the_admins_page_uses_the_width_there_is(open_page: Open, full: World) -> None:
    page = shown(open_page(PATHS["admin"]))
    assert page.locator("main").evaluate("main => main.clientWidth") > 900


def test_states_differ_in_shape_not_only_in_colour(open_page: Open, full: World) -> None:
    page = shown(open_page(PATHS["admin"]))
    shapes = page.locator("#members .mark").evaluate_all(
        """marks => marks.map((mark) => {
          const { clipPath, borderRadius, borderStyle } = getComputedStyle(mark);
          return `${mark.className}: ${clipPath} ${borderRadius} ${borderStyle}`;
        })"""
    )
    kinds = {shape.split(":")[0] for shape in shapes}
    assert len(kinds) == 4
    assert len({shape.split(": ")[1] for shape in shapes}) == 4


@pytest.mark.parametrize("name", PATHS)
def test_every_field_and_button_has_a_name(open_page: Open, full: World, name: str) -> None:
    assert nameless(opened(shown(open_page(PATHS[name]))).locator("body")) == []


def nameless(part: Locator) -> list[str]:
    """What somebody who does not see it could not tell apart."""
    roles = ("button", "textbox", "combobox", "link", "searchbox", "checkbox", "radio", "dialog")
    lines = (line.strip().rstrip(":") for line in part.aria_snapshot().splitlines())
    return [line for line in lines if line in {f"- {role}" for role in roles}]


@pytest.mark.parametrize(
    ("view", "opener"),
    [
        ("admin", "Disconnect contoso.com…"),
        ("admin", "Manage Wolfeschlegel"),
        ("member", "Disconnect…"),
        ("member", "Disconnect your own…"),
    ],
)
def test_a_dialog_fits_a_phone_and_is_readable_in_light_and_dark(
    open_page: Open, full: World, view: str, opener: str
) -> None:
    page = shown(open_page(PATHS[view], viewport=PHONE))
    part = dialog(page, opener)
    box = part.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert part.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    assert nameless(page.locator("body")) == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(LUMINANCE) == []
