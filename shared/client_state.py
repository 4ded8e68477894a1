"""The secret that Graph hands back with every change notification, made so that it proves itself.

It is a MAC over the mailbox it belongs to, together with the mailbox: the webhook verifies an item and knows whose
it is without reading anything. At most 128 characters are allowed; this takes 87.
https://learn.microsoft.com/graph/api/resources/subscription
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from collections.abc import Sequence

from shared.model import MailboxKey

_VERSION = "1"
_PURPOSE = b"graph client state 1"
_IDS, _MAC = 32, 32
"""Bytes: two GUIDs, then an HMAC-SHA256."""


class ClientState:
    """Issues and verifies client states. The first key signs, all keys verify, so that keys can rotate."""

    def __init__(self, secret_keys: Sequence[bytes]) -> None:
        self._keys = [hmac.digest(key, _PURPOSE, "sha256") for key in secret_keys]

    @property
    def key_id(self) -> str:
        """A name for the key that signs now; says nothing about the key."""
        return hmac.digest(self._keys[0], b"key id", "sha256")[:4].hex()

    def issue(self, mailbox: MailboxKey) -> str:
        """The client state of the mailbox's subscription. Raises `ValueError` for ids that are not GUIDs."""
        ids = uuid.UUID(mailbox.tenant_id).bytes + uuid.UUID(mailbox.object_id).bytes
        mac = hmac.digest(self._keys[0], ids, "sha256")
        return _VERSION + base64.urlsafe_b64encode(ids + mac).rstrip(b"=").decode()

    def verify(self, client_state: str) -> MailboxKey | None:
        """The mailbox a genuine client state belongs to; None for anything else, in constant time per key."""
        raw = _decode(client_state)
        if raw is None:
            return None
        ids, mac = raw[:_IDS], raw[_IDS:]
        genuine = [hmac.compare_digest(hmac.digest(key, ids, "sha256"), mac) for key in self._keys]
        return MailboxKey(_guid(ids[:16]), _guid(ids[16:])) if any(genuine) else None


def _guid(raw: bytes) -> str:
    """The text of a GUID; formatting it here costs half of what `uuid.UUID` does, a thousand times per post."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _decode(text: str) -> bytes | None:
    if not text.isascii() or not text.startswith(_VERSION):
        return None
    try:
        raw = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text[1:]
    return raw if canonical and len(raw) == _IDS + _MAC else None
