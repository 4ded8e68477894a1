"""Proof key for code exchange, and codes that come twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
import requests

from local.microsoft.entra.keys import base64url
from local.microsoft.remote import Microsoft, sign_in
from local.microsoft.server import Simulator

from .conftest import ADELE, authorize_url, callback

RIGHT, WRONG = "right" * 10, "wrong" * 10
HASHED = base64url(hashlib.sha256(RIGHT.encode()).digest())
Redeem = Callable[..., requests.Response]


def code_for(microsoft: Simulator, **parameters: str) -> str:
    return callback(sign_in(authorize_url(microsoft, **parameters), ADELE))["code"]


def outcome(answer: requests.Response) -> int | list[int]:
    return 200 if answer.status_code == 200 else answer.json()["error_codes"]


@pytest.mark.parametrize(("method", "challenge"), [("S256", HASHED), ("plain", RIGHT), ("", RIGHT)])
@pytest.mark.parametrize(
    ("verifier", "expected"),
    [(RIGHT, 200), (WRONG, [501481]), (HASHED, [501481]), ("short", [501481]), ("", [50148]), (None, [50148])],
)
def test_a_challenge_wants_its_verifier(
    microsoft: Simulator, redeem: Redeem, method: str, challenge: str, verifier: str | None, expected: int | list[int]
) -> None:
    methods = {"code_challenge_method": method} if method else {}
    code = code_for(microsoft, code_challenge=challenge, **methods)
    given = {} if verifier is None else {"code_verifier": verifier}
    assert outcome(redeem(code=code, **given)) == expected


def test_a_refused_verifier_does_not_spend_the_code(microsoft: Simulator, redeem: Redeem) -> None:
    code = code_for(microsoft, code_challenge=HASHED, code_challenge_method="S256")
    assert outcome(redeem(code=code, code_verifier=WRONG)) == [501481]
    assert outcome(redeem(code=code, code_verifier=RIGHT)) == 200


@pytest.mark.parametrize(("switch", "expected"), [("refused", [501481]), ("ignored", 200)])
def test_a_verifier_for_a_code_without_challenge_is_refused_unless_switched(
    microsoft: Simulator, remote: Microsoft, redeem: Redeem, switch: str, expected: int | list[int]
) -> None:
    remote.set_switches(unexpected_verifier=switch)
    assert outcome(redeem(code=code_for(microsoft), code_verifier=RIGHT)) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"code_challenge": "x" * 42, "code_challenge_method": "plain"},
        {"code_challenge": "x" * 44, "code_challenge_method": "S256"},
        {"code_challenge": "ä" * 43, "code_challenge_method": "S256"},
        {"code_challenge": HASHED, "code_challenge_method": "s256"},
    ],
)
def test_a_challenge_of_the_wrong_shape_is_refused_at_once(microsoft: Simulator, parameters: dict[str, str]) -> None:
    back = callback(sign_in(authorize_url(microsoft, **parameters), ADELE))
    assert back["error"] == "invalid_request"
    assert "AADSTS501491" in back["error_description"]


@pytest.mark.parametrize(("switch", "expected"), [("refused", 200), ("revokes", [50173])])
def test_a_code_that_comes_twice_is_refused_and_may_end_what_it_gave(
    microsoft: Simulator,
    remote: Microsoft,
    redeem: Redeem,
    session: requests.Session,
    switch: str,
    expected: int | list[int],
) -> None:
    remote.set_switches(code_reuse=switch)
    code = code_for(microsoft, scope="openid offline_access User.Read")
    given = redeem(code=code).json()
    assert outcome(redeem(code=code)) == [54005]
    assert outcome(redeem(grant_type="refresh_token", refresh_token=given["refresh_token"])) == expected
    me = session.get(f"{microsoft.https_url}/v1.0/me", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert me.status_code == (200 if expected == 200 else 401)
