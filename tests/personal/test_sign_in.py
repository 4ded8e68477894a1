"""A member signs in with their own account: what is asked for, what is proven, and why it may come to nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from local.microsoft.browser import PageShownError
from local.microsoft.entra.grants import IdTokenFlaw
from local.microsoft.sample import WOODGROVE
from shared.errors import CredentialRejected, Refusal, TryLater
from shared.graph.code_flow import Redeemed
from shared.graph.id_token import PERSONAL_ACCOUNTS, SignedIn
from shared.graph.personal_sign_in import objection, refused_because
from tests.personal.conftest import ACCOUNTS, NADIA, PETRA, REDIRECT, Bench, mailbox, parameters

WILL = "will.worker@woodgrove.example"


@pytest.mark.parametrize("upn", ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_an_account_is_proven_and_its_calendars_are_open(bench: Bench, upn: str) -> None:
    account = bench.signed_in(upn)
    assert mailbox(account) == bench.account(upn)
    assert account.person.is_consumer is (bench.tenant(upn) == PERSONAL_ACCOUNTS)
    tokens = json.loads(account.cache)["AccessToken"].values()
    assert [bench.calendars(token["secret"]) for token in tokens] == [200]


def test_only_the_calendars_are_asked_for_and_to_be_told_so_later(bench: Bench) -> None:
    asked = parameters(bench.sign_in.begin(REDIRECT, "state")[0])
    assert set(asked["scope"].split()) == {"openid", "profile", "offline_access", "Calendars.ReadWrite"}
    assert (asked["response_mode"], asked["prompt"]) == ("query", "select_account")


def test_the_address_holds_neither_verifier_nor_nonce_but_their_hashes(bench: Bench) -> None:
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    kept, asked = json.loads(flow), parameters(url)
    assert kept["code_verifier"] not in url
    assert kept["nonce"] not in url
    challenge = urlsafe_b64encode(sha256(kept["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
    assert asked["nonce"] == sha256(kept["nonce"].encode()).hexdigest()


def test_nothing_secret_shows_in_a_repr(bench: Bench) -> None:
    account = bench.signed_in()
    assert account.cache
    assert "secret" not in repr(account).lower()
    assert repr(Redeemed({"access_token": "SECRET"}, "SECRET", "SECRET")) == "Redeemed()"


def refused(bench: Bench, flow: str, answer: dict[str, str]) -> str:
    with pytest.raises(Refusal) as raised:
        bench.sign_in.finish(flow, answer)
    return raised.value.reason


@pytest.mark.parametrize(("upn", "reason"), [(NADIA, "consent_declined"), (PETRA, "sign_in_cancelled")])
def test_who_grants_nothing_connects_nothing(bench: Bench, upn: str, reason: str) -> None:
    """For personal accounts Microsoft says no more than that it came to nothing."""
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    assert refused(bench, flow, bench.answer(url, upn, accept=False)) == reason


@pytest.mark.parametrize("consent", ["admin_only", "admin_workflow"])
def test_where_administrators_decide_the_member_is_told_so(bench: Bench, consent: str) -> None:
    bench.remote.change_tenant(WOODGROVE, user_consent=consent)
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    with pytest.raises(PageShownError):
        bench.answer(url, WILL)
    bench.remote.set_switches(admin_approval_returns=True)
    assert refused(bench, flow, bench.answer(url, WILL)) == "approval_required"


def test_a_code_that_comes_twice_is_refused(bench: Bench) -> None:
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    answer = bench.answer(url)
    bench.sign_in.finish(flow, answer)
    assert refused(bench, flow, answer) == "code_spent"


def test_a_code_that_comes_too_late_is_refused(bench: Bench) -> None:
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    answer = bench.answer(url)
    bench.remote.advance(601)
    assert refused(bench, flow, answer) == "code_spent"


def test_a_page_that_makes_no_sense_is_no_sign_in(bench: Bench) -> None:
    _, flow = bench.sign_in.begin(REDIRECT, "state")
    for answer in ({}, {"state": "state"}, {"state": "other", "code": "x"}, {"state": "state", "code": "x"}):
        assert refused(bench, flow, answer) == "sign_in_failed"


def test_what_else_a_callback_brings_is_left_alone(bench: Bench) -> None:
    """MSAL would make a header of `client_info`."""
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    hostile = {"client_info": urlsafe_b64encode(b'{"uid": "a\\r\\nX-Evil: 1", "utid": "b"}').decode()}
    assert bench.sign_in.finish(flow, {**bench.answer(url), **hostile}).person.username == NADIA


@pytest.mark.parametrize("flaw", IdTokenFlaw.__args__)
def test_an_id_token_wrong_in_one_thing_proves_nobody(bench: Bench, flaw: IdTokenFlaw) -> None:
    url, flow = bench.sign_in.begin(REDIRECT, "state")
    answer = bench.answer(url)
    bench.remote.flaw_next_id_token(flaw)
    assert refused(bench, flow, answer) == "sign_in_invalid"


PASSING = {
    "throttled": {"status": 429, "retry_after": 17},
    "away, with a word about when": {"status": 503, "retry_after": 17},
    "away": {"status": 503, "html": True},
    "reset": {"reset": True},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
@pytest.mark.parametrize("where", ["token", "keys", "discovery"])
def test_microsoft_being_away_is_nobodys_fault(bench: Bench, where: str, fault: dict[str, Any]) -> None:
    bench.remote.add_fault(where, times=None, **fault)
    with pytest.raises(TryLater) as raised:
        bench.signed_in()
    waits = timedelta(seconds=17) if "retry_after" in fault and where != "keys" else None
    assert raised.value.retry_after == waits


def test_our_own_credential_refused_is_not_the_members_fault(bench: Bench) -> None:
    bench.remote.change_app(certificates=[])
    with pytest.raises(CredentialRejected):
        bench.signed_in()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"error": "temporarily_unavailable"}, TryLater),
        ({"error": "server_error", "error_description": "AADSTS90033: x"}, TryLater),
        ({"error": "invalid_client", "error_description": "AADSTS700027: x"}, Refusal),
    ],
)
def test_a_browser_can_bring_microsofts_trouble_but_accuse_nobody(
    bench: Bench, told: dict[str, str], kind: type[Exception]
) -> None:
    _, flow = bench.sign_in.begin(REDIRECT, "state")
    with pytest.raises(kind):
        bench.sign_in.finish(flow, {"state": "state", **told})


WORDS = {
    "cancelled": ({"error": "access_denied"}, "sign_in_cancelled"),
    "declined": ({"error": "access_denied", "error_description": "AADSTS65004: x"}, "consent_declined"),
    "an administrator decides": (
        {"error": "access_denied", "error_description": "AADSTS90094: x"},
        "approval_required",
    ),
    "consent is required": ({"error": "consent_required"}, "approval_required"),
    "not assigned": ({"error": "x", "error_codes": [50105]}, "approval_required"),
    "not for personal accounts": ({"error": "unauthorized_client"}, "account_refused"),
    "of another directory": ({"error": "x", "error_description": "AADSTS50020: x"}, "account_refused"),
    "spent": ({"error": "invalid_grant", "error_codes": [54005]}, "code_spent"),
    "another verifier": ({"error": "invalid_grant", "error_codes": [501481]}, "sign_in_failed"),
    "a number elsewhere in the text": (
        {"error": "x", "error_description": "see AADSTS90094"},
        "sign_in_failed",
    ),
    "nothing": ({}, "sign_in_failed"),
}  # fmt: skip


@pytest.mark.parametrize(("result", "reason"), WORDS.values(), ids=WORDS.keys())
def test_how_a_refusal_of_microsofts_is_explained(result: dict[str, Any], reason: str) -> None:
    assert refused_because(result) == reason


TENANT, PERSON = "7c5f0000-0000-4000-8000-00000000abcd", "aaaa0000-0000-4000-8000-000000000001"
ADELE = SignedIn(TENANT, PERSON, "Adele", "adele@contoso.com", False, frozenset())


def given(scope: str = "openid Calendars.ReadWrite", *owners: str) -> Redeemed:
    tokens = {str(n): {"home_account_id": owner} for n, owner in enumerate(owners)}
    return Redeemed({"scope": scope}, "n", json.dumps({"RefreshToken": tokens} if tokens else {}))


MINE = f"{PERSON}.{TENANT}"
OBJECTIONS = {
    "what was asked for": (ADELE, given("openid Calendars.ReadWrite", MINE), None),
    "written otherwise": (ADELE, given("https://graph.microsoft.com/calendars.readwrite", MINE), None),
    "less was granted": (ADELE, given("openid Calendars.Read", MINE), "consent_declined"),
    "nothing was granted": (ADELE, given("", MINE), "consent_declined"),
    "no refresh token": (ADELE, given(), "sign_in_invalid"),
    "somebody else's refresh token": (ADELE, given("Calendars.ReadWrite", f"x.{TENANT}"), "sign_in_invalid"),
    "one more refresh token": (ADELE, given("Calendars.ReadWrite", MINE, "x.y"), "sign_in_invalid"),
    "a guest": (replace(ADELE, is_guest=True), given("Calendars.ReadWrite", MINE), "account_refused"),
    "a consumer, whom Microsoft calls foreign": (
        replace(ADELE, is_guest=True, tenant_id=PERSONAL_ACCOUNTS),
        given("Calendars.ReadWrite", f"{PERSON}.{PERSONAL_ACCOUNTS}"),
        None,
    ),
}


@pytest.mark.parametrize(("person", "redeemed", "reason"), OBJECTIONS.values(), ids=OBJECTIONS.keys())
def test_what_is_wrong_with_tokens_that_were_given(person: SignedIn, redeemed: Redeemed, reason: str | None) -> None:
    assert objection(person, redeemed) == reason
