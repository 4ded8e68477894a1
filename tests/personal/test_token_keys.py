"""Keys rotate: how many tokens need which, and bringing all of them under the newest without asking Microsoft."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.encryption import Encryption
from shared.model import PERSONAL, ConnectionKey, ConnectionStatus, KeptTokens, OwnConnection, own_mailbox
from shared.storage.token_vault import TokenVault, VaultEntry
from shared.token_keys import KeyUse, TokenKeys
from tests.personal.conftest import Bench

OLD, NEW, LOST = b"o" * 32, b"n" * 32, b"l" * 32
CACHE = '{"RefreshToken": {}}'


class Desk:
    """An operator's, over real storage that holds nobody else's tokens."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        for row in bench.tables.tokens.everything():
            bench.tables.tokens.delete_row(row)

    def connected(self, name: str, key: bytes) -> VaultEntry:
        """A member whose tokens are encrypted with this key alone."""
        owner, now = self.bench.member(name), self.bench.now
        entry = self.entry(name, key)
        entry.put(CACHE)
        account = own_mailbox(owner)
        own = OwnConnection(name, account, account, "n@x.example", 1, ConnectionStatus.CONNECTED, now)
        self.bench.tables.own_connections.put(*owner, own)
        return entry

    def entry(self, name: str, *keys: bytes) -> VaultEntry:
        vault = TokenVault(self.bench.tables.tokens, Encryption(keys), lambda: self.bench.now)
        return vault.entry(ConnectionKey(*self.bench.member(name), PERSONAL), 1)

    def keys(self, *keys: bytes) -> TokenKeys:
        """With these configured."""
        tables, encryption = self.bench.tables, Encryption(keys)
        return TokenKeys(tables, encryption, TokenVault(tables.tokens, encryption, lambda: self.bench.now))

    def stored(self, name: str) -> KeptTokens:
        row = self.bench.tables.tokens.get(self.bench.org, f"{name}|{PERSONAL}")
        assert row is not None
        return row.value


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def named(key: bytes) -> str:
    return Encryption([key]).names[0]


def test_every_key_that_is_configured_or_needed_is_counted(desk: Desk) -> None:
    for name, key in (("ann", OLD), ("ben", OLD), ("cat", LOST)):
        desk.connected(name, key)
    desk.bench.tables.tokens.put(desk.bench.org, "dan|personal", KeptTokens("rubbish", desk.bench.now))
    assert set(desk.keys(NEW, OLD).uses()) == {
        KeyUse(named(NEW), 0, is_newest=True, is_known=True),
        KeyUse(named(OLD), 2, is_newest=False, is_known=True),
        KeyUse(named(LOST), 1, is_newest=False, is_known=False),
        KeyUse("", 1, is_newest=False, is_known=False),
    }
    assert desk.keys(NEW, OLD).uses()[0].key == named(NEW)


def test_all_that_opens_is_brought_under_the_newest_key(desk: Desk) -> None:
    for name, key in (("ann", OLD), ("ben", NEW), ("cat", LOST)):
        desk.connected(name, key)
    of_ben = desk.stored("ben")
    assert desk.keys(NEW, OLD).renew() == (1, 1, 0)
    assert desk.entry("ann", NEW).load() == CACHE
    assert desk.stored("ben") == of_ben
    assert [use.rows for use in desk.keys(NEW, OLD).uses()] == [2, 0, 1]
    assert desk.keys(NEW, OLD).renew() == (0, 1, 0)


def test_one_call_renews_so_many_and_says_how_many_are_left(desk: Desk) -> None:
    for name in ("ann", "ben", "cat"):
        desk.connected(name, OLD)
    assert desk.keys(NEW, OLD).renew(most=2) == (2, 0, 1)
    assert desk.keys(NEW, OLD).renew(most=2) == (1, 0, 0)


def test_tokens_of_no_connection_or_of_a_sign_in_before_are_left_as_they_are(desk: Desk) -> None:
    desk.connected("ann", OLD)
    desk.bench.tables.own_connections.delete(*desk.bench.member("ann"))
    assert desk.keys(NEW, OLD).renew() == (0, 1, 0)


def test_a_refresh_at_the_same_time_wins(desk: Desk) -> None:
    worker = desk.connected("ann", OLD)
    refreshed_at = desk.stored("ann").refreshed_at
    desk.bench.now += timedelta(hours=1)
    desk.keys(NEW, OLD).renew()
    assert desk.stored("ann").refreshed_at == refreshed_at
    rotated = desk.entry("ann", NEW, OLD)
    rotated.load()
    worker.save("of a worker that knows the old key only")
    assert desk.entry("ann", NEW).load() == CACHE
    rotated.save("refreshed")
    assert desk.entry("ann", NEW).load() == "refreshed"
