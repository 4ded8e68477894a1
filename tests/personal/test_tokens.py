"""Access tokens for a member's own account: renewed and kept, void for good or for a while, and never a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from local.microsoft.entra.challenges import ANSWERS
from local.microsoft.entra.managed_identity import answer_identity_request
from local.microsoft.registration import IDENTITY_CLIENT_ID
from local.microsoft.sample import NORTHWIND
from shared.errors import CredentialRejected, MicrosoftError, ReconnectRequired, TryLater
from shared.graph.credential import EXCHANGE_AUDIENCE
from shared.graph.personal_tokens import PersonalTokens
from shared.graph.token_errors import personal_token_error
from shared.model import MailboxKey
from shared.settings import CredentialSettings
from tests.graph.conftest import Answer, running
from tests.personal.conftest import ACCOUNTS, NADIA, PETRA, Bench


def token(tokens: PersonalTokens, bench: Bench, upn: str = NADIA) -> str:
    return tokens.token(bench.tenant(upn))


def expire(bench: Bench) -> None:
    """Access tokens given from now on are as good as run out."""
    bench.remote.set_switches(access_token_seconds=60)


def code(tokens: PersonalTokens, bench: Bench, upn: str = NADIA) -> str:
    with pytest.raises(ReconnectRequired) as raised:
        token(tokens, bench, upn)
    return raised.value.code


@pytest.mark.parametrize("upn", ACCOUNTS.values(), ids=ACCOUNTS.keys())
def test_the_token_of_the_sign_in_is_used_while_it_lasts_and_then_renewed(bench: Bench, upn: str) -> None:
    tokens = bench.connected(upn)
    first = token(tokens, bench, upn)
    assert token(bench.tokens(bench.account(upn)), bench, upn) == first
    assert bench.token_requests() == 1
    tokens.forget(bench.tenant(upn))
    renewed = token(tokens, bench, upn)
    assert bench.token_requests() == 2
    assert (renewed != first, bench.calendars(renewed)) == (True, 200)


def test_what_was_renewed_is_kept_for_the_next_worker(bench: Bench) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    renewed = token(tokens, bench)
    assert token(bench.tokens(bench.account()), bench) == renewed
    assert bench.token_requests() == 2


def test_a_token_that_graph_took_is_not_renewed_again(bench: Bench) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    assert token(tokens, bench) == token(tokens, bench)
    assert bench.token_requests() == 2


def test_two_workers_that_renew_at_once_both_go_on_and_so_does_a_third(bench: Bench) -> None:
    expire(bench)
    workers = [bench.connected(), bench.tokens(bench.account())]
    at_once = Barrier(2)

    def renew(worker: PersonalTokens) -> str:
        at_once.wait(10)
        return token(worker, bench)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(renew, workers))
    assert [bench.calendars(one) for one in found] == [200, 200]
    assert len(set(found)) == 2
    for worker in (*workers, bench.tokens(bench.account())):
        assert bench.calendars(token(worker, bench)) == 200


def test_many_threads_of_one_worker_renew_once(bench: Bench) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(lambda _: token(tokens, bench), range(12)))) == 1
    assert bench.token_requests() == 2


def test_microsofts_addresses_are_asked_for_once_for_all_connections(bench: Bench) -> None:
    for upn in (NADIA, PETRA):
        tokens = bench.connected(upn)
        tokens.forget(bench.tenant(upn))
        token(tokens, bench, upn)
    assert len(bench.remote.requests("openid-configuration")) == 1


VOID: dict[str, tuple[Callable[[Bench], Any], str]] = {
    "revoked": (lambda b: b.remote.revoke_sign_ins(NORTHWIND, NADIA), "AADSTS50173"),
    "expired": (lambda b: b.remote.advance(91 * 86400), "AADSTS700082"),
    "the account is switched off": (
        lambda b: b.remote.change_user(NORTHWIND, NADIA, account_enabled=False),
        "AADSTS50057",
    ),
    "the account is gone": (lambda b: b.remote.delete_user(NORTHWIND, NADIA), "AADSTS50034"),
    "consent withdrawn": (lambda b: b.remote.withdraw_consent(NORTHWIND, NADIA), "AADSTS65001"),
    "password reset by an administrator": (
        lambda b: b.remote.change_password(NORTHWIND, NADIA, by="admin"),
        "AADSTS50173",
    ),
    "the app is switched off in the tenant": (
        lambda b: b.remote.revoke_consent(NORTHWIND, "disabled"),
        "AADSTS7000112",
    ),
    **{
        demand: (
            lambda b, demand=demand: b.remote.set_access_policy(NORTHWIND, NADIA, demand),
            f"AADSTS{answer.number}",
        )
        for demand, answer in ANSWERS.items()
    },
}


@pytest.mark.parametrize(("happens", "name"), VOID.values(), ids=VOID.keys())
def test_what_only_the_member_can_mend_is_asked_about_once_and_named(
    bench: Bench, happens: Callable[[Bench], Any], name: str
) -> None:
    tokens = bench.connected()
    happens(bench)
    tokens.forget(NORTHWIND)
    before = bench.token_requests()
    assert code(tokens, bench) == name
    assert bench.token_requests() == before + 1


@pytest.fixture
def managed_identity(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The app proves itself by an identity whose token stays the same for hours, as it does on Azure."""
    world = bench.microsoft.world
    query = {"api-version": "1", "resource": EXCHANGE_AUDIENCE, "client_id": IDENTITY_CLIENT_ID}
    same = Answer(answer_identity_request(world, world.identity_header, query)[1])
    bench.settings = replace(bench.settings, credential=CredentialSettings(federated_identity=IDENTITY_CLIENT_ID))
    for endpoint in running():
        endpoint.answers = [same] * 50
        monkeypatch.setenv("IDENTITY_ENDPOINT", endpoint.url)
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        yield


