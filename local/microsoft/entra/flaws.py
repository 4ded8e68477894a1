"""ID tokens as an attacker would send them: right in everything but one thing."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.microsoft.entra.grants import Grants, IdTokenFlaw
from local.microsoft.entra.keys import SigningKey, base64url


def signed_or_flawed(grants: Grants, key: SigningKey, claims: dict[str, Any]) -> str:
    """An ID token of these claims; or what was ordered in place of the next one, once."""
    planted, grants.planted_id_token = grants.planted_id_token, None
    flaw, grants.flawed_id_token = grants.flawed_id_token, None
    if planted is not None:
        return planted
    return key.sign(claims) if flaw is None else _flawed(key, claims, flaw)


def _flawed(key: SigningKey, claims: dict[str, Any], flaw: IdTokenFlaw) -> str:
    if flaw == "kid":
        return key.sign(claims, kid="not-a-published-key")
    if flaw == "signature":
        return SigningKey(kid=key.kid).sign(claims)
    if flaw == "unsigned":
        return _text({"alg": "none", "typ": "JWT"}, claims) + "."
    if flaw == "hmac":
        return _signed_with_the_public_key(key, claims)
    return key.sign(_wrong(claims, flaw))


def _signed_with_the_public_key(key: SigningKey, claims: dict[str, Any]) -> str:
    """HS256 with the published key as its secret: good for who lets the token choose the algorithm."""
    text = _text({"alg": "HS256", "typ": "JWT", "kid": key.kid}, claims)
    secret = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{text}.{base64url(hmac.digest(secret, text.encode(), sha256))}"


def _text(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))


def _wrong(claims: dict[str, Any], flaw: IdTokenFlaw) -> dict[str, Any]:
    """The claims with one of them wrong. A foreign `tid` leaves `iss` as it was."""
    if flaw == "no_nonce":
        return {name: value for name, value in claims.items() if name != "nonce"}
    other = str(uuid4())
    wrong: dict[str, Any] = {
        "iss": claims["iss"].replace(claims["tid"], other),
        "aud": other,
        "exp": claims["iat"] - 7200,
        "nbf": claims["iat"] + 7200,
        "nonce": "not-the-nonce",
        "tid": other,
        "oid": other,
    }
    return claims | {flaw: wrong[flaw]}
