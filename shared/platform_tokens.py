"""The platform's signed tokens, each turned into a `Caller`.

Anything wrong with a token is answered the same way, so that a stranger learns nothing from trying.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from shared.callers import ID, Caller
from shared.errors import TryLater, Unauthenticated
from shared.model import Role
from shared.settings import PlatformSettings
from shared.signing_keys import LEEWAY_SECONDS

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Asymmetric only: a public key can never be taken for a shared secret."""


class PlatformTokens:
    """Reads callers from `Authorization` headers."""

    def __init__(self, platform: PlatformSettings, keys: jwt.PyJWKClient) -> None:
        self._platform = platform
        self._keys = keys

    def identify(self, authorization: str | None) -> Caller:
        """The caller a bearer token proves. Raises `Unauthenticated`, or `TryLater` while keys cannot be fetched."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send the platform's token as: Authorization: Bearer <token>")
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            return caller_from(verified_claims(token, key, self._platform))
        except jwt.PyJWKClientConnectionError:
            raise TryLater("the platform's keys cannot be fetched") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Unauthenticated("The token is not valid for this service.") from None


def verified_claims(token: str, key: jwt.PyJWK, platform: PlatformSettings) -> dict[str, Any]:
    """The token's claims once signature, issuer, audience and times hold. Raises `jwt.PyJWTError`."""
    return jwt.decode(
        token,
        key,
        algorithms=ALGORITHMS,
        issuer=platform.issuer,
        audience=platform.audience,
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "iat", "iss", "aud", "sub"], "verify_signature": True, "strict_aud": True},
    )


def caller_from(claims: Mapping[str, Any]) -> Caller:
    """The caller whom verified claims describe. Raises `ValueError` for claims of another shape."""
    org, subject, features = claims.get("org"), claims["sub"], claims.get("features", [])
    if not (isinstance(org, str) and ID.fullmatch(org) and ID.fullmatch(subject) and isinstance(features, list)):
        raise ValueError("not the platform's claims")
    return Caller(
        subject=subject,
        org=org,
        org_name=str(claims.get("org_name") or org),
        role=Role(str(claims.get("role"))),
        plan=str(claims.get("plan", "")),
        features=frozenset(map(str, features)),
    )
