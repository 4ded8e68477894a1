"""ID tokens that an attacker would send, ordered through the control API."""

from __future__ import annotations

import time

import jwt
import pytest

from local.microsoft.browser import walk
from local.microsoft.entra.flaws import signed_or_flawed
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator

from .conftest import ADELE, SIGN_IN, MsalApp, SignIn, authorize_url

FLAWS = ["signature", "kid", "unsigned", "hmac", "iss", "aud", "exp", "nonce", "no_nonce", "tid", "oid", "nbf"]


def problems(microsoft: Simulator, token: str, nonce: str) -> set[str]:
    """What a careful reader finds wrong."""
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    key = microsoft.world.keys.find(header.get("kid"))
    now = time.time()
    found = {
        "unsigned": header["alg"] == "none",
        "hmac": header["alg"] == "HS256",
        "kid": key is None and header["alg"] != "none",
        "iss": claims["iss"] != f"{microsoft.https_url}/{CONTOSO}/v2.0",
        "aud": claims["aud"] != CLIENT_ID,
        "exp": claims["exp"] < now,
        "nbf": claims["nbf"] > now + 60,
        "tid": claims["tid"] != CONTOSO,
        "oid": claims["oid"] not in microsoft.world.tenants[CONTOSO].users,
        "no_nonce": "nonce" not in claims,
        "nonce": claims.get("nonce", nonce) != nonce,
    }
    if key is not None and header["alg"] == "RS256":
        try:
            jwt.api_jws.decode(token, key.public, algorithms=["RS256"])
        except jwt.InvalidSignatureError:
            found["signature"] = True
    return {name for name, wrong in found.items() if wrong}


@pytest.mark.parametrize("flaw", FLAWS)
def test_an_ordered_flaw_spoils_one_field_of_one_id_token(microsoft: Simulator, remote: Microsoft, flaw: str) -> None:
    remote.flaw_next_id_token(flaw)  # type: ignore[arg-type]
    address = authorize_url(microsoft, response_type="id_token", response_mode="form_post", nonce="n1")
    tokens = [walk(address, ADELE).fields["id_token"] for _ in range(2)]
    assert [problems(microsoft, token, "n1") for token in tokens] == [{flaw}, set()]


@pytest.mark.parametrize("flaw", [flaw for flaw in FLAWS if "nonce" not in flaw])
def test_msal_hands_on_what_its_user_has_to_refuse(remote: Microsoft, msal_sign_in: SignIn, flaw: str) -> None:
    remote.flaw_next_id_token(flaw)  # type: ignore[arg-type]
    assert "access_token" in msal_sign_in()


@pytest.mark.parametrize("flaw", ["nonce", "no_nonce"])
def test_msal_refuses_a_nonce_that_is_not_its_own(remote: Microsoft, msal_sign_in: SignIn, flaw: str) -> None:
    remote.flaw_next_id_token(flaw)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="nonce"):
        msal_sign_in()


def test_the_id_token_of_somebody_elses_sign_in_can_be_planted(
    microsoft: Simulator, remote: Microsoft, msal_app: MsalApp, msal_sign_in: SignIn
) -> None:
    stolen = msal_sign_in("petra.personal@outlook.com", "common")["id_token"]
    app = msal_app("common")
    flow = app.initiate_auth_code_flow([], redirect_uri=SIGN_IN, response_mode="form_post")
    back = walk(flow["auth_uri"], ADELE).fields
    remote.plant_id_token(stolen)
    with pytest.raises(RuntimeError, match="nonce"):
        app.acquire_token_by_auth_code_flow(flow, back)
    assert problems(microsoft, msal_sign_in()["id_token"], "") == {"nonce"}


def test_a_public_key_verifies_what_it_signed_only_for_who_lets_the_token_choose(microsoft: Simulator) -> None:
    grants, key = microsoft.world.grants, microsoft.world.keys.current
    grants.flawed_id_token = "hmac"
    token = signed_or_flawed(grants, key, {"sub": "x", "tid": "t", "iss": "i", "iat": 0})
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(token, key.public, algorithms=["RS256"])