@pytest.mark.usefixtures("managed_identity")
def test_an_account_that_recovers_is_not_kept_out_by_a_memory_of_the_refusal(bench: Bench) -> None:
    """MSAL alone would repeat the refusal for a minute, and the connection would be given up again."""
    tokens = bench.connected()
    bench.remote.change_user(NORTHWIND, NADIA, account_enabled=False)
    tokens.forget(NORTHWIND)
    assert code(tokens, bench) == "AADSTS50057"
    bench.remote.change_user(NORTHWIND, NADIA, account_enabled=True)
    assert bench.calendars(token(tokens, bench)) == 200


@pytest.mark.parametrize("happens", ["revoked", "multi_factor", "claims", "consent withdrawn"])
def test_connecting_again_restores_everything(bench: Bench, happens: str) -> None:
    tokens = bench.connected()
    VOID[happens][0](bench)
    tokens.forget(NORTHWIND)
    code(tokens, bench)
    again = bench.connected(generation=2)
    again.forget(NORTHWIND)
    assert bench.calendars(token(again, bench)) == 200
    assert code(bench.tokens(bench.account(), generation=1), bench) == "tokens_not_made_for_this"


def test_a_password_that_the_person_changed_changes_nothing(bench: Bench) -> None:
    tokens = bench.connected()
    bench.remote.change_password(NORTHWIND, NADIA)
    tokens.forget(NORTHWIND)
    assert bench.calendars(token(tokens, bench)) == 200


PASSING = {
    "throttled": ({"status": 429, "retry_after": 17}, timedelta(seconds=17)),
    "throttled, without a word about when": ({"status": 429}, None),
    "away": ({"status": 503, "retry_after": 17}, timedelta(seconds=17)),
    "a page of a gateway": ({"status": 502, "html": True}, None),
    "a page with status 400": ({"status": 400, "html": True}, None),
    "a page with status 200": ({"status": 200, "html": True}, None),
    "too many requests in a row": ({"status": 400, "code": "invalid_grant", "error_number": 50196}, None),
    "an error nobody knows": ({"status": 400, "code": "unheard_of", "error_number": 99}, None),
    "reset": ({"reset": True}, None),
}


