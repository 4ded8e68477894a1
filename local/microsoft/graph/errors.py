"""Graph's refusals. Error bodies follow https://learn.microsoft.com/graph/errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_CONFLICT = (
    "The send or update operation could not be performed because the change key passed in the request does not match "
    "the current change key for the item."
)
IRRESOLVABLE_CONFLICT = ("ErrorIrresolvableConflict", _CONFLICT)
"""Code and message of Outlook's answer to a write that is based on another state than the present one."""


class GraphError(Exception):
    """An answer outside 2xx, raised from anywhere below a route."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.extra: dict[str, Any] = {}
        """Further members of the `error` object."""

    def body(self, now: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
        """Graph's error object with the request's ids."""
        inner = {
            "date": now.strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": {"code": self.code, "message": self.message, **self.extra, "innerError": inner}}
