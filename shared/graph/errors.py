"""Graph's error answers, mapped once to what the caller decides on.

Branches on the status and on `error.code`, compared without case, never on the message.
https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.errors import (
    AccessLost,
    AlreadySubscribed,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    StartOver,
    TryLater,
)
from shared.model import ConnectionStatus, TenantStatus

_SYNC_STATE_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_NO_MAILBOX = frozenset({"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"})
_LONGEST_WAIT = timedelta(hours=1)


def error_for(status: int, headers: Mapping[str, str], body: Any) -> MicrosoftError:
    """The error an unsuccessful answer (or batch item) means."""
    code = error_code(body)
    if status == 410 or (status in (400, 404) and code.lower() in _SYNC_STATE_LOST):
        return StartOver(code)
    if status == 403:
        return _denied(code)
    if status == 404:
        return _missing(code)
    if status == 409:
        return AlreadySubscribed(code)
    return TryLater(f"{status} {code}".strip(), retry_after(headers))


def error_code(body: Any) -> str:
    """`error.code`, or nothing where the body is an HTML page or otherwise not Graph's."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The `Retry-After` header in seconds, whatever its case (batch items write it as they like)."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    return min(timedelta(seconds=int(value)), _LONGEST_WAIT) if value.isascii() and value.isdigit() else None


def _denied(code: str) -> MicrosoftError:
    """Directory refusals concern the tenant; Outlook's concern one mailbox until many of them agree."""
    if code.lower().startswith("authorization_"):
        return AccessLost(TenantStatus.PERMISSION_MISSING, code)
    return MailboxUnreadable(ConnectionStatus.OUT_OF_SCOPE, code)


def _missing(code: str) -> MicrosoftError:
    if code.lower() in _NO_MAILBOX:
        return MailboxUnreadable(ConnectionStatus.NO_MAILBOX, code)
    return Gone(code)
