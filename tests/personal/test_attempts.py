"""A member's way to Microsoft and back: it ends once, in time, where it began, and leaves nothing readable."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from shared.encryption import Encryption
from shared.errors import MemberRefusal, Refusal, TryLater
from shared.model import MemberKey
from shared.personal_attempts import LIFETIME
from tests.personal.conftest import ACCOUNTS, NADIA, PETRA, REDIRECT, Bench, mailbox, parameters

SECOND = timedelta(seconds=1)


def refused(bench: Bench, answer: dict[str, str], browser: str) -> str:
    with pytest.raises(Refusal) as raised:
        bench.attempts.finish(answer, browser)
    return raised.value.reason


@pytest.mark.parametrize("upn", ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_a_member_comes_back_with_their_account(bench: Bench, upn: str) -> None:
    departure = bench.attempts.begin(bench.member())
    arrival = bench.attempts.finish(bench.answer(departure.url, upn), departure.browser)
    assert arrival.member == bench.member()
    assert mailbox(arrival.account) == bench.account(upn)


def test_members_are_under_way_side_by_side(bench: Bench) -> None:
    started = {name: bench.attempts.begin(bench.member(name)) for name in ("ann", "ben")}
    for name, upn in (("ben", PETRA), ("ann", NADIA)):
        arrival = bench.attempts.finish(bench.answer(started[name].url, upn), started[name].browser)
        assert (arrival.member, arrival.account.person.username) == (bench.member(name), upn)


def test_members_of_the_same_name_in_two_organizations_are_two(bench: Bench) -> None:
    other = MemberKey(f"{bench.org}x", "ann")
    first, second = bench.attempts.begin(bench.member()), bench.attempts.begin(other)
    assert bench.attempts.finish(bench.answer(first.url), first.browser).member == bench.member()
    assert bench.attempts.finish(bench.answer(second.url), second.browser).member == other


def test_starting_anew_voids_the_attempt_before(bench: Bench) -> None:
    first, second = (bench.attempts.begin(bench.member()) for _ in range(2))
    assert refused(bench, bench.answer(first.url), first.browser) == "attempt_unknown"
    assert bench.attempts.finish(bench.answer(second.url), second.browser).member == bench.member()


@pytest.mark.parametrize(("later", "ends"), [(LIFETIME - SECOND, False), (LIFETIME, True)])
def test_it_must_end_within_a_quarter_of_an_hour(bench: Bench, later: timedelta, ends: bool) -> None:
    departure = bench.attempts.begin(bench.member())
    answer = bench.answer(departure.url)
    bench.now += later
    if ends:
        assert refused(bench, answer, departure.browser) == "attempt_unknown"
    else:
        assert bench.attempts.finish(answer, departure.browser).member == bench.member()


def test_a_refusal_ends_it_too(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    assert refused(bench, bench.answer(departure.url, accept=False), departure.browser) == "consent_declined"
    assert refused(bench, bench.answer(departure.url), departure.browser) == "attempt_unknown"


def test_an_answer_in_another_browser_leaves_it_to_the_right_one(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    answer = bench.answer(departure.url)
    for browser in ("", "x", "\udcff".encode(errors="replace").decode()):
        assert refused(bench, answer, browser) == "other_browser"
    assert bench.attempts.finish(answer, departure.browser).member == bench.member()


def test_of_one_answer_sent_twice_at_once_one_is_refused(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    answer, at_once = bench.answer(departure.url), Barrier(2)

    def finish(_: int) -> str:
        at_once.wait(10)
        try:
            return bench.attempts.finish(answer, departure.browser).member.member
        except Refusal as refusal:
            return refusal.reason

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(finish, range(2))) == ["ann", "attempt_unknown"]


def proven(bench: Bench, answer: dict[str, str], browser: str) -> tuple[MemberKey, bool] | None:
    """Whose attempt a refusal says it was, and whether it was theirs what came back."""
    with pytest.raises(Refusal) as raised:
        bench.attempts.finish(answer, browser)
    refusal = raised.value
    return (refusal.owner, refusal.is_theirs) if isinstance(refusal, MemberRefusal) else None


def test_a_refusal_says_whose_attempt_it_was_only_where_that_is_proven(bench: Bench) -> None:
    departure, ann = bench.attempts.begin(bench.member()), bench.member()
    answer = bench.answer(departure.url, accept=False)
    forged = {**answer, "state": answer["state"][:-4] + "AAAA"}
    assert proven(bench, forged, "x") is None
    assert proven(bench, forged, departure.browser) == (ann, False)
    assert proven(bench, answer, "x") == (ann, False)
    assert proven(bench, answer, departure.browser) == (ann, True)
    assert proven(bench, answer, departure.browser) is None


def test_an_attempt_that_came_too_late_is_still_its_members(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    answer = bench.answer(departure.url)
    bench.now += LIFETIME
    assert proven(bench, answer, departure.browser) == (bench.member(), True)
    bench.encryption = Encryption([b"n" * 32])
    assert proven(bench, answer, departure.browser) is None


NO_STATES = ["", "x", "a~b~c", "acme~0123456789ab~" + "S" * 43, "acme~0123456789ab~" + "S" * 43 + "\r\nX: y"]


@pytest.mark.parametrize("state", [None, *NO_STATES])
def test_a_state_nobody_made_is_unknown(bench: Bench, state: str | None) -> None:
    answer = {"code": "x"} if state is None else {"code": "x", "state": state}
    assert refused(bench, answer, "x") == "attempt_unknown"


def test_an_attempt_whose_key_is_lost_is_started_again(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    answer = bench.answer(departure.url)
    bench.encryption = Encryption([b"n" * 32])
    assert refused(bench, answer, departure.browser) == "attempt_unknown"
    again = bench.attempts.begin(bench.member())
    assert bench.attempts.finish(bench.answer(again.url), again.browser).member == bench.member()


def test_an_attempt_goes_on_while_keys_rotate(bench: Bench) -> None:
    departure = bench.attempts.begin(bench.member())
    answer = bench.answer(departure.url)
    bench.encryption = Encryption([b"n" * 32, b"t" * 32])
    assert bench.attempts.finish(answer, departure.browser).member == bench.member()


def test_nothing_is_kept_where_microsoft_is_away(bench: Bench) -> None:
    bench.remote.add_fault("discovery", status=503, times=None)
    with pytest.raises(TryLater):
        bench.attempts.begin(bench.member())
    assert bench.stored() == "[]"


def test_the_address_tells_microsoft_no_member(bench: Bench) -> None:
    url = bench.attempts.begin(bench.member("ann.smith@acme.example")).url
    assert "ann" not in url
    assert parameters(url)["redirect_uri"] == REDIRECT


def test_no_token_code_verifier_or_state_is_readable_in_tables_or_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """With everything logged that anybody could log."""
    caplog.set_level(logging.DEBUG)
    departure = bench.attempts.begin(bench.member())
    before = bench.stored()
    answer = bench.answer(departure.url)
    arrival = bench.attempts.finish(answer, departure.browser)
    bench.entry().put(arrival.account.cache)
    tokens = bench.tokens(mailbox(arrival.account))
    tokens.forget(arrival.account.person.tenant_id)
    renewed = tokens.token(arrival.account.person.tenant_id)
    bench.remote.revoke_sign_ins(*bench.account())
    grants = bench.microsoft.world.grants
    secrets = [
        *(answer["code"], answer["state"], departure.browser, renewed, parameters(departure.url)["nonce"]),
        *grants.refresh_tokens,
        *grants.codes,
        "code_verifier",
    ]
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp"))
    assert len(secrets) > 8
    assert [secret for secret in secrets if secret in before + bench.stored()] == []
    assert [secret for secret in secrets if secret in said] == []
    assert repr(departure).count(departure.browser) == 0


def test_an_answer_that_msal_cannot_read_is_not_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """MSAL would put all of it into its log."""
    caplog.set_level(logging.DEBUG)
    departure = bench.attempts.begin(bench.member())
    bench.remote.add_fault("token", status=200, body='{"access_token": "SECRET')
    assert refused(bench, bench.answer(departure.url), departure.browser) == "sign_in_failed"
    assert "SECRET" not in caplog.text
