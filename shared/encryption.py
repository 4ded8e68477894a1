"""Encryption of what must be of no use to whoever reads the storage: AES-256-GCM, with keys that rotate.

1. The first key encrypts, all keys decrypt; a text names the key it was made with, and says nothing else.
2. A text is bound to its place: the same words must be given to decrypt it. Moved elsewhere it opens nothing.
3. Each place has a key of its own, derived from the configured one, so that GCM's limit of random nonces is one per
   place and never reached (NIST SP 800-38D, section 8.3).
https://cryptography.io/en/latest/hazmat/primitives/aead/
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import Undecryptable

_VERSION = "1"
_PURPOSE = b"outlook encryption 1"
_NONCE = 12
"""Bytes, as NIST SP 800-38D recommends."""


class Encryption:
    """Encrypts and decrypts texts for their places."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        derived = [hmac.digest(key, _PURPOSE, "sha256") for key in keys]
        self._keys = {_name(key): key for key in derived}
        self._newest = _name(derived[0])

    @property
    def names(self) -> list[str]:
        """What the keys are called, the newest first."""
        return list(self._keys)

    def encrypt(self, text: str, *place: str) -> str:
        """The text in a form that only `decrypt` with the same place can read."""
        nonce, context = secrets.token_bytes(_NONCE), _context(place)
        sealed = self._cipher(self._newest, context).encrypt(nonce, text.encode(), context)
        return ".".join((_VERSION, self._newest, base64.urlsafe_b64encode(nonce + sealed).decode()))

    def decrypt(self, encrypted: str, *place: str) -> str:
        """The text that was encrypted for this very place. Raises `Undecryptable`."""
        name = key_of(encrypted)
        if name not in self._keys:
            raise Undecryptable("key_lost")
        context, body = _context(place), encrypted.removeprefix(f"{_VERSION}.{name}.")
        try:
            raw = base64.b64decode(body, altchars=b"-_", validate=True)
            return self._cipher(name, context).decrypt(raw[:_NONCE], raw[_NONCE:], context).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise Undecryptable("not_made_for_this") from None

    def _cipher(self, name: str, context: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._keys[name], context, "sha256"))


def key_of(encrypted: str) -> str:
    """What the key is called that a text names; empty where it names none."""
    version, _, rest = encrypted.partition(".")
    return rest.partition(".")[0] if version == _VERSION else ""


def _context(place: Sequence[str]) -> bytes:
    """The place as bytes that no other place has."""
    return msgspec.json.encode(place)


def _name(key: bytes) -> str:
    """What a key is called; says nothing about the key."""
    return hmac.digest(key, b"key id", "sha256")[:4].hex()
