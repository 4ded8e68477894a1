"""Who signs in: accounts of the browser, prompts and hints."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from local.microsoft.browser import Browser, PageShownError
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO, NORTHWIND
from local.microsoft.server import Simulator

from .conftest import ADELE, authorize_url, callback

PETRA = "petra.personal@outlook.com"
NADIA = "nadia.north@northwind-consulting.com"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def common(microsoft: Simulator, authority: str = "common", **more: str) -> str:
    return authorize_url(microsoft, authority, response_type="id_token", response_mode="form_post", nonce="n", **more)


def who(microsoft: Simulator, browser: Browser, upn: str | None = None, **more: str) -> str:
    """The account that came back; the AADSTS number or `asked` where a page was shown; or the error."""
    try:
        fields = browser.walk(common(microsoft, **more), upn).fields
    except PageShownError as shown:
        return str(shown.number or "asked")
    if "error" in fields:
        return fields["error"]
    return str(jwt.decode(fields["id_token"], options={"verify_signature": False})["preferred_username"])


def test_a_browser_remembers_who_was_there_and_others_do_not(microsoft: Simulator, browser: Browser) -> None:
    assert who(microsoft, browser) == "asked"
    assert who(microsoft, browser, NADIA) == NADIA
    assert who(microsoft, browser) == NADIA
    with Browser() as other:
        assert who(microsoft, other) == "asked"


@pytest.mark.parametrize("prompt", ["select_account", "login"])
def test_an_app_can_have_the_account_asked_for(microsoft: Simulator, browser: Browser, prompt: str) -> None:
    assert who(microsoft, browser, NADIA) == NADIA
    assert who(microsoft, browser, prompt=prompt) == "asked"
    assert who(microsoft, browser, PETRA, prompt=prompt) == PETRA


def test_of_several_accounts_one_must_be_chosen_or_hinted_at(microsoft: Simulator, browser: Browser) -> None:
    for upn in (NADIA, PETRA):
        assert who(microsoft, browser, upn, prompt="select_account") == upn
    assert who(microsoft, browser) == "asked"
    assert who(microsoft, browser, login_hint=NADIA) == NADIA
    assert who(microsoft, browser, login_hint=ADELE) == "asked"
    assert who(microsoft, browser, domain_hint="consumers") == PETRA
    assert who(microsoft, browser, domain_hint="organizations") == NADIA
    assert who(microsoft, browser, domain_hint="northwind-consulting.com") == NADIA
    assert who(microsoft, browser, authority="consumers") == PETRA
    assert who(microsoft, browser, authority="organizations") == NADIA
    assert who(microsoft, browser, authority=CONTOSO) == "asked"


def test_without_a_page_it_is_said_why_one_is_needed(microsoft: Simulator, browser: Browser) -> None:
    silent = {"prompt": "none"}
    assert who(microsoft, browser, **silent) == "login_required"
    assert who(microsoft, browser, NADIA) == NADIA
    assert who(microsoft, browser, **silent) == NADIA
    assert who(microsoft, browser, scope="openid Calendars.ReadWrite", **silent) == "interaction_required"
    assert who(microsoft, browser, PETRA, prompt="select_account") == PETRA
    assert who(microsoft, browser, **silent) == "interaction_required"


def test_who_was_signed_out_must_sign_in_again(microsoft: Simulator, remote: Microsoft, browser: Browser) -> None:
    assert who(microsoft, browser, PETRA) == PETRA
    remote.revoke_sign_ins("outlook.com", PETRA)
    assert who(microsoft, browser) == "asked"
    assert "Signed out" in browser.open(common(microsoft)).text
    assert who(microsoft, browser, PETRA) == PETRA == who(microsoft, browser)


def test_who_is_challenged_is_asked_at_the_browser_too_and_who_is_blocked_stays_out(
    microsoft: Simulator, remote: Microsoft, browser: Browser
) -> None:
    assert who(microsoft, browser, NADIA) == NADIA
    remote.set_access_policy(NORTHWIND, NADIA, "multi_factor")
    assert who(microsoft, browser, prompt="none") == "login_required"
    assert who(microsoft, browser) == "asked"
    assert who(microsoft, browser, NADIA) == NADIA == who(microsoft, browser, prompt="none")
    remote.set_access_policy(NORTHWIND, NADIA, "blocked")
    assert who(microsoft, browser, NADIA) == "53003"


def test_the_page_offers_accounts_of_the_browser_all_others_and_an_address(
    microsoft: Simulator, browser: Browser
) -> None:
    who(microsoft, browser, NADIA)
    page = browser.open(common(microsoft, prompt="select_account")).text
    known, rest = page.split("Use another account", 1)
    assert NADIA in known.partition("Used in this browser")[2]
    assert [upn in rest for upn in (PETRA, ADELE, NADIA)] == [True, True, False]
    assert "Personal account" in rest
    hinted = browser.open(common(microsoft, prompt="select_account", login_hint=PETRA)).text
    assert f'value="{PETRA}"' in hinted
    assert hinted.index("Petra Personal") < hinted.index("Alice Admin")


def test_a_domain_hint_leaves_out_everybody_else(microsoft: Simulator, browser: Browser) -> None:
    consumers = browser.open(common(microsoft, domain_hint="consumers")).text
    assert (PETRA in consumers, NADIA in consumers) == (True, False)
    named = browser.open(common(microsoft, domain_hint="northwind-consulting.com")).text
    assert (PETRA in named, NADIA in named) == (False, True)


def test_single_sign_on_can_be_switched_off(microsoft: Simulator, remote: Microsoft, browser: Browser) -> None:
    remote.set_switches(single_sign_on=False)
    who(microsoft, browser, NADIA)
    assert who(microsoft, browser) == "asked"
    assert who(microsoft, browser, prompt="none") == NADIA


def test_going_away_from_the_choice_is_an_error(microsoft: Simulator, browser: Browser) -> None:
    page = browser.open(authorize_url(microsoft, "common", prompt="select_account"))
    back = callback(browser.open(page.url, decision="cancel").headers["Location"])
    assert (back["error"], back["state"]) == ("access_denied", "st&te")
    assert "AADSTS" not in back["error_description"]


def test_an_unknown_address_is_refused_on_the_page(microsoft: Simulator, browser: Browser) -> None:
    assert who(microsoft, browser, "nobody@nowhere.example") == "50020"


def test_the_cookie_is_of_no_use_to_scripts(microsoft: Simulator, browser: Browser) -> None:
    page = browser.open(authorize_url(microsoft, "common"))
    answer = browser.open(page.url, user=NADIA, decision="accept")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
