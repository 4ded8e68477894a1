"""Believing only what a validated ID token says about a person.

MSAL checks the nonce and, since 1.38, nothing else; so signature, issuer against the token's own tenant, audience,
times and nonce are checked here.
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from shared.errors import Refusal, TryLater
from shared.settings import MicrosoftSettings
from shared.signing_keys import LEEWAY_SECONDS, issuer_of

PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of consumer accounts, which no organization owns."""

MAY_CONSENT = frozenset(
    {
        "62e90394-69f5-4237-9190-012177145e10",  # Global Administrator
        "e8611ab8-c189-46e8-94e1-60213ab1f814",  # Privileged Role Administrator
    }
)
"""Role templates that can grant application permissions of Microsoft Graph.
https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
"""


@dataclass(frozen=True)
class SignedIn:
    """What a valid ID token proves."""

    tenant_id: str
    object_id: str
    name: str
    username: str
    """For people to recognise and for a guess at the domain; never identity."""
    is_guest: bool
    roles: frozenset[str]
    """Role template ids."""

    @property
    def may_consent(self) -> bool:
        """Whether this person can grant application permissions for the tenant."""
        return not self.is_guest and bool(self.roles & MAY_CONSENT)

    @property
    def is_consumer(self) -> bool:
        """Whether this is a personal Microsoft account, of no company."""
        return self.tenant_id == PERSONAL_ACCOUNTS


class IdTokens:
    """Reads ID tokens with the keys they are signed with."""

    def __init__(self, settings: MicrosoftSettings, keys: jwt.PyJWKClient) -> None:
        self._settings = settings
        self._keys = keys

    def believe(self, id_token: str, nonce: str) -> SignedIn:
        """The person a token proves. Raises `Refusal("sign_in_invalid")`, and `TryLater` where no keys can be had."""
        try:
            key = self._keys.get_signing_key_from_jwt(id_token)
        except jwt.PyJWKClientConnectionError:
            raise TryLater("Microsoft's keys cannot be fetched") from None
        except jwt.PyJWTError:
            raise Refusal("sign_in_invalid") from None
        return read_id_token(id_token, key, self._settings, nonce)


def wire_nonce(nonce: str) -> str:
    """The nonce as MSAL sends it, and as the ID token must repeat it."""
    return hashlib.sha256(nonce.encode("ascii")).hexdigest()


def read_id_token(id_token: str, key: jwt.PyJWK, settings: MicrosoftSettings, nonce: str) -> SignedIn:
    """The person an ID token proves. Raises `Refusal("sign_in_invalid")` if a single check fails."""
    try:
        claims = jwt.decode(
            id_token,
            key,
            algorithms=["RS256"],
            audience=settings.client_id,
            leeway=LEEWAY_SECONDS,
            options={
                "require": ["exp", "iat", "nbf", "iss", "aud", "tid", "oid", "nonce"],
                "verify_signature": True,
                "strict_aud": True,
            },
        )
        tenant_id, object_id = str(uuid.UUID(claims["tid"])), str(uuid.UUID(claims["oid"]))
        told = str(claims["nonce"]).encode()
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise Refusal("sign_in_invalid") from None
    issuer = f"{settings.login_url}/{tenant_id}/v2.0"
    if claims["iss"] != issuer or not _may_sign(key, issuer, tenant_id):
        raise Refusal("sign_in_invalid")
    if not hmac.compare_digest(told, nonce.encode()):
        raise Refusal("sign_in_invalid")
    return _signed_in(claims, tenant_id, object_id)


def _may_sign(key: jwt.PyJWK, issuer: str, tenant_id: str) -> bool:
    """Whether the key set lets this key sign for the tenant: keys of consumer accounts must not sign for companies.

    https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signing-key-issuer
    """
    told = issuer_of(key)
    return told is None or told.replace("{tenantid}", tenant_id) == issuer


def _signed_in(claims: Mapping[str, Any], tenant_id: str, object_id: str) -> SignedIn:
    """Guests carry the `idp` of another tenant, or the account claim `acct` 1, or an #EXT# name."""
    username = str(claims.get("preferred_username") or "")
    foreign = "idp" in claims and tenant_id not in str(claims["idp"]).lower()
    roles = claims.get("wids")
    return SignedIn(
        tenant_id=tenant_id,
        object_id=object_id,
        name=str(claims.get("name") or username),
        username=username,
        is_guest=foreign or claims.get("acct") == 1 or "#ext#" in username.lower(),
        roles=frozenset(map(str, roles)) if isinstance(roles, list) else frozenset(),
    )
