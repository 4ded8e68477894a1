"""Opaque page cursors. They name a place in the caller's own partition, so a foreign one reaches nothing."""

from __future__ import annotations

import base64
import binascii

from shared.callers import ID
from shared.errors import InvalidInput


def cursor_of(key: str | None) -> str | None:
    """The cursor of the page behind this key."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=") if key else None


def cursor_from(cursor: str | None) -> str | None:
    """The key a cursor stands for. Raises `InvalidInput`."""
    if not cursor:
        return None
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        key = ""
    if not ID.fullmatch(key):
        raise InvalidInput("Use the `next` of the page before as it is.", field="cursor")
    return key
