"""Under which of `TOKEN_KEYS` the tokens of members' own accounts lie, and bringing all of them under the newest.

Whatever is refreshed is encrypted with the newest key anyway. This is for who wants to see that a key is needed no
more, and not to wait. Microsoft is not asked, and when tokens were refreshed stays as it was: a refresh at the same
time wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from shared.encryption import Encryption, key_of
from shared.errors import ReconnectRequired
from shared.model import PERSONAL, ConnectionKey, KeptTokens, MemberKey
from shared.storage.table import Row
from shared.storage.tables import Tables
from shared.storage.token_vault import TokenVault

MOST_AT_ONCE = 1_000
"""Rows that one call renews: as many as are written well within a request's time."""


class KeyUse(NamedTuple):
    """How many members' tokens need a key."""

    key: str
    """What the key is called; nothing can be made of it."""
    rows: int
    is_newest: bool
    is_known: bool
    """Whether it is among `TOKEN_KEYS`; what was encrypted with another one is lost."""


class Renewal(NamedTuple):
    """What became of rows that were not under the newest key."""

    renewed: int
    unreadable: int
    left: int
    """To be renewed by another call."""


class TokenKeys:
    """Counts and renews."""

    def __init__(self, tables: Tables, encryption: Encryption, vault: TokenVault) -> None:
        self._tables = tables
        self._encryption = encryption
        self._vault = vault

    def uses(self) -> list[KeyUse]:
        """Every key that is configured or needed, the newest first."""
        known = self._encryption.names
        rows = Counter(dict.fromkeys(known, 0))
        rows.update(key_of(row.value.cache) for row in self._tables.tokens.everything())
        return [KeyUse(key, count, key == known[0], key in known) for key, count in rows.items()]

    def renew(self, most: int = MOST_AT_ONCE) -> Renewal:
        """Encrypt with the newest key what is under others."""
        renewed = unreadable = left = 0
        for row in self._older():
            if renewed == most:
                left += 1
            elif self._is_renewed(row):
                renewed += 1
            else:
                unreadable += 1
        return Renewal(renewed, unreadable, left)

    def _older(self) -> Iterator[Row[KeptTokens]]:
        newest = self._encryption.names[0]
        return (row for row in self._tables.tokens.everything() if key_of(row.value.cache) != newest)

    def _is_renewed(self, row: Row[KeptTokens]) -> bool:
        """Whether the tokens opened; those of no connection, or of a sign-in before, do not."""
        owner = MemberKey(row.partition, row.key.rpartition("|")[0])
        own = self._tables.own_connection(owner)
        if own is None:
            return False
        try:
            self._vault.entry(ConnectionKey(*owner, PERSONAL), own.generation).renew()
        except ReconnectRequired:
            return False
        return True
