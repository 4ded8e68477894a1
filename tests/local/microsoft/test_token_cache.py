"""MSAL's whole life with a signed-in user: flow, serialised cache, renewal, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msal
import pytest
import requests

from local.certificates import Certificates
from local.microsoft.browser import walk
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO, NORTHWIND
from local.microsoft.server import Simulator

from .conftest import CALENDARS, SIGN_IN, callback

NADIA, PETRA = "nadia.north@northwind-consulting.com", "petra.personal@outlook.com"
PEOPLE = {NADIA: NORTHWIND, PETRA: "outlook.com"}
Json = dict[str, Any]


@dataclass
class Client:
    """MSAL on `/common` that starts anew from its serialised cache at each call, as a process would."""

    make: Callable[[msal.SerializableTokenCache], msal.ConfidentialClientApplication]
    stored: str = ""
    writes: int = 0

    def connect(self, upn: str, scopes: list[str] = CALENDARS) -> Json:
        with_cache = self._load()
        app = self.make(with_cache)
        flow = json.loads(json.dumps(app.initiate_auth_code_flow(scopes, redirect_uri=SIGN_IN)))
        back = walk(flow["auth_uri"], upn)
        result: Json = self.make(with_cache).acquire_token_by_auth_code_flow(flow, callback(back.url))
        self._save(with_cache)
        return result

    def token(self, *, renew: bool = False, claims: str | None = None) -> Json:
        cache = self._load()
        app = self.make(cache)
        result: Json = app.acquire_token_silent_with_error(
            CALENDARS, app.get_accounts()[0], force_refresh=renew, claims_challenge=claims
        )
        self._save(cache)
        return result

    @property
    def refresh_token(self) -> str:
        (entry,) = json.loads(self.stored)["RefreshToken"].values()
        return str(entry["secret"])

    def _load(self) -> msal.SerializableTokenCache:
        cache = msal.SerializableTokenCache()
        cache.deserialize(self.stored or None)
        return cache

    def _save(self, cache: msal.SerializableTokenCache) -> None:
        if cache.has_state_changed:
            self.stored, self.writes = cache.serialize(), self.writes + 1


@pytest.fixture
def client(microsoft: Simulator, certificates: Certificates, session: requests.Session) -> Client:
    key, public = certificates.client.read_text(), certificates.client_public.read_text()

    def make(cache: msal.SerializableTokenCache) -> msal.ConfidentialClientApplication:
        return msal.ConfidentialClientApplication(
            CLIENT_ID,
            authority=f"{microsoft.https_url}/common",
            client_credential={"private_key": key, "public_certificate": public},
            instance_discovery=False,
            token_cache=cache,
            http_client=session,
        )

    return Client(make)


@pytest.fixture
def me(microsoft: Simulator, session: requests.Session) -> Callable[[str], requests.Response]:
    def get(token: str) -> requests.Response:
        return session.get(f"{microsoft.https_url}/v1.0/me", headers={"Authorization": f"Bearer {token}"})

    return get


@pytest.mark.parametrize("upn", PEOPLE)
def test_a_cache_that_was_serialised_serves_and_renews(
    client: Client, me: Callable[[str], requests.Response], upn: str
) -> None:
    first = client.connect(upn)
    cached = client.token()
    assert (cached["token_source"], cached["access_token"]) == ("cache", first["access_token"])
    before, writes = client.refresh_token, client.writes
    renewed = client.token(renew=True)
    assert renewed["token_source"] == "identity_provider"
    assert renewed["access_token"] != first["access_token"]
    assert (client.refresh_token != before, client.writes) == (True, writes + 1)
    assert me(renewed["access_token"]).json()["userPrincipalName"] == upn
    assert client.token(renew=True)["token_source"] == "identity_provider"


@pytest.mark.parametrize("upn", PEOPLE)
def test_an_access_token_that_runs_out_is_renewed_by_itself(client: Client, remote: Microsoft, upn: str) -> None:
    remote.set_switches(access_token_seconds=200)
    client.connect(upn)
    assert client.token()["token_source"] == "identity_provider"


@pytest.mark.parametrize("upn", PEOPLE)
def test_of_two_processes_that_renew_at_once_both_get_good_tokens(client: Client, upn: str) -> None:
    client.connect(upn)
    other = Client(client.make, client.stored)
    results = [c.token(renew=True) for c in (client, other, client, other)]
    assert [result["token_source"] for result in results] == ["identity_provider"] * 4
    assert client.refresh_token != other.refresh_token


@pytest.mark.parametrize("upn", PEOPLE)
def test_a_sign_in_used_now_and_then_lasts_and_one_left_alone_does_not(
    client: Client, remote: Microsoft, upn: str
) -> None:
    client.connect(upn)
    for _ in range(2):
        remote.advance(89 * 86_400)
        assert "access_token" in client.token(renew=True)
    remote.advance(91 * 86_400)
    assert client.token(renew=True)["error_codes"] == [700082]


ENDS: dict[str, tuple[Callable[[Microsoft, str, str], object], int, str]] = {
    "revoked": (lambda m, t, u: m.revoke_sign_ins(t, u), 50173, "bad_token"),
    "password reset by an admin": (lambda m, t, u: m.change_password(t, u, "admin"), 50173, "bad_token"),
    "disabled": (lambda m, t, u: m.change_user(t, u, account_enabled=False), 50057, ""),
    "deleted": (lambda m, t, u: m.delete_user(t, u), 50034, ""),
    "consent withdrawn": (lambda m, t, u: m.withdraw_consent(t, u), 65001, "consent_required"),
    "blocked": (lambda m, t, u: m.set_access_policy(t, u, "blocked"), 53003, "message_only"),
    "multi-factor": (lambda m, t, u: m.set_access_policy(t, u, "multi_factor"), 50076, "basic_action"),
    "sign-in frequency": (lambda m, t, u: m.set_access_policy(t, u, "sign_in_frequency"), 70043, "token_expired"),
    "password expired": (
        lambda m, t, u: m.set_access_policy(t, u, "password_expired"),
        50055,
        "user_password_expired",
    ),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("upn", PEOPLE)
def test_whatever_ends_a_sign_in_is_an_invalid_grant_that_says_why(
    client: Client, remote: Microsoft, upn: str, end: str
) -> None:
    client.connect(upn)
    happen, number, suberror = ENDS[end]
    happen(remote, PEOPLE[upn], upn)
    result = client.token(renew=True)
    assert (result["error"], result["error_codes"], result.get("suberror", "")) == (
        "invalid_grant",
        [number],
        suberror,
    )


@pytest.mark.parametrize(("switch", "ends"), [("reset_by_admin", False), ("any", True)])
def test_a_user_who_changes_the_own_password_stays_connected_unless_switched(
    client: Client, remote: Microsoft, switch: str, ends: bool
) -> None:
    remote.set_switches(password_change_revokes=switch)
    client.connect(NADIA)
    assert remote.change_password(NORTHWIND, NADIA) == ends
    assert ("error" in client.token(renew=True)) is ends


@pytest.mark.parametrize("demand", ["claims", "compliant_device"])
def test_a_challenge_brings_claims_and_signing_in_again_meets_it(
    client: Client, remote: Microsoft, demand: str
) -> None:
    client.connect(NADIA)
    remote.set_access_policy(NORTHWIND, NADIA, demand)  # type: ignore[arg-type]
    refused = client.token(renew=True)
    assert (refused["error"], "capolids" in refused["claims"]) == ("interaction_required", True)
    client.stored = ""
    client.connect(NADIA)
    assert client.token(renew=True)["token_source"] == "identity_provider"


def test_a_reconnection_makes_old_tokens_no_good_again(client: Client, remote: Microsoft) -> None:
    client.connect(NADIA)
    old = Client(client.make, client.stored)
    remote.set_access_policy(NORTHWIND, NADIA, "claims")
    client.connect(NADIA)
    assert (client.token(renew=True)["token_source"], old.token(renew=True)["error"]) == (
        "identity_provider",
        "interaction_required",
    )
    remote.lift_access_policy(NORTHWIND, NADIA)
    assert remote.sign_ins(NORTHWIND, NADIA)["demand"] is None


def test_cached_accounts_say_whose_they_are(client: Client) -> None:
    for upn in (PETRA, "adele.vance@contoso.com"):
        client.stored = ""
        result = client.connect(upn)
        (account,) = client.make(client._load()).get_accounts()
        claims = result["id_token_claims"]
        assert account["username"] == upn == claims["preferred_username"]
        assert account["home_account_id"] == f"{claims['oid']}.{claims['tid']}"
    assert claims["tid"] == CONTOSO