@pytest.mark.parametrize(("fault", "wait"), PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_tried_later_and_costs_the_member_nothing(
    bench: Bench, fault: dict[str, Any], wait: timedelta | None
) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    bench.remote.add_fault("token", **fault)
    with pytest.raises(TryLater) as raised:
        token(tokens, bench)
    assert raised.value.retry_after == wait
    assert bench.calendars(token(tokens, bench)) == 200


def test_addresses_that_cannot_be_had_are_asked_for_again(bench: Bench) -> None:
    account = bench.signed_in()
    bench.entry().put(account.cache)
    bench.http._documents.clear()
    for fault in ({"status": 503}, {"status": 200, "html": True}, {"status": 404, "html": True}):
        bench.remote.add_fault("discovery", **fault)
        with pytest.raises(TryLater):
            token(bench.tokens(bench.account()), bench)
    assert token(bench.tokens(bench.account()), bench)


def test_an_answer_that_got_lost_leaves_the_refresh_token_good(bench: Bench) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    bench.remote.add_fault("token", after_write=True, reset=True)
    with pytest.raises(TryLater):
        token(tokens, bench)
    assert bench.calendars(token(tokens, bench)) == 200


def test_a_token_that_is_still_good_is_used_while_microsoft_is_away(bench: Bench) -> None:
    bench.remote.set_switches(refresh_in_seconds=0)
    tokens = bench.connected()
    bench.remote.add_fault("token", status=503, times=None)
    assert bench.calendars(token(tokens, bench)) == 200


def test_our_own_credential_refused_is_not_the_members_fault(bench: Bench) -> None:
    tokens = bench.connected()
    tokens.forget(NORTHWIND)
    bench.remote.change_app(certificates=[])
    with pytest.raises(CredentialRejected):
        token(tokens, bench)


def test_tokens_that_are_somebody_elses_are_not_used(bench: Bench) -> None:
    bench.connected()
    other = MailboxKey(NORTHWIND, "7c5f0000-0000-4000-8000-00000000abcd")
    assert code(bench.tokens(other), bench) == "no_refresh_token"


def test_no_token_is_given_for_another_tenant(bench: Bench) -> None:
    with pytest.raises(ValueError, match="another tenant"):
        token(bench.connected(), bench, PETRA)


def test_a_connection_without_tokens_asks_microsoft_nothing(bench: Bench) -> None:
    assert code(bench.tokens(bench.account()), bench) == "tokens_missing"
    assert bench.token_requests() == 0


RECONNECT, LATER, OURS = ReconnectRequired, TryLater, CredentialRejected
RESULTS = {
    "revoked": ({"error": "invalid_grant", "error_codes": [50173]}, RECONNECT),
    "without a number": ({"error": "invalid_grant"}, RECONNECT),
    "a number nobody knows": ({"error": "invalid_grant", "error_codes": [1]}, RECONNECT),
    "an access policy": ({"error": "interaction_required", "error_codes": [50076], "claims": "{}"}, RECONNECT),
    "consent": ({"error": "consent_required"}, RECONNECT),
    "sign-in": ({"error": "login_required"}, RECONNECT),
    "the app is gone from the tenant": ({"error": "unauthorized_client", "error_codes": [700016]}, RECONNECT),
    "the app is gone, told otherwise": ({"error": "invalid_client", "error_codes": [7000229]}, RECONNECT),
    "the tenant is gone": ({"error": "invalid_request", "error_codes": [90002]}, RECONNECT),
    "our certificate": ({"error": "invalid_client", "error_codes": [700027]}, OURS),
    "our assertion, said to be a grant": ({"error": "invalid_grant", "error_codes": [700024]}, OURS),
    "our client": ({"error": "invalid_client"}, OURS),
    "a loop": ({"error": "invalid_grant", "error_codes": [50196]}, LATER),
    "trouble": ({"error": "temporarily_unavailable", "error_codes": [90033]}, LATER),
    "a request that is wrong": ({"error": "invalid_request", "error_codes": [900144]}, LATER),
    "nothing": ({}, LATER),
}


@pytest.mark.parametrize(("result", "kind"), RESULTS.values(), ids=RESULTS.keys())
def test_what_a_refused_renewal_means(result: dict[str, Any], kind: type[MicrosoftError]) -> None:
    problem = personal_token_error({**result, "error_description": "private"})
    assert type(problem) is kind
    assert "private" not in repr(problem)
