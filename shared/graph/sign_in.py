"""Signing a person in with Microsoft, and believing only what a validated ID token says about them.

MSAL carries out the flow (PKCE, nonce) but since 1.38 validates nothing else, so signature, issuer against the
token's own tenant, audience, times and nonce are checked here.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jwt
import msal
import requests

from shared.errors import Refusal, TryLater
from shared.graph.credential import msal_credential
from shared.graph.tokens import GRAPH_SCOPE
from shared.settings import MicrosoftSettings
from shared.signing_keys import LEEWAY_SECONDS

# MSAL recommends a posted form; `begin` says why the query is right here.
warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning, module="msal")

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


class SignIn:
    """The sign-in and consent pages of Microsoft, and what comes back from them."""

    def __init__(self, settings: MicrosoftSettings, session: requests.Session, keys: jwt.PyJWKClient) -> None:
        self._settings = settings
        self._session = session
        self._keys = keys

    def begin(self, redirect_uri: str, state: str) -> tuple[str, str]:
        """Where to send the browser, and what `finish` needs, as JSON. Raises `TryLater`.

        The code comes back in the query: unlike a posted form that lets the browser send a `SameSite=Lax` cookie
        along, and a code is worthless without the verifier kept here.
        """
        try:
            flow = self._app().initiate_auth_code_flow(
                [], redirect_uri=redirect_uri, state=state, response_mode="query", prompt="select_account"
            )
        except (requests.RequestException, ValueError) as problem:
            raise TryLater(f"sign-in discovery: {type(problem).__name__}") from None
        return flow.pop("auth_uri"), json.dumps(flow)

    def finish(self, flow: str, answer: Mapping[str, str]) -> SignedIn:
        """Who signed in. Raises `Refusal` for anything that proves nobody, `TryLater` when Microsoft is away."""
        kept = json.loads(flow)
        try:
            result = self._app().acquire_token_by_auth_code_flow(kept, dict(answer))
        except ValueError:
            raise Refusal("sign_in_failed") from None
        except RuntimeError:
            # MSAL's word for an ID token with another nonce.
            raise Refusal("sign_in_invalid") from None
        except (requests.RequestException, msal.exceptions.MsalServiceError) as problem:
            raise TryLater(f"sign-in: {type(problem).__name__}") from None
        if "id_token" not in result:
            raise Refusal("sign_in_cancelled" if result.get("error") == "access_denied" else "sign_in_failed")
        return self._believe(result["id_token"], wire_nonce(kept["nonce"]))

    def consent_url(self, tenant_id: str, redirect_uri: str, state: str) -> str:
        """Where an admin grants the app's application permissions for this tenant.

        https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
        """
        query = {
            "client_id": self._settings.client_id,
            "scope": GRAPH_SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._settings.sign_in_url}/{tenant_id}/v2.0/adminconsent?{urlencode(query)}"

    def _believe(self, id_token: str, nonce: str) -> SignedIn:
        try:
            key = self._keys.get_signing_key_from_jwt(id_token)
        except jwt.PyJWKClientConnectionError:
            raise TryLater("Microsoft's keys cannot be fetched") from None
        except jwt.PyJWTError:
            raise Refusal("sign_in_invalid") from None
        return read_id_token(id_token, key, self._settings, nonce)

    def _app(self) -> Any:
        return msal.ConfidentialClientApplication(
            self._settings.client_id,
            authority=f"{self._settings.login_url}/organizations",
            client_credential=msal_credential(self._settings.credential),
            http_client=self._session,
            instance_discovery=False,
            exclude_scopes=["offline_access"],
        )


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
    issuer_agrees = claims["iss"] == f"{settings.login_url}/{tenant_id}/v2.0"
    if not issuer_agrees or not hmac.compare_digest(told, nonce.encode()):
        raise Refusal("sign_in_invalid")
    return _signed_in(claims, tenant_id, object_id)


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
