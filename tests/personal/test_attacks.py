"""Attacks on a member's sign-in with their own account. Ann is the victim, Eve attacks; both are members."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from local.microsoft.entra.grants import IdTokenFlaw
from shared.errors import ReconnectRequired, Refusal
from shared.model import MemberKey, SignInAttempt
from shared.personal_attempts import row_key
from shared.storage.table import Row
from tests.personal.conftest import NADIA, PETRA, Bench, mailbox, parameters


def refused(bench: Bench, answer: dict[str, str], browser: str) -> str:
    with pytest.raises(Refusal) as raised:
        bench.attempts.finish(answer, browser)
    return raised.value.reason


def changed(url: str, **parameters: str | None) -> str:
    """The address with other parameters; None takes one away."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **parameters}
    kept = {name: value for name, value in query.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode(kept)))


def attempt(bench: Bench, name: str) -> Row[SignInAttempt]:
    row = bench.tables.sign_ins.get(bench.org, row_key(name))
    assert row is not None
    return row


def test_login_csrf_the_callback_finished_in_another_browser_is_refused(bench: Bench) -> None:
    """Eve starts, sends Ann the address of Microsoft's page, and hopes for Ann's calendar."""
    eve = bench.attempts.begin(bench.member("eve"))
    of_ann = bench.answer(eve.url, NADIA)
    assert refused(bench, of_ann, "") == "other_browser"
    ann = bench.attempts.begin(bench.member("ann"))
    assert refused(bench, of_ann, ann.browser) == "other_browser"


def test_login_csrf_an_attackers_answer_in_the_victims_browser_is_refused(bench: Bench) -> None:
    """Eve signs in with her own account and has Ann's browser open the way back."""
    ann, eve = bench.attempts.begin(bench.member("ann")), bench.attempts.begin(bench.member("eve"))
    assert refused(bench, bench.answer(eve.url, PETRA), ann.browser) == "other_browser"


def test_a_state_cannot_be_replayed(bench: Bench) -> None:
    ann = bench.attempts.begin(bench.member("ann"))
    answer = bench.answer(ann.url)
    bench.attempts.finish(answer, ann.browser)
    assert refused(bench, answer, ann.browser) == "attempt_unknown"
    assert refused(bench, {**answer, "code": bench.answer(ann.url)["code"]}, ann.browser) == "attempt_unknown"


def test_a_member_swapped_in_the_state_is_refused(bench: Bench) -> None:
    ann, eve = bench.attempts.begin(bench.member("ann")), bench.attempts.begin(bench.member("eve"))
    answer = bench.answer(eve.url)
    org, _, secret = answer["state"].split("~")
    for state in (f"{org}~{row_key('ann')}~{secret}", f"other~{row_key('eve')}~{secret}"):
        for browser in (ann.browser, eve.browser):
            assert refused(bench, {**answer, "state": state}, browser) == "attempt_unknown"


def test_an_attempt_moved_to_another_member_in_storage_is_refused(bench: Bench) -> None:
    eve = bench.attempts.begin(bench.member("eve"))
    answer = bench.answer(eve.url)
    row = attempt(bench, "eve")
    bench.tables.sign_ins.put(bench.org, row.key, replace(row.value, member="ann"))
    assert refused(bench, answer, eve.browser) == "attempt_unknown"


def test_an_attempt_moved_to_another_organization_in_storage_is_refused(bench: Bench) -> None:
    eve = bench.attempts.begin(bench.member("eve"))
    answer = bench.answer(eve.url)
    row, other = attempt(bench, "eve"), MemberKey(f"{bench.org}x", "eve")
    bench.tables.sign_ins.put(other.org, row.key, row.value)
    state = answer["state"].replace(bench.org, other.org)
    assert refused(bench, {**answer, "state": state}, eve.browser) == "attempt_unknown"


def test_an_attempt_opened_to_another_browser_in_storage_is_refused(bench: Bench) -> None:
    ann, eve = bench.attempts.begin(bench.member("ann")), bench.attempts.begin(bench.member("eve"))
    answer = bench.answer(ann.url)
    row = attempt(bench, "ann")
    bench.tables.sign_ins.replace(row, replace(row.value, browser_hash=attempt(bench, "eve").value.browser_hash))
    assert refused(bench, answer, eve.browser) == "attempt_unknown"


def test_an_injected_code_is_refused(bench: Bench) -> None:
    """Eve caught a code of Ann's and sends it as the answer to her own attempt, or the other way round."""
    for giver, taker in (("ann", "eve"), ("eve", "ann")):
        given, taken = bench.attempts.begin(bench.member(giver)), bench.attempts.begin(bench.member(taker))
        code = bench.answer(given.url)["code"]
        answer = {**bench.answer(taken.url), "code": code}
        assert refused(bench, answer, taken.browser) == "sign_in_failed"


