from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import shared
from shared.errors import NotFound
from shared.pages import FOLDER, Pages
from shared.pages.member_refusals import MEMBER_REFUSALS
from shared.pages.refusals import REFUSALS, UNKNOWN
from tests.pages.api import link, settings

SHARED = Path(shared.__file__).parent
SPEAKING_OF_REFUSALS = [
    path
    for path in SHARED.rglob("*.py")
    if re.search(r"\bRefusal\b", path.read_text()) and path.parent.name != "errors"
]
TEXT = ("str", "str | None")
REASON = re.compile(r"[a-z]+(_[a-z]+)+")
HOSTILE = '<script>alert(1)</script> "O\'Neil" & Söhne'


def reasons_in(source: str) -> set[str]:
    """Whatever looks like a reason in `Refusal(...)`, in `refusal(...)` or in what a function may return as text."""
    nodes = list(ast.walk(ast.parse(source)))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    refused = [call for call in calls if re.search(r"\b(?:Member)?[Rr]efusal$", ast.unparse(call.func))]
    telling = [
        node for node in nodes if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node) in TEXT
    ]
    returned = [node for function in telling for node in ast.walk(function) if isinstance(node, ast.Return)]
    looked_up = [value for f in telling for d in ast.walk(f) if isinstance(d, ast.Dict) for value in d.values]
    return {text for node in (*refused, *returned, *looked_up) for text in texts(node) if REASON.fullmatch(text)}


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an expression, without those it is only compared with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if not isinstance(node, ast.Compare):
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


def reasons_of(*, members: bool) -> set[str]:
    """What a member is refused for with their own account, or a Microsoft admin with a link; both sign in."""
    personal = {path for path in SPEAKING_OF_REFUSALS if path.name.startswith(("personal_", "own_"))}
    both = {path for path in SPEAKING_OF_REFUSALS if path.name in ("code_flow.py", "id_token.py")}
    paths = personal | both if members else set(SPEAKING_OF_REFUSALS) - personal
    return set().union(*(reasons_in(path.read_text()) for path in paths))


IN_CODE = reasons_of(members=False)


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(settings())


def test_the_scan_finds_reasons_in_every_form_the_code_uses() -> None:
    directly, returned, looked_up, by_default = "link_unknown", "guest_account", "link_used", "link_expired"
    assert {directly, returned, looked_up, by_default, "microsoft_unavailable", "sign_in_failed"} <= IN_CODE


def test_every_reason_in_the_code_has_a_text_and_every_text_a_reason() -> None:
    assert set(REFUSALS) == IN_CODE


def test_the_same_holds_for_members_with_their_own_account() -> None:
    assert set(MEMBER_REFUSALS) == reasons_of(members=True) | {"microsoft_unavailable"}


@pytest.mark.parametrize("reason", sorted(MEMBER_REFUSALS))
def test_a_members_refusal_says_what_happened_and_what_to_do(pages: Pages, reason: str) -> None:
    page = pages.member_refusal(reason)
    assert [words for words in MEMBER_REFUSALS[reason][1:] if words not in page.html] == []
    assert "the link you were sent" not in page.html
    assert page.status == MEMBER_REFUSALS[reason].status


def test_an_unknown_reason_of_a_members_refusal_is_not_repeated(pages: Pages) -> None:
    assert "alert(1)" not in pages.member_refusal(HOSTILE).html


@pytest.mark.parametrize("reason", sorted(REFUSALS))
def test_a_refusal_says_what_happened_that_nothing_was_connected_and_what_to_do(pages: Pages, reason: str) -> None:
    page = pages.refusal(reason)
    for words in (*REFUSALS[reason][1:], "Nothing was connected"):
        assert words in page.html
    assert page.status == REFUSALS[reason].status


@pytest.mark.parametrize(
    ("reason", "status"),
    [("link_unknown", 404), ("link_expired", 410), ("role_missing", 403), ("attempt_unknown", 409),
     ("sign_in_failed", 400), ("microsoft_unavailable", 503)],
)  # fmt: skip
def test_a_refusal_has_the_status_of_its_kind(pages: Pages, reason: str, status: int) -> None:
    assert pages.refusal(reason).status == status


def test_an_unknown_reason_gets_a_general_text_and_is_not_repeated(pages: Pages) -> None:
    page = pages.refusal(HOSTILE)
    assert page.status == 400
    assert UNKNOWN.title in page.html
    assert "alert(1)" not in page.html


def test_the_invitation_names_who_asks_for_what_until_when(pages: Pages) -> None:
    page = pages.invitation(link())
    said = ("Contoso Consulting", "Calendly", "User.Read.All", "Calendars.ReadWrite", "29 November 2026, 09:05 UTC",
            "Global Administrator", "Privileged Role Administrator", "Enterprise applications")  # fmt: skip
    assert [words for words in said if words not in page.html] == []
    assert page.status == 200


def test_the_invitation_has_one_form_that_posts_to_its_own_address(pages: Pages) -> None:
    assert re.findall(r"<form[^>]*>", pages.invitation(link()).html) == ['<form method="post">']


def test_the_invitation_names_expected_domains_where_there_are_some(pages: Pages) -> None:
    expecting = pages.invitation(link(expected_domains=("contoso.com", "contoso.nl"))).html
    assert "<strong>contoso.com</strong> or <strong>contoso.nl</strong>" in re.sub(r"\s+", " ", expecting)
    assert "contoso.com" not in pages.invitation(link()).html


def test_a_hostile_organisation_name_stays_text(pages: Pages) -> None:
    html = pages.invitation(link(organization_name=HOSTILE)).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;O&#39;Neil&#34; &amp; Söhne" in html


def test_a_hostile_platform_name_and_address_stay_text() -> None:
    pages = Pages(settings(name=HOSTILE, sign_in_url='https://platform.example.com/"><script>'))
    for page in (pages.home(), pages.activated(), pages.refusal("link_used"), pages.invitation(link())):
        assert "<script>" not in page.html


def test_the_home_page_links_to_the_platforms_sign_in(pages: Pages) -> None:
    assert 'href="https://platform.example.com/login"' in pages.home().html


def test_nothing_is_inline_so_that_the_policy_can_be_strict(pages: Pages) -> None:
    for page in (pages.home(), pages.activated(), pages.refusal("link_used"), pages.invitation(link())):
        assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]* src=)", page.html) == []


def test_static_files_are_served_with_their_type(pages: Pages) -> None:
    assert pages.static("style.css").mimetype == "text/css"
    assert pages.static("home.js").mimetype == "text/javascript"
    assert pages.static("icon.svg").content.startswith(b"<svg")


def test_every_file_a_page_or_module_asks_for_is_there(pages: Pages) -> None:
    sources = [path.read_text() for path in FOLDER.rglob("*") if path.suffix in (".html", ".js")]
    asked = {name for source in sources for name in re.findall(r"""(?:/static/|from "\./)([\w.-]+)""", source)}
    assert {"style.css", "home.js", "api.js"} <= asked
    for name in asked:
        assert pages.static(name).content


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../refusals.py", "../templates/home.html", "/etc/passwd", "STYLE.CSS", "style.css/", "a\0"],
)
def test_any_other_name_is_not_found(pages: Pages, name: str) -> None:
    with pytest.raises(NotFound):
        pages.static(name)
