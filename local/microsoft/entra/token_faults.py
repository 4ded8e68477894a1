"""Faults at Entra's endpoints: errors, raw answers, and connections that end without any."""

from __future__ import annotations

from dataclasses import dataclass

from local.microsoft.entra.errors import EntraError
from local.microsoft.faults import Fault


class LostAnswerError(Exception):
    """The connection must be closed without an answer."""


@dataclass(frozen=True)
class RawAnswerError(Exception):
    """A fault's answer that is not an OAuth error."""

    fault: Fault


def raise_fault(fault: Fault) -> None:
    """Raise what the fault answers; a fault that only delays returns."""
    if fault.reset:
        raise LostAnswerError
    if fault.html or fault.body is not None:
        raise RawAnswerError(fault)
    if fault.status is None:
        return
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    raise EntraError(
        fault.error_number or 90033,
        fault.code or "temporarily_unavailable",
        fault.message or "A transient error has occurred. Please try again.",
        fault.status,
        suberror=fault.suberror,
        claims=fault.claims,
        headers=headers,
    )
