"""What a refused token request means; `error_codes` are AADSTS numbers.

https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shared.errors import AccessLost, CredentialRejected, MicrosoftError, ReconnectRequired, TryLater
from shared.model import TenantStatus

_CONSENT_MISSING = frozenset({700016, 7000229, 90002, 50177})
_APP_DISABLED = frozenset({7000112})
_BLOCKED = frozenset({53003, 501051})
_CREDENTIAL = frozenset({700027, 50012, 7000215, 7000222, 700024, 700211, 700212, 700213, 50013})
_PASSING = frozenset({50196, 90033, 90055})
"""Too many requests in a row, and Entra ID's own trouble, whatever `error` says beside them."""
_SIGN_IN_AGAIN = frozenset(
    {"invalid_grant", "interaction_required", "consent_required", "login_required", "unauthorized_client"}
)
_NUMBER = re.compile(r"AADSTS(\d{4,9})\b")


def token_error(result: Mapping[str, Any]) -> MicrosoftError:
    """The app's own token was refused."""
    codes = numbers(result)
    name = name_of(result)
    if codes & _CONSENT_MISSING:
        return AccessLost(TenantStatus.CONSENT_MISSING, name)
    if codes & _APP_DISABLED:
        return AccessLost(TenantStatus.APP_DISABLED, name)
    if codes & _BLOCKED:
        return AccessLost(TenantStatus.PERMISSION_MISSING, name)
    if codes & _CREDENTIAL:
        return CredentialRejected(name)
    return TryLater(name)


def personal_token_error(result: Mapping[str, Any]) -> MicrosoftError:
    """A token for a person's own account was refused: revoked, expired, or an access policy wants them to be there.

    What nobody knows is tried later: only a named cause may cost a member a visit to the sign-in page.
    """
    codes, error = numbers(result), result.get("error")
    if codes & _PASSING:
        return TryLater(name_of(result))
    if codes & _CREDENTIAL:
        return CredentialRejected(name_of(result))
    if error in _SIGN_IN_AGAIN or codes & (_CONSENT_MISSING | _APP_DISABLED | _BLOCKED):
        return ReconnectRequired(name_of(result))
    if error == "invalid_client":
        return CredentialRejected(name_of(result))
    return TryLater(name_of(result))


def numbers(result: Mapping[str, Any]) -> frozenset[int]:
    """The AADSTS numbers of an answer. What comes back through a browser has them only in its description."""
    if "error_codes" in result:
        return frozenset(result["error_codes"] or ())
    found = _NUMBER.match(str(result.get("error_description") or ""))
    return frozenset({int(found[1])} if found else ())


def name_of(result: Mapping[str, Any]) -> str:
    """A refusal in codes only."""
    codes = numbers(result)
    return ", ".join(f"AADSTS{code}" for code in sorted(codes)) or str(result.get("error"))
