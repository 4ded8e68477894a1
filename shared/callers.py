"""Who is calling: the platform's signed token, turned into a `Caller`, and what a caller may do.

Anything wrong with a token is answered the same way, so that a stranger learns nothing from trying.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from shared.errors import Forbidden, NotFound, TryLater, Unauthenticated
from shared.model import Role
from shared.settings import PlatformSettings
from shared.signing_keys import LEEWAY_SECONDS

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Asymmetric only: a public key can never be taken for a shared secret."""
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}")
"""What organization and member ids look like; such ids are safe as storage keys."""


@dataclass(frozen=True)
class Caller:
    """Somebody who proved who they are."""

    subject: str
    """A member id, or the name of the platform's backend."""
    org: str
    org_name: str
    role: Role
    plan: str
    features: frozenset[str]

    def require_admin(self, platform: PlatformSettings) -> None:
        """Only owners and admins, and only with the plan and feature that include this. Raises `Forbidden`."""
        if self.role not in (Role.OWNER, Role.ADMIN):
            raise Forbidden("Only an owner or admin of the organization may do this.")
        if self.plan not in platform.entitled_plans:
            raise Forbidden("The organization's plan does not include the admin-managed Outlook connection.")
        if platform.entitled_feature not in self.features:
            raise Forbidden("The admin-managed Outlook connection is not switched on for the organization.")

    def require_service(self) -> None:
        """Only the platform's backend. Raises `Forbidden`."""
        if self.role is not Role.SERVICE:
            raise Forbidden("Only the platform's backend may do this.")

    def require_may_read(self, member: str) -> None:
        """The platform's backend, an admin, or the member about themselves.

        Others get `NotFound`, which does not tell whether there is such a member.
        """
        if self.role is Role.USER and self.subject != member:
            raise NotFound("There is no such member.")


class Callers:
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
