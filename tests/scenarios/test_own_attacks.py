"""Attacks on members' sign-in with their own account, over HTTP. Each ends at a page, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from local.microsoft.entra.grants import IdTokenFlaw
from local.microsoft.remote import sign_in
from local.stack import Stack
from shared.graph.entra import COMMON, msal_application
from shared.graph.personal_tokens import SCOPES
from shared.http import new_session
from shared.personal_attempts import CALLBACK, row_key
from tests.personal.conftest import parameters
from tests.scenarios.siege import Siege
from tests.scenarios.test_attacks import altered

pytestmark = pytest.mark.usefixtures("nothing_in_clear")

NOT_THIS_BROWSER = 403, "This sign-in was started in another browser"
NO_LONGER_UNDER_WAY = 409, "This sign-in is no longer under way"
DID_NOT_WORK = 400, "The sign-in did not work"
PROVES_NOBODY = 400, "The sign-in could not be verified"


@pytest.fixture(scope="module")
def siege(stack: Stack) -> Siege:
    return Siege(stack)


@pytest.mark.parametrize("is_under_way", [False, True], ids=["as a stranger", "while connecting"])
def test_login_csrf_a_victim_who_finishes_the_attackers_sign_in_connects_nobody(
    siege: Siege, is_under_way: bool
) -> None:
    """Eve presses "connect" and sends Ann the address of Microsoft's page, to have Ann's calendar shown as hers."""
    ann = siege.person("ann")
    if is_under_way:
        siege.begun(ann)
    caught = siege.callback(siege.person("eve"), siege.another_of_ann)
    siege.repelled(ann.return_from(caught), *NOT_THIS_BROWSER)


def test_login_csrf_an_attackers_answer_in_the_victims_browser_connects_nobody(siege: Siege) -> None:
    """Eve signs in with her own account and has Ann's browser open the way back, to be asked for what Ann does."""
    ann = siege.person("ann")
    siege.begun(ann)
    siege.repelled(ann.return_from(siege.callback(siege.person("eve"), siege.of_eve)), *NOT_THIS_BROWSER)


@pytest.mark.parametrize(("attacked", "attacker"), [("ann", "eve"), ("eve", "ann")])
def test_code_injection_a_code_of_another_sign_in_is_worth_nothing(
    siege: Siege, attacked: str, attacker: str
) -> None:
    """Eve's code under Ann's own state; or a code of Ann's that Eve caught under Eve's."""
    person, account = siege.person(attacked), siege.of_eve if attacker == "eve" else siege.another_of_ann
    code = parameters(siege.callback(siege.person(attacker), account))["code"]
    answer = altered(siege.callback(person, account), code=code)
    siege.repelled(person.return_from(answer), *DID_NOT_WORK)


def test_state_replay_an_answer_counts_once(siege: Siege) -> None:
    """Also in the browser that got the cookie, and with a code that nobody has used."""
    ann = siege.person("ann")
    callback = siege.callback(ann, siege.of_ann)
    cookies = ann.browser.cookies.copy()
    assert ann.return_from(callback).status_code == 303
    assert ann.reaches("connected")
    siege.holds()
    fresh = parameters(siege.callback(siege.person("eve"), siege.of_eve))["code"]
    for again in (callback, altered(callback, code=fresh)):
        ann.browser.cookies = cookies.copy()
        siege.repelled(ann.return_from(again), *NO_LONGER_UNDER_WAY)


def test_swapped_member_the_victims_state_in_the_attackers_browser_connects_nobody(siege: Siege) -> None:
    eve = siege.person("eve")
    siege.begun(eve)
    siege.repelled(eve.return_from(siege.callback(siege.person("ann"), siege.of_eve)), *NOT_THIS_BROWSER)


def test_swapped_member_a_state_made_over_to_the_victim_is_no_state(siege: Siege) -> None:
    """And whether there is such a member, or one under way, the page does not tell."""
    eve = siege.person("eve")
    siege.begun(siege.person("ann"))
    callback = siege.callback(eve, siege.of_eve)
    org, _, secret = parameters(callback)["state"].split("~")
    pages = set()
    for forged in (f"{org}~{row_key('ann')}~{secret}", f"{org}~{row_key('nobody')}~{secret}", f"x~y~{secret}", "x"):
        answer = eve.return_from(altered(callback, state=forged))
        siege.repelled(answer, *NO_LONGER_UNDER_WAY)
        pages.add(answer.text)
    assert len(pages) == 1