def test_a_code_without_proof_key_is_refused(bench: Bench) -> None:
    """PKCE downgrade: the challenge is taken out of the address on its way to Microsoft."""
    ann = bench.attempts.begin(bench.member("ann"))
    url = changed(ann.url, code_challenge=None, code_challenge_method=None)
    assert refused(bench, bench.answer(url), ann.browser) == "sign_in_failed"


def test_a_code_with_a_plain_proof_key_is_refused(bench: Bench) -> None:
    """PKCE downgrade: the challenge, which everybody saw, is made to be the verifier."""
    ann = bench.attempts.begin(bench.member("ann"))
    url = changed(ann.url, code_challenge_method="plain")
    assert refused(bench, bench.answer(url), ann.browser) == "sign_in_failed"


def test_an_injected_code_is_refused_even_where_microsoft_ignores_the_verifier(bench: Bench) -> None:
    """A code asked for without a challenge fits every verifier then; the nonce is still another attempt's."""
    bench.remote.set_switches(unexpected_verifier="ignored")
    ann, eve = bench.attempts.begin(bench.member("ann")), bench.attempts.begin(bench.member("eve"))
    stripped = changed(eve.url, code_challenge=None, code_challenge_method=None)
    answer = {**bench.answer(ann.url), "code": bench.answer(stripped)["code"]}
    assert refused(bench, answer, ann.browser) == "sign_in_invalid"


@pytest.mark.parametrize("nonce", ["of-another-attempt", None])
def test_another_nonce_is_refused(bench: Bench, nonce: str | None) -> None:
    ann = bench.attempts.begin(bench.member("ann"))
    assert refused(bench, bench.answer(changed(ann.url, nonce=nonce)), ann.browser) == "sign_in_invalid"


@pytest.mark.parametrize("flaw", ["unsigned", "hmac", "signature", "kid", "iss", "aud", "exp", "tid"])
def test_an_unsigned_or_foreign_id_token_connects_nothing(bench: Bench, flaw: IdTokenFlaw) -> None:
    """MSAL looks at none of it."""
    ann = bench.attempts.begin(bench.member("ann"))
    answer = bench.answer(ann.url)
    bench.remote.flaw_next_id_token(flaw)
    assert refused(bench, answer, ann.browser) == "sign_in_invalid"


def test_another_persons_id_token_beside_tokens_of_ones_own_connects_nothing(bench: Bench) -> None:
    """A genuine ID token of Ann's, for the right app and even the right nonce, and Eve's refresh token."""
    eve = bench.attempts.begin(bench.member("eve"))
    answer = bench.answer(eve.url, PETRA)
    other = bench.answer(changed(eve.url, code_challenge=None, code_challenge_method=None), NADIA)
    bench.remote.set_switches(unexpected_verifier="ignored")
    flow = bench.encryption.decrypt(*sealed(attempt(bench, "eve")))
    cache = json.loads(bench.sign_in._flow.redeem(flow, other).cache)
    (genuine,) = (token["secret"] for token in cache["IdToken"].values())
    bench.remote.plant_id_token(genuine)
    assert refused(bench, answer, eve.browser) == "sign_in_invalid"


def sealed(row: Row[SignInAttempt]) -> tuple[str, ...]:
    """An encrypted flow, and what it is bound to."""
    value = row.value
    bound = (value.flow, "sign-in", row.partition, value.member, value.state_hash, value.browser_hash)
    return tuple(part or "" for part in bound)


def test_tokens_swapped_between_members_give_access_to_nothing(bench: Bench) -> None:
    """With the right to write in storage, Eve puts Ann's tokens where hers are."""
    ann, eve = bench.signed_in(NADIA), bench.signed_in(PETRA)
    bench.entry(member="ann").put(ann.cache)
    bench.entry(member="eve").put(eve.cache)
    row = bench.tables.tokens.get(bench.org, "ann|personal")
    assert row is not None
    bench.tables.tokens.put(bench.org, "eve|personal", row.value)
    with pytest.raises(ReconnectRequired, match="tokens_not_made_for_this"):
        bench.entry(member="eve").load()
    assert bench.entry(member="ann").load() == ann.cache


def test_tokens_rolled_back_to_another_account_give_access_to_nothing(bench: Bench) -> None:
    """Ann connected one account, then another; the row of the first is put back."""
    first, second = bench.signed_in(NADIA), bench.signed_in(PETRA)
    bench.entry(1).put(first.cache)
    row = bench.tables.tokens.get(bench.org, "ann|personal")
    assert row is not None
    bench.entry(2).put(second.cache)
    bench.tables.tokens.put(bench.org, row.key, row.value)
    with pytest.raises(ReconnectRequired, match="tokens_not_made_for_this"):
        bench.tokens(mailbox(second), 2).token(second.person.tenant_id)


def test_nothing_in_the_address_leads_the_browser_back_elsewhere(bench: Bench) -> None:
    url = bench.attempts.begin(bench.member()).url
    asked = parameters(url)
    assert asked["redirect_uri"].startswith("http://localhost:7071/")
    assert asked["state"].split("~")[0] == bench.org
