"""Tokens at rest: bound to member and sign-in, rotated with the keys, kept through races."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient

from shared.encryption import Encryption
from shared.errors import ReconnectRequired
from shared.model import ConnectionKey, KeptTokens
from shared.storage.table import Table
from shared.storage.token_vault import TokenVault, VaultEntry

OLD, NEW = b"o" * 32, b"n" * 32
NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
CACHE = '{"RefreshToken": {"x": {"secret": "SECRET-refresh-token"}}}'


class Bench:
    """A vault over real storage, and hands on what lies there."""

    def __init__(self, service: TableServiceClient, org: str) -> None:
        self.table = Table(service, "Tokens", KeptTokens, parts=8)
        self.org = org
        self.now = NOON

    def vault(self, *keys: bytes) -> TokenVault:
        return TokenVault(self.table, Encryption(keys or [OLD]), lambda: self.now)

    def key(self, member: str = "ann", source: str = "personal") -> ConnectionKey:
        return ConnectionKey(self.org, member, source)

    def entry(self, generation: int = 1, *keys: bytes, member: str = "ann") -> VaultEntry:
        return self.vault(*keys).entry(self.key(member), generation)

    def stored(self, member: str = "ann") -> KeptTokens:
        row = self.table.get(self.org, f"{member}|personal")
        assert row is not None
        return row.value

    def plant(self, tokens: KeptTokens, member: str = "ann", source: str = "personal", org: str = "") -> None:
        """What somebody with the right to write in the storage account can do."""
        self.table.put(org or self.org, f"{member}|{source}", tokens)


@pytest.fixture
def bench(service: TableServiceClient, fresh: str) -> Bench:
    return Bench(service, fresh)


def reason(entry: VaultEntry) -> str:
    with pytest.raises(ReconnectRequired) as raised:
        entry.load()
    return raised.value.code


def test_what_a_sign_in_gave_is_read_as_it_was_kept(bench: Bench) -> None:
    bench.entry().put(CACHE)
    assert bench.entry().load() == CACHE


def test_a_cache_larger_than_a_property_is_kept_whole(bench: Bench) -> None:
    bench.entry().put(CACHE * 900)
    assert bench.entry().load() == CACHE * 900


def test_nothing_of_it_is_readable_in_storage_or_in_a_repr(bench: Bench, service: TableServiceClient) -> None:
    bench.entry().put(CACHE)
    entities = service.get_table_client("Tokens").query_entities(f"PartitionKey eq '{bench.org}'")
    assert "SECRET" not in repr([dict(entity) for entity in entities])
    row = bench.table.get(bench.org, "ann|personal")
    assert row is not None
    assert row.value.cache not in repr((row, bench.entry(), bench.vault()))


def test_tokens_that_are_not_there_mean_connecting_again(bench: Bench) -> None:
    assert reason(bench.entry()) == "tokens_missing"
    bench.entry().put(CACHE)
    bench.vault().delete(bench.key())
    assert reason(bench.entry()) == "tokens_missing"


def test_a_token_cache_swapped_between_members_is_refused(bench: Bench) -> None:
    bench.entry(member="ann").put(CACHE)
    bench.entry(member="eve").put("{}")
    bench.plant(bench.stored("ann"), member="eve")
    assert reason(bench.entry(member="eve")) == "tokens_not_made_for_this"


def test_a_token_cache_swapped_between_organizations_is_refused(bench: Bench) -> None:
    bench.entry().put(CACHE)
    other = ConnectionKey(f"{bench.org}x", "ann", "personal")
    bench.plant(bench.stored(), org=other.org)
    assert reason(bench.vault().entry(other, 1)) == "tokens_not_made_for_this"


def test_a_token_cache_moved_to_another_source_is_refused(bench: Bench) -> None:
    bench.entry().put(CACHE)
    bench.plant(bench.stored(), source="other")
    assert reason(bench.vault().entry(bench.key(source="other"), 1)) == "tokens_not_made_for_this"


def test_a_token_cache_rolled_back_to_before_a_reconnect_is_refused(bench: Bench) -> None:
    bench.entry(1).put(CACHE)
    before = bench.stored()
    bench.entry(2).put("{}")
    bench.plant(before)
    assert reason(bench.entry(2)) == "tokens_not_made_for_this"


def test_a_damaged_row_is_no_crash(bench: Bench, service: TableServiceClient) -> None:
    bench.entry().put(CACHE)
    for text in ("rubbish", "{}"):
        service.get_table_client("Tokens").upsert_entity(
            {"PartitionKey": bench.org, "RowKey": "ann|personal", "json0": text}
        )
        assert reason(bench.entry()) == "tokens_damaged"


def test_tokens_of_an_older_key_open_and_are_encrypted_with_the_newest_on_the_next_write(bench: Bench) -> None:
    bench.entry(1, OLD).put(CACHE)
    rotated = bench.entry(1, NEW, OLD)
    assert rotated.load() == CACHE
    rotated.save(CACHE)
    assert bench.entry(1, NEW).load() == CACHE
    assert reason(bench.entry(1, OLD)) == "tokens_key_lost"


def test_a_lost_key_means_connecting_again_and_that_restores_everything(bench: Bench) -> None:
    bench.entry(1, OLD).put(CACHE)
    assert reason(bench.entry(1, NEW)) == "tokens_key_lost"
    bench.entry(2, NEW).put(CACHE)
    assert bench.entry(2, NEW).load() == CACHE


def two(bench: Bench) -> tuple[VaultEntry, VaultEntry]:
    """Two workers that have loaded the same tokens."""
    bench.entry().put("{}")
    workers = bench.entry(), bench.entry()
    for worker in workers:
        worker.load()
    return workers


def test_of_two_refreshes_at_once_the_later_one_stays(bench: Bench) -> None:
    first, second = two(bench)
    first.save("first")
    bench.now += timedelta(seconds=1)
    second.save("second")
    assert bench.entry().load() == "second"


def test_an_earlier_refresh_that_is_written_late_is_dropped(bench: Bench) -> None:
    first, second = two(bench)
    bench.now += timedelta(seconds=1)
    second.save("second")
    bench.now -= timedelta(seconds=1)
    first.save("first")
    assert bench.entry().load() == "second"


def test_who_was_too_late_once_writes_the_next_time(bench: Bench) -> None:
    first, second = two(bench)
    bench.now += timedelta(seconds=1)
    second.save("second")
    bench.now -= timedelta(seconds=1)
    first.save("first")
    bench.now += timedelta(hours=1)
    first.save("an hour later")
    assert bench.entry().load() == "an hour later"


def test_a_worker_whose_clock_is_behind_still_writes_what_nobody_else_changed(bench: Bench) -> None:
    bench.entry().put("{}")
    bench.now -= timedelta(hours=1)
    worker = bench.entry()
    worker.load()
    worker.save("refreshed")
    assert bench.entry().load() == "refreshed"


def test_a_refresh_of_the_sign_in_before_leaves_the_new_one_alone(bench: Bench) -> None:
    late, _ = two(bench)
    bench.entry(2).put(CACHE)
    bench.now += timedelta(seconds=1)
    late.save("of the sign-in before")
    assert bench.entry(2).load() == CACHE


def test_a_refresh_after_a_disconnect_brings_nothing_back(bench: Bench) -> None:
    late, _ = two(bench)
    bench.vault().delete(bench.key())
    late.save(CACHE)
    assert bench.table.get(bench.org, "ann|personal") is None
