"""Graph's error answers, mapped once to what the caller decides on.

Branches on the status and on `error.code`, compared without case, never on the message.
https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shared.errors import (
    AccessLost,
    AlreadyCreated,
    AlreadySubscribed,
    BadRequest,
    ChangedMeanwhile,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    StartOver,
    TryLater,
)
from shared.model import ConnectionStatus, TenantStatus

_SYNC_STATE_LOST = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
_NO_MAILBOX = frozenset({"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi"})
PRECONDITION_FAILED = 412
_EVENT_WRITES: Mapping[str, Callable[[str], MicrosoftError]] = {
    "errorduplicatetransactionid": AlreadyCreated,
    "errorirresolvableconflict": ChangedMeanwhile,
}
"""Said with different statuses."""
_LONGEST_WAIT = timedelta(hours=1)


def error_for(status: int, headers: Mapping[str, Any], body: Any) -> MicrosoftError:
    """The error an unsuccessful answer (or batch item) means.

    An answer without Graph's error body is a gateway's and says nothing about tenant or mailbox.
    """
    code = error_code(body)
    if status == 410 or (status in (400, 404) and code.lower() in _SYNC_STATE_LOST):
        return StartOver(code)
    if code.lower() in _EVENT_WRITES:
        return _EVENT_WRITES[code.lower()](code)
    if status == PRECONDITION_FAILED:
        return ChangedMeanwhile(code)
    if code and status in _MEANINGS:
        return _MEANINGS[status](code)
    return TryLater(f"{status} {code}".strip(), retry_after(headers))


def error_code(body: Any) -> str:
    """`error.code`, or nothing where the body is an HTML page or otherwise not Graph's."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    """The `Retry-After` header in seconds, whatever its case (batch items write it as they like)."""
    value = next((str(v).strip() for k, v in headers.items() if k.lower() == "retry-after"), "")
    if not (value.isascii() and value.isdigit()):
        return None
    return min(timedelta(seconds=int(value[:9])), _LONGEST_WAIT)


def _denied(code: str) -> MicrosoftError:
    """Directory refusals concern the tenant, Outlook's one mailbox."""
    if code.lower().startswith("authorization_"):
        return AccessLost(TenantStatus.PERMISSION_MISSING, code)
    return MailboxUnreadable(ConnectionStatus.OUT_OF_SCOPE, code)


def _missing(code: str) -> MicrosoftError:
    if code.lower() in _NO_MAILBOX:
        return MailboxUnreadable(ConnectionStatus.NO_MAILBOX, code)
    return Gone(code)


_MEANINGS: Mapping[int, Callable[[str], MicrosoftError]] = {
    400: BadRequest,
    403: _denied,
    404: _missing,
    409: AlreadySubscribed,
}
