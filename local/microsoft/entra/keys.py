"""The keys Entra ID signs with: made on first use, rotated on demand, published as a JWKS.

https://learn.microsoft.com/en-us/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


def base64url(data: bytes) -> str:
    """Unpadded base64url, as JWT wants it."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class SigningKey:
    """One RSA key with the `kid` it is known by."""

    kid: str = field(default_factory=lambda: uuid4().hex)

    @cached_property
    def private(self) -> rsa.RSAPrivateKey:
        """The key itself; generated on first use because that takes a tenth of a second."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def public(self) -> rsa.RSAPublicKey:
        """The half that verifies."""
        return self.private.public_key()

    def sign(self, claims: dict[str, Any], kid: str | None = None) -> str:
        """An RS256 token of `claims`; another `kid` makes a header that lies."""
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": kid or self.kid})

    def jwk(self) -> dict[str, str]:
        """The public half as a JWKS entry."""
        numbers = self.public.public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
        exponent = numbers.e.to_bytes(3)
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "n": base64url(modulus),
            "e": base64url(exponent),
        }


@dataclass
class KeyRing:
    """The keys in force, newest last; the newest signs, all verify."""

    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey()])
    verified: dict[str, Any] = field(default_factory=dict)
    """Access tokens already verified, by their text: a benchmark sends the same token thousands of times."""

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        return self.keys[-1]

    def rotate(self, *, retire: bool = False) -> str:
        """A new signing key; `retire` also withdraws the old ones from the JWKS. Returns the new `kid`."""
        key = SigningKey()
        self.keys = [key] if retire else [*self.keys, key]
        self.verified.clear()
        return key.kid

    def find(self, kid: str | None) -> SigningKey | None:
        """The published key of this id."""
        return next((key for key in self.keys if key.kid == kid), None)

    def jwks(self) -> dict[str, Any]:
        """What `discovery/v2.0/keys` publishes."""
        return {"keys": [key.jwk() for key in self.keys]}
