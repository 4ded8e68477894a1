"""What an operator sees of the keys that keep members' tokens."""

from __future__ import annotations

from msgspec import Struct


class TokenKeyOutput(Struct):
    """How many members' tokens need a key."""

    key: str
    """What the key is called, which says nothing about it."""
    rows: int
    is_newest: bool
    """Whether it is the one that encrypts."""
    is_known: bool
    """Whether it is among `TOKEN_KEYS`. What was encrypted with another one is lost: its members sign in again."""


class TokenKeyList(Struct):
    """Every key that is configured or needed, the newest first."""

    keys: list[TokenKeyOutput]


class RenewalOutput(Struct):
    """What became of tokens that were not under the newest key."""

    renewed: int
    unreadable: int
    """They open with no key that is configured, or belong to no connection any more."""
    left: int
    """To be renewed by another call."""
