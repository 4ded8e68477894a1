"""The platform's own webhook, signed as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from shared.http import Answer, post
from shared.settings import EventSettings

if TYPE_CHECKING:
    from requests import Session


def signature(secrets: Iterable[bytes], event_id: str, timestamp: int, body: bytes) -> str:
    """One signature with each secret, separated by blanks: the receiver accepts any that it knows the secret of."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signed(secret, signed)}" for secret in secrets)


def _signed(secret: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode()


class PlatformWebhook:
    """Posts one event at a time; what became of it is for others to judge."""

    def __init__(self, settings: EventSettings, session: Session, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._session = session
        self._now = now

    def post(self, event_id: str, body: bytes) -> Answer:
        """Post the event, signed as of now."""
        timestamp = int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._settings.secrets, event_id, timestamp, body),
        }
        return post(self._session, self._settings.url, body, headers)
