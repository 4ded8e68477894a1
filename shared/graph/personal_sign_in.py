"""A member signs in with their own Microsoft account, of any tenant or none, and lets the app into their calendars.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import CredentialRejected, Refusal, TryLater
from shared.graph.code_flow import CodeFlow, Redeemed
from shared.graph.entra import COMMON, EntraHttp
from shared.graph.id_token import IdTokens, SignedIn
from shared.graph.personal_tokens import SCOPES
from shared.graph.token_errors import numbers, personal_token_error
from shared.settings import MicrosoftSettings

_ADMINISTRATORS_DECIDE = frozenset({90094, 90095, 90093, 50105, 65001, 7000112})
_DECLINED = frozenset({65004})
_OTHER_ACCOUNT = frozenset({50020, 50194, 53003, 700016, 9002331, 9002332})
_SPENT = frozenset({54005, 70008})
_CANCELLED = frozenset({"access_denied", "login_required"})


@dataclass(frozen=True)
class PersonalAccount:
    """Whose account it is, and what lets the app in from now on."""

    person: SignedIn
    cache: str = field(repr=False)
    """MSAL's token cache."""


class PersonalSignIn:
    """The sign-in page for everybody's own account, and what comes back from it."""

    def __init__(self, settings: MicrosoftSettings, http: EntraHttp, id_tokens: IdTokens) -> None:
        self._flow = CodeFlow(settings, http, COMMON, SCOPES)
        self._id_tokens = id_tokens

    def begin(self, redirect_uri: str, state: str) -> tuple[str, str]:
        """Where to send the browser, and what `finish` needs: PKCE verifier and nonce, to be kept secret.

        Raises `TryLater`.
        """
        return self._flow.begin(redirect_uri, state)

    def finish(self, flow: str, answer: Mapping[str, str]) -> PersonalAccount:
        """The account, proven by its ID token, with the tokens for its calendars.

        Raises `Refusal` for everything a person can do something about, `TryLater`, `CredentialRejected`.
        """
        redeemed = self._flow.redeem(flow, answer)
        if "id_token" not in redeemed.result:
            raise _failure(redeemed.result)
        person = self._id_tokens.believe(redeemed.result["id_token"], redeemed.nonce)
        reason = objection(person, redeemed)
        if reason is not None:
            raise Refusal(reason)
        return PersonalAccount(person, redeemed.cache)


def objection(person: SignedIn, redeemed: Redeemed) -> str | None:
    """Why tokens that were given to a proven person are of no use; None if they are."""
    if person.is_guest and not person.is_consumer:
        return "account_refused"
    if not _granted(redeemed.result) >= {scope.lower() for scope in SCOPES}:
        return "consent_declined"
    if not _is_of(person, redeemed.cache):
        return "sign_in_invalid"
    return None


def refused_because(result: Mapping[str, Any]) -> str:
    """Why Microsoft let nobody in, as a page can explain it.

    The numbers may change, so they choose between explanations and decide nothing else.
    """
    codes, error = numbers(result), result.get("error")
    if codes & _ADMINISTRATORS_DECIDE or error == "consent_required":
        return "approval_required"
    if codes & _DECLINED:
        return "consent_declined"
    if codes & _OTHER_ACCOUNT or error == "unauthorized_client":
        return "account_refused"
    if codes & _SPENT:
        return "code_spent"
    return "sign_in_cancelled" if error in _CANCELLED else "sign_in_failed"


def _failure(result: Mapping[str, Any]) -> Exception:
    """The page for the person, unless it is Microsoft's trouble or ours. What came by the browser accuses nobody."""
    if result.get("error") in ("server_error", "temporarily_unavailable"):
        return TryLater(str(result["error"]))
    meaning = personal_token_error(result) if "error_codes" in result else None
    return meaning if isinstance(meaning, CredentialRejected) else Refusal(refused_because(result))


def _granted(result: Mapping[str, Any]) -> set[str]:
    """Granted permissions in small letters, without the address of Graph that some answers put before them."""
    return {scope.rpartition("/")[2].lower() for scope in str(result.get("scope") or "").split()}


def _is_of(person: SignedIn, cache: str) -> bool:
    """Whether the refresh token is filed as the proven person's: MSAL goes by what stands beside the ID token."""
    tokens = json.loads(cache).get("RefreshToken", {}).values()
    return [token.get("home_account_id") for token in tokens] == [f"{person.object_id}.{person.tenant_id}"]
