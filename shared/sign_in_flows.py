"""PKCE verifier and nonce of a sign-in under way, of no use to whoever reads the storage.

1. They are encrypted for whose attempt it is, and for its state and browser. Copied to another row, or left in a row
   of which state or browser are changed, they open nothing.
2. What does not open, for whatever reason, is an attempt no longer under way: its person begins anew. So a key may be
   lost or dropped at any time, and what lies there in clear is not believed either.
"""

from __future__ import annotations

from typing import Protocol

from shared.encryption import Encryption
from shared.errors import Refusal, Undecryptable


class Attempt(Protocol):
    """What tells one attempt from every other: a state and a browser of its own."""

    @property
    def state_hash(self) -> str | None:
        """Of the state that may come back."""

    @property
    def browser_hash(self) -> str | None:
        """Of the cookie."""


class SignInFlows:
    """Flows as `CodeFlow` makes them, for one kind of sign-in; `purpose` names it."""

    def __init__(self, encryption: Encryption, purpose: str) -> None:
        self._encryption = encryption
        self._purpose = purpose

    def encrypt(self, flow: str, org: str, whose: str, attempt: Attempt) -> str:
        """The flow as it is kept; `whose` is what the attempt belongs to within the organization."""
        return self._encryption.encrypt(flow, *self._place(org, whose, attempt))

    def decrypt(self, kept: str, org: str, whose: str, attempt: Attempt) -> str:
        """The flow. That it opens proves whose attempt it is. Raises `Refusal`."""
        try:
            return self._encryption.decrypt(kept, *self._place(org, whose, attempt))
        except Undecryptable:
            raise Refusal("attempt_unknown") from None

    def _place(self, org: str, whose: str, attempt: Attempt) -> tuple[str, ...]:
        return self._purpose, org, whose, attempt.state_hash or "", attempt.browser_hash or ""
