"""The tokens of members' own accounts: MSAL's cache of each connection, encrypted, and written back when it changes.

1. What is kept for one connection opens for no other, and for one sign-in only: the generation, which stands in the
   connection's row and is another one for each sign-in. A row put back from before a reconnect opens nothing.
2. Of two refreshes at once the later one stays. Microsoft leaves the refresh token before it alive, so nobody is
   left with a void one. https://learn.microsoft.com/entra/identity-platform/refresh-tokens
3. What cannot be opened is `ReconnectRequired`, whatever the cause: a lost key, a damaged row, somebody else's text.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.encryption import Encryption
from shared.errors import EntityChanged, EntityUnreadable, ReconnectRequired, Undecryptable
from shared.model import ConnectionKey, KeptTokens
from shared.storage.table import Row, Table

_PURPOSE = "token cache"


class TokenVault:
    """Where token caches are kept."""

    def __init__(self, table: Table[KeptTokens], encryption: Encryption, now: Callable[[], datetime]) -> None:
        self._table = table
        self._encryption = encryption
        self._now = now

    def entry(self, key: ConnectionKey, generation: int) -> VaultEntry:
        """What one sign-in gave. A generation must never come twice, also not after a disconnect."""
        return VaultEntry(self._table, self._encryption, self._now, key, generation)

    def delete(self, key: ConnectionKey) -> None:
        """Forget a connection's tokens; there may be none."""
        self._table.delete(*_keys(key))


class VaultEntry:
    """The cache of one connection and one sign-in, for one worker at a time."""

    def __init__(
        self,
        table: Table[KeptTokens],
        encryption: Encryption,
        now: Callable[[], datetime],
        key: ConnectionKey,
        generation: int,
    ) -> None:
        self._table = table
        self._encryption = encryption
        self._now = now
        self._keys = _keys(key)
        self._place = (_PURPOSE, *key, str(generation))
        self._row: Row[KeptTokens] | None = None

    def put(self, cache: str) -> None:
        """Keep what the sign-in gave, whatever was there. Comes before the connection's row names the generation."""
        self._row = self._table.put(*self._keys, self._encrypted(cache))

    def load(self) -> str:
        """MSAL's cache. Raises `ReconnectRequired` where there is none that opens.

        Which says nothing of a connection whose row names another generation by now: its member is just reconnecting.
        """
        try:
            self._row = self._table.get(*self._keys)
            if self._row is None:
                raise ReconnectRequired("tokens_missing")
            return self._decrypted(self._row)
        except Undecryptable as problem:
            raise ReconnectRequired(f"tokens_{problem}") from None
        except EntityUnreadable:
            raise ReconnectRequired("tokens_damaged") from None

    def save(self, cache: str) -> None:
        """Keep what a refresh changed in the cache that was loaded.

        Dropped where a later refresh or another sign-in was faster, or the connection is gone.
        """
        tokens = self._encrypted(cache)
        while self._row is not None:
            try:
                self._row = self._table.replace(self._row, tokens)
            except EntityChanged:
                self._row = self._present()
                if self._row is None or self._row.value.refreshed_at <= tokens.refreshed_at:
                    continue
            return

    def renew(self) -> None:
        """Encrypt what is there with the newest key. Raises `ReconnectRequired`.

        As of the refresh it came from, so that one under way at the same time is the later one; and where one was
        faster, that has done it.
        """
        cache, row = self.load(), self._row
        if row is not None:
            with suppress(EntityChanged):
                self._row = self._table.replace(row, replace(row.value, cache=self._sealed(cache)))

    def _present(self) -> Row[KeptTokens] | None:
        """What is stored now, if it is of the same sign-in."""
        try:
            row = self._table.get(*self._keys)
            if row is not None:
                self._decrypted(row)
        except (Undecryptable, EntityUnreadable):
            return None
        return row

    def _encrypted(self, cache: str) -> KeptTokens:
        return KeptTokens(self._sealed(cache), self._now())

    def _sealed(self, cache: str) -> str:
        return self._encryption.encrypt(cache, *self._place)

    def _decrypted(self, row: Row[KeptTokens]) -> str:
        return self._encryption.decrypt(row.value.cache, *self._place)


def _keys(key: ConnectionKey) -> tuple[str, str]:
    """Partition and row; the line between occurs in no id."""
    return key.org, f"{key.member}|{key.source}"
