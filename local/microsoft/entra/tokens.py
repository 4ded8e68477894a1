"""Tokens that Entra ID signs, and how Microsoft Graph reads the access tokens among them.

Graph's access tokens have the v1.0 format. What an app may do is written in the token (`roles`) until it expires:
a role taken away, or a service principal switched off, shows only in the next token. Times inside tokens are the
machine's unless `Switches.token_clock` says otherwise; `AccessToken.expires_at` is always in simulated time.
ID tokens are for clients alone, who judge them by the machine's clock.
https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

from local.microsoft.graph.errors import GraphError
from local.microsoft.world import World

GRAPH = "https://graph.microsoft.com"
REMEMBERED_TOKENS = 20_000


@dataclass(frozen=True)
class AccessToken:
    """Who calls Graph, and with which permissions."""

    tenant_id: str
    client_id: str
    kind: Literal["app", "user"]
    user_id: str | None
    """Object id of the signed-in user; None for an app by itself."""
    roles: frozenset[str]
    """Application permissions."""
    scopes: frozenset[str]
    """Delegated permissions."""
    expires_at: datetime
    session: str = ""
    """The sign-in it came of; empty for an app by itself."""
    answers_claims: bool = False
    """Whether it was issued in answer to a claims challenge."""


def token_time(world: World) -> float:
    """The time that tokens are stamped with and judged by, in seconds since 1970."""
    simulated = world.switches.token_clock != "real"  # noqa: S105 - not a password
    return world.clock.now().timestamp() if simulated else time.time()


def read_access_token(world: World, authorization: str | None) -> AccessToken:
    """The verified caller behind an `Authorization` header, or GraphError 401 InvalidAuthenticationToken."""
    text = _bearer(authorization)
    claims = world.keys.verified.get(text)
    if claims is None:
        claims = world.grants.opaque_tokens.get(text) or _verify(world, text)
        if len(world.keys.verified) >= REMEMBERED_TOKENS:
            world.keys.verified.clear()
        world.keys.verified[text] = claims
    seconds_left = claims["exp"] - token_time(world)
    if seconds_left <= 0:
        raise _refused("Lifetime validation failed, the token is expired.")
    if claims.get("sid") in world.grants.ended_sessions:
        raise _refused("The token has been revoked.")
    return _access_token(claims, world.clock.now() + timedelta(seconds=seconds_left))


def _bearer(authorization: str | None) -> str:
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise _refused("Access token is empty.")
    return text.strip()


def _verify(world: World, text: str) -> dict[str, Any]:
    try:
        key = world.keys.find(jwt.get_unverified_header(text).get("kid"))
        if key is None:
            raise _refused("Signing key is invalid.")
        # Time is judged by the caller, at every use of a remembered token.
        untimed: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(text, key.public, algorithms=["RS256"], audience=GRAPH, options=untimed)
    except jwt.InvalidAudienceError:
        raise _refused("Access token validation failure. Invalid audience.") from None
    except jwt.InvalidTokenError:
        raise _refused("CompactToken parsing failed.") from None
    if claims["tid"] not in world.tenants or claims["iss"] != f"https://sts.windows.net/{claims['tid']}/":
        raise _refused("Access token validation failure. Invalid issuer.")
    return claims


def _access_token(claims: dict[str, Any], expires_at: datetime) -> AccessToken:
    by_app = claims.get("idtyp") == "app"
    return AccessToken(
        tenant_id=claims["tid"],
        client_id=claims["appid"],
        kind="app" if by_app else "user",
        user_id=None if by_app else claims["oid"],
        roles=frozenset(claims.get("roles", ())),
        scopes=frozenset(claims.get("scp", "").split()),
        expires_at=expires_at,
        session=claims.get("sid", ""),
        answers_claims="acrs" in claims,
    )


def _refused(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message)
