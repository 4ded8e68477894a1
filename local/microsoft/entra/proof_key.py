"""Proof key for code exchange: the challenge of the authorize request, and the verifier that has to fit it.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow, RFC 7636
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

from local.microsoft.entra.errors import EntraError, invalid_grant
from local.microsoft.entra.grants import AuthorizationCode
from local.microsoft.entra.keys import base64url
from local.microsoft.switches import Switches

METHODS = {"", "plain", "S256"}
SHAPE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def check_challenge(challenge: str, method: str) -> EntraError | None:
    """What is wrong with an authorize request's challenge; None if nothing is, or there is none."""
    if method not in METHODS or (method and not challenge):
        return EntraError(501491, "invalid_request", "Unsupported or incomplete code_challenge.")
    if challenge and (SHAPE.fullmatch(challenge) is None or (method == "S256" and len(challenge) != 43)):
        return EntraError(501491, "invalid_request", "Invalid size of Code_Challenge parameter.")
    return None


def check_verifier(code: AuthorizationCode, verifier: str | None, switches: Switches) -> None:
    """EntraError `invalid_grant` unless the verifier is the code's own; one too many is refused as well."""
    if code.challenge is None:
        if verifier and switches.unexpected_verifier == "refused":
            raise _mismatch()
        return
    if not verifier:
        text = "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."
        raise invalid_grant(50148, text)
    if SHAPE.fullmatch(verifier) is None or not _proves(verifier, code.challenge, code.challenge_method):
        raise _mismatch()


def _proves(verifier: str, challenge: str, method: str) -> bool:
    digest = base64url(sha256(verifier.encode()).digest()) if method == "S256" else verifier
    return hmac.compare_digest(digest, challenge)


def _mismatch() -> EntraError:
    text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
    return invalid_grant(501481, text)
