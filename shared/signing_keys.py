"""Public keys that others sign their tokens with, fetched when needed and again when they rotate."""

from __future__ import annotations

import ssl

import jwt

LEEWAY_SECONDS = 60
"""How far the clocks of issuers and ours may differ."""


def key_set(jwks_url: str, ca_file: str | None = None) -> jwt.PyJWKClient:
    """The keys behind a JWKS address. An unknown key id causes at most one fetch per cooldown, whoever sends it."""
    context = ssl.create_default_context(cafile=ca_file)
    return jwt.PyJWKClient(jwks_url, ssl_context=context, lifespan=3600, timeout=5)


def issuer_of(key: jwt.PyJWK) -> str | None:
    """Whose tokens a key may sign, where its key set says so; Microsoft's `{tenantid}` stands for any tenant."""
    told = key._jwk_data.get("issuer")  # noqa: SLF001 - PyJWT shows what else a key set says in no other way
    return told if isinstance(told, str) else None
