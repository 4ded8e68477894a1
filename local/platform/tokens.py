"""The platform's signed tokens, and the public key that verifies them."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from jwt.algorithms import RSAAlgorithm

from local.microsoft.organization import Member, Organization

AUDIENCE = "outlook-connection"
LIFETIME = timedelta(hours=8)
SERVICE = "platform-backend"
"""The name of the platform's own backend in its tokens."""


class Signer:
    """Signs claims with the platform's RSA key."""

    def __init__(self, key_pem: bytes) -> None:
        key = load_pem_private_key(key_pem, None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the platform's key must be an RSA key")
        self._key = key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = hashlib.sha256(public).hexdigest()[:16]

    def sign(self, claims: dict[str, Any]) -> str:
        """An RS256 JWT."""
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def key_set(self) -> dict[str, Any]:
        """The JWKS document (RFC 7517)."""
        key = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": self._key_id, "use": "sig", "alg": "RS256"}]}


def claims_of(organization: Organization, role: str, member: Member | None, issuer: str) -> dict[str, Any]:
    """What the platform says about a person, or about its backend where there is no member."""
    now = int(time.time())
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + int(LIFETIME.total_seconds()),
        "sub": member.id if member else SERVICE,
        "name": member.name if member else SERVICE,
        "org": organization.id,
        "org_name": organization.name,
        "role": role,
        "plan": organization.plan,
        "features": list(organization.features),
    }