@pytest.mark.parametrize("nonce", ["of-another-attempt", None], ids=["another", "none"])
def test_nonce_mismatch_an_address_with_another_nonce_connects_nobody(siege: Siege, nonce: str | None) -> None:
    ann = siege.person("ann")
    url = altered(siege.begun(ann), nonce=nonce)
    siege.repelled(ann.return_from(sign_in(url, siege.another_of_ann.upn)), *PROVES_NOBODY)


DOWNGRADES: dict[str, dict[str, str | None]] = {
    "no challenge": {"code_challenge": None, "code_challenge_method": None},
    "plain": {"code_challenge_method": "plain"},
    "plain by default": {"code_challenge_method": None},
    "a challenge of the attacker's": {"code_challenge": "A" * 43},
}


@pytest.mark.parametrize("changed", DOWNGRADES.values(), ids=DOWNGRADES)
def test_pkce_downgrade_a_code_that_was_asked_for_otherwise_connects_nobody(
    siege: Siege, changed: dict[str, str | None]
) -> None:
    ann = siege.person("ann")
    url = altered(siege.begun(ann), **changed)
    siege.repelled(ann.return_from(sign_in(url, siege.another_of_ann.upn)), *DID_NOT_WORK)


@pytest.fixture
def lax(siege: Siege) -> Iterator[None]:
    """A Microsoft that takes a verifier nobody announced."""
    siege.company.microsoft.set_switches(unexpected_verifier="ignored")
    yield
    siege.company.microsoft.set_switches(unexpected_verifier="refused")


@pytest.mark.usefixtures("lax")
def test_pkce_downgrade_where_microsoft_does_not_mind_the_nonce_still_tells_codes_apart(siege: Siege) -> None:
    """A code asked for without a challenge fits every verifier then: Eve's, under Ann's state."""
    ann, eve = siege.person("ann"), siege.person("eve")
    stripped = altered(siege.begun(eve), code_challenge=None, code_challenge_method=None)
    code = parameters(sign_in(stripped, siege.of_eve.upn))["code"]
    callback = altered(siege.callback(ann, siege.another_of_ann), code=code)
    siege.repelled(ann.return_from(callback), *PROVES_NOBODY)


@pytest.mark.parametrize("verifier", [None, "", "A" * 43], ids=["none", "empty", "another"])
def test_caught_code_is_redeemed_by_nobody_without_its_verifier(siege: Siege, verifier: str | None) -> None:
    """Not even with the app's own credential, by a client nobody here wrote."""
    settings, redirect = siege.company.services().settings.microsoft, f"{siege.company.stack.url}{CALLBACK}"
    answer = parameters(siege.callback(siege.person("ann"), siege.another_of_ann))
    with new_session(settings.ca_file) as session:
        app = msal_application(settings, session, COMMON)
        flow = app.initiate_auth_code_flow(list(SCOPES), redirect, state=answer["state"])
        got = app.acquire_token_by_auth_code_flow({**flow, "code_verifier": verifier}, answer)
    assert (got["error"], "access_token" in got, "refresh_token" in got) == ("invalid_grant", False, False)


FLAWS: dict[IdTokenFlaw, str] = {
    "unsigned": "unsigned", "hmac": "badly signed: with the public key", "signature": "badly signed",
    "kid": "of a foreign key", "aud": "of a foreign audience", "iss": "of a foreign issuer",
    "tid": "of a tenant that its issuer contradicts", "oid": "of somebody else", "exp": "expired",
    "nbf": "of tomorrow", "nonce": "of another nonce", "no_nonce": "without nonce",
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS, ids=FLAWS.values())
def test_id_token_that_is_flawed_connects_nobody(siege: Siege, flaw: IdTokenFlaw) -> None:
    ann = siege.person("ann")
    callback = siege.callback(ann, siege.another_of_ann)
    siege.company.microsoft.flaw_next_id_token(flaw)
    siege.repelled(ann.return_from(callback), *PROVES_NOBODY)


def test_id_token_flaws_are_all_tried() -> None:
    assert set(FLAWS) == set(IdTokenFlaw.__args__)


def test_junk_at_the_way_back_is_a_page_too(siege: Siege) -> None:
    """By somebody who never began anything: an error that Microsoft could have said, nothing, and far too much."""
    address = f"{siege.company.stack.url}/callback/personal"
    for query in ({}, {"error": "access_denied"}, {"state": "x~y~z", "code": "c"}, {"state": "s" * 3_000}):
        answer = requests.get(address, params=query, allow_redirects=False, timeout=30)
        siege.repelled(answer, *NO_LONGER_UNDER_WAY)
