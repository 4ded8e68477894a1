"""Client authentication without a secret: a JWT signed with a registered certificate, or by a managed identity.

Tolerant where Entra ID is: both algorithms, both thumbprint headers, padded thumbprints, fractional times and a
`jti` seen before. Times are judged by the machine's clock, because the client's library has no other.
https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local.microsoft.addresses import Addresses
from local.microsoft.entra.authority import find_authority
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.keys import base64url
from local.microsoft.world import AppRegistration, FederatedCredential, World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SKEW_SECONDS = 300


@dataclass(frozen=True)
class Certificate:
    """A registered certificate with the two names a client may call it by."""

    key: RSAPublicKey
    sha1: str
    sha256: str
    not_after: datetime


def authenticate(
    world: World, addresses: Addresses, app: AppRegistration, tenant_id: str, form: Mapping[str, str]
) -> None:
    """Make sure that the caller is `app`; EntraError `invalid_client` otherwise."""
    assertion = form.get("client_assertion")
    if assertion is None:
        raise _no_assertion(app, form)
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise EntraError(50027, "invalid_request", "JWT token is invalid or malformed.")
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError:
        raise EntraError(50027, "invalid_request", "JWT token is invalid or malformed.") from None
    if world.keys.find(header.get("kid")) is not None:
        _check_federated(world, app, assertion)
    else:
        claims = _signed_claims(world, app, assertion, header)
        _check_claims(world, addresses, app, tenant_id, claims)


def _no_assertion(app: AppRegistration, form: Mapping[str, str]) -> EntraError:
    if "client_secret" in form:
        text = f"Invalid client secret provided for app '{app.client_id}'."
        return EntraError(7000215, "invalid_client", text, 401)
    text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return EntraError(7000218, "invalid_client", text, 401)


def _signed_claims(world: World, app: AppRegistration, assertion: str, header: dict[str, Any]) -> dict[str, Any]:
    thumbprint = str(header.get("x5t#S256") or header.get("x5t") or "").rstrip("=")
    known = [read_certificate(pem) for pem in app.certificates]
    found = next((c for c in known if thumbprint in (c.sha1, c.sha256)), None)
    if found is None or not thumbprint:
        raise _bad_certificate("The key was not found.", thumbprint)
    if found.not_after < max(world.clock.now(), datetime.now(UTC)):
        raise _bad_certificate("The key used is expired.", thumbprint)
    try:
        return dict(jwt.decode(assertion, found.key, algorithms=["PS256", "RS256"], options=_SIGNATURE_ONLY))
    except jwt.InvalidTokenError:
        raise _bad_certificate("The key used to sign is not the expected one.", thumbprint) from None


_SIGNATURE_ONLY: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


def _check_claims(
    world: World, addresses: Addresses, app: AppRegistration, tenant_id: str, claims: dict[str, Any]
) -> None:
    if not claims.get("iss") == claims.get("sub") == app.client_id:
        text = "Client assertion must have 'iss' and 'sub' equal to the client id."
        raise EntraError(700021, "invalid_client", text, 401)
    if not _is_token_url(world, addresses, tenant_id, claims.get("aud")):
        text = "Client assertion audience claim does not match Realm issuer."
        raise EntraError(700023, "invalid_client", text, 401)
    now, expires = time.time(), float(claims.get("exp", 0))
    starts = float(claims.get("nbf", now))
    if expires < now - SKEW_SECONDS or starts > now + SKEW_SECONDS:
        text = "Client assertion is not within its valid time range."
        raise EntraError(700024, "invalid_client", text, 401)


def _is_token_url(world: World, addresses: Addresses, tenant_id: str, audience: Any) -> bool:
    """Whether the audience is a token URL of this tenant, by its id or one of its domains."""
    for base in (addresses.https, addresses.http, "https://login.microsoftonline.com"):
        name, _, rest = str(audience).removeprefix(f"{base}/").partition("/")
        if str(audience).startswith(f"{base}/") and rest in ("oauth2/v2.0/token", "v2.0"):
            try:
                tenant = find_authority(world, name).tenant
            except EntraError:
                return False
            return tenant_id in ("", name.lower()) or (tenant is not None and tenant.id == tenant_id)
    return False


def _check_federated(world: World, app: AppRegistration, assertion: str) -> None:
    """Compare issuer, subject and audience with the registered identities, each to the letter."""
    key = world.keys.find(jwt.get_unverified_header(assertion)["kid"])
    try:
        claims = jwt.decode(assertion, key.public if key else "", algorithms=["RS256"], options={"verify_aud": False})
    except jwt.InvalidTokenError:
        raise EntraError(700024, "invalid_client", "Client assertion is not valid.", 401) from None
    given = FederatedCredential(str(claims["iss"]), str(claims["sub"]), str(claims["aud"]))
    if given in app.federated_credentials:
        return
    known = app.federated_credentials
    if given.issuer not in {c.issuer for c in known}:
        raise _no_match(700211, f"issuer '{given.issuer}'")
    if given.audience not in {c.audience for c in known}:
        raise _no_match(700212, f"audience '{given.audience}'")
    raise _no_match(700213, f"subject '{given.subject}'")


def _no_match(number: int, what: str) -> EntraError:
    text = (
        f"No matching federated identity record found for presented assertion {what}. Check your federated identity "
        "credential Subject, Audience and Issuer against the presented assertion."
    )
    return EntraError(number, "invalid_client", text, 401)


def _bad_certificate(reason: str, thumbprint: str) -> EntraError:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - {reason}, Thumbprint of key used by client: '{thumbprint}']"
    )
    return EntraError(700027, "invalid_client", text, 401)


@lru_cache(maxsize=64)
def read_certificate(pem: bytes) -> Certificate:
    """Public key, thumbprints and end of a PEM certificate."""
    certificate = x509.load_pem_x509_certificate(pem)
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise TypeError("Entra ID takes RSA certificates only")
    sha1, sha256 = (base64url(certificate.fingerprint(h)) for h in (hashes.SHA1(), hashes.SHA256()))  # noqa: S303
    return Certificate(key, sha1, sha256, certificate.not_valid_after_utc)
