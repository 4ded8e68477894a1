"""The one table module against the real emulator."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from azure.data.tables import TableServiceClient
from hypothesis import strategies as st

from shared.errors import EntityChanged, EntityExists, EntityUnreadable, StorageError
from shared.storage.table import MOST_PARTS, PART, Row, Table
from tests.properties import given


@dataclass(frozen=True)
class Thing:
    text: str
    number: int = 0
    at: datetime | None = None


@pytest.fixture
def things(service: TableServiceClient, fresh: str) -> Table[Thing]:
    """A table that does not exist yet."""
    return Table(service, fresh, Thing)


@pytest.fixture(scope="module")
def shelf(service: TableServiceClient) -> Table[Thing]:
    """A table shared by tests that each use a partition of their own."""
    return Table(service, "Shelf", Thing, lambda thing: {"number": thing.number})


@pytest.fixture(scope="module")
def long(service: TableServiceClient) -> Table[Thing]:
    """A table whose rows may take as many properties as there are."""
    return Table(service, "Long", Thing, parts=MOST_PARTS)


def keys(rows: object) -> list[str]:
    return [row.key for row in rows]  # type: ignore[attr-defined]


def test_reading_a_table_nobody_wrote_to_finds_nothing(things: Table[Thing]) -> None:
    assert things.get("p", "k") is None
    assert list(things.rows("p")) == []
    assert list(things.rows("p", after="a", most=5)) == []
    assert list(things.everything()) == []
    assert list(things.where("PartitionKey eq @p", {"p": "p"})) == []


def test_deleting_from_a_table_nobody_wrote_to_is_nothing(things: Table[Thing]) -> None:
    things.delete("p", "k")
    things.delete_all("p", [])


def test_the_first_insert_makes_the_table(things: Table[Thing]) -> None:
    assert things.insert("p", "k", Thing("a")).value == Thing("a")
    assert things.get("p", "k") == things.get("p", "k")


def test_the_first_put_makes_the_table(things: Table[Thing]) -> None:
    things.put("p", "k", Thing("a"))
    assert next(things.everything()).value == Thing("a")


def test_the_first_transaction_makes_the_table(things: Table[Thing]) -> None:
    things.save_all("p", [(None, "a", Thing("a")), (None, "b", Thing("b"))])
    assert keys(things.rows("p")) == ["a", "b"]


def test_the_first_change_makes_the_table(things: Table[Thing]) -> None:
    assert things.change("p", "k", lambda _: Thing("a")) == Thing("a")


def test_replacing_what_nobody_wrote_has_been_changed(things: Table[Thing]) -> None:
    with pytest.raises(EntityChanged):
        things.replace(Row("p", "k", Thing("a"), 'W/"x"'), Thing("b"))


def test_many_threads_may_make_the_table_at_once(things: Table[Thing]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: things.insert("p", f"{n:02}", Thing("a", n)), range(16)))
    assert len(list(things.rows("p"))) == 16


VALUES = {
    "plain": Thing("a", 1),
    "a time": Thing("a", 1, datetime(2026, 12, 9, 1, 2, 3, 4, tzinfo=UTC)),
    "empty": Thing(""),
    "quotes and controls": Thing("'\"\\\n\t\0\x7f"),
    "other scripts": Thing("ÄÖü ñ 漢字 🙂 \u200d"),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_a_value_is_read_as_it_was_written(shelf: Table[Thing], fresh: str, value: Thing) -> None:
    written = shelf.insert(fresh, "k", Thing("before"))
    written = shelf.replace(written, value)
    assert shelf.get(fresh, "k") == written
    assert list(shelf.rows(fresh)) == [written]


KEYS = ["m-1", "A.b_c@d:e-f", "o'neil", "a b", "ä", "%41", "+", "&=;,", "~", "|", "x" * 64]


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_taken_as_they_are(shelf: Table[Thing], fresh: str, key: str) -> None:
    shelf.put(f"{fresh}{key}", key, Thing("a"))
    found = shelf.get(f"{fresh}{key}", key)
    assert found is not None
    assert (found.partition, found.key) == (f"{fresh}{key}", key)
    assert list(shelf.rows(f"{fresh}{key}")) == [found]
    shelf.replace(found, Thing("b"))
    shelf.delete(f"{fresh}{key}", key)
    assert shelf.get(f"{fresh}{key}", key) is None


def test_a_quote_in_a_parameter_stays_in_it(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "k", Thing("a"))
    assert list(shelf.rows("' or PartitionKey ne '")) == []
    assert list(shelf.where("PartitionKey eq @p", {"p": f"x' or PartitionKey eq '{fresh}"})) == []


def test_insert_refuses_what_is_there(shelf: Table[Thing], fresh: str) -> None:
    shelf.insert(fresh, "k", Thing("a"))
    with pytest.raises(EntityExists):
        shelf.insert(fresh, "k", Thing("b"))
    found = shelf.get(fresh, "k")
    assert found is not None
    assert found.value == Thing("a")


def test_put_does_not(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "k", Thing("a", 1))
    shelf.put(fresh, "k", Thing("b"))
    found = shelf.get(fresh, "k")
    assert found is not None
    assert found.value == Thing("b")


def test_replace_takes_the_version_that_was_read_and_no_other(shelf: Table[Thing], fresh: str) -> None:
    first = shelf.insert(fresh, "k", Thing("a"))
    second = shelf.replace(first, Thing("b"))
    with pytest.raises(EntityChanged):
        shelf.replace(first, Thing("c"))
    shelf.replace(second, Thing("d"))
    with pytest.raises(EntityChanged):
        shelf.replace(second, Thing("e"))
    shelf.delete(fresh, "k")
    with pytest.raises(EntityChanged):
        shelf.replace(second, Thing("f"))


@pytest.mark.parametrize("write", ["insert", "put"])
def test_what_a_write_returns_can_be_replaced(shelf: Table[Thing], fresh: str, write: str) -> None:
    row = getattr(shelf, write)(fresh, "k", Thing("a"))
    assert shelf.replace(row, Thing("b")) == shelf.get(fresh, "k")


def test_delete_is_done_when_nothing_is_there(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "k", Thing("a"))
    shelf.delete(fresh, "k")
    shelf.delete(fresh, "k")
    assert shelf.get(fresh, "k") is None


def test_a_row_is_deleted_in_the_version_that_was_read_and_no_other(shelf: Table[Thing], fresh: str) -> None:
    old = shelf.insert(fresh, "k", Thing("a"))
    new = shelf.replace(old, Thing("b"))
    with pytest.raises(EntityChanged):
        shelf.delete_row(old)
    assert shelf.get(fresh, "k") == new
    shelf.delete_row(new)
    assert shelf.get(fresh, "k") is None


def test_rows_come_in_order_of_key_and_from_one_partition(shelf: Table[Thing], fresh: str) -> None:
    for key in ("b", "B", "a", "10", "9"):
        shelf.put(fresh, key, Thing(key))
        shelf.put(f"{fresh}x", key, Thing("other"))
    assert keys(shelf.rows(fresh)) == ["10", "9", "B", "a", "b"]


@pytest.mark.parametrize(
    ("after", "most", "expected"),
    [
        (None, None, ["a", "b", "c", "d"]),
        (None, 2, ["a", "b"]),
        ("b", None, ["c", "d"]),
        ("b", 1, ["c"]),
        ("bb", 10, ["c", "d"]),
        ("d", 10, []),
        (None, 4, ["a", "b", "c", "d"]),
        (None, 1, ["a"]),
    ],
)
def test_a_part_of_a_partition(
    shelf: Table[Thing], fresh: str, after: str | None, most: int | None, expected: list[str]
) -> None:
    shelf.save_all(fresh, [(None, key, Thing(key)) for key in "abcd"])
    assert keys(shelf.rows(fresh, after=after, most=most)) == expected


def test_rows_beyond_one_answer_of_the_service_are_read_on(shelf: Table[Thing], fresh: str) -> None:
    shelf.save_all(fresh, [(None, f"{n:04}", Thing("a", n)) for n in range(1105)])
    assert keys(shelf.rows(fresh)) == [f"{n:04}" for n in range(1105)]
    assert keys(shelf.rows(fresh, after="0999", most=50)) == [f"{n:04}" for n in range(1000, 1050)]
    shelf.delete_all(fresh, [f"{n:04}" for n in range(1000)])
    assert len(list(shelf.rows(fresh))) == 105


@pytest.mark.parametrize(("condition", "expected"), [("lt", ["0", "1"]), ("le", ["0", "1", "2"]), ("eq", ["2"])])
def test_columns_are_what_conditions_are_about(
    shelf: Table[Thing], fresh: str, condition: str, expected: list[str]
) -> None:
    shelf.save_all(fresh, [(None, str(n), Thing("a", n)) for n in range(5)])
    found = shelf.where(f"PartitionKey eq @p and number {condition} @n", {"p": fresh, "n": 2})
    assert keys(found) == expected


def test_a_column_follows_its_value(shelf: Table[Thing], fresh: str) -> None:
    row = shelf.insert(fresh, "k", Thing("a", 1))
    shelf.replace(row, Thing("a", 7))
    assert keys(shelf.where("PartitionKey eq @p and number eq 7", {"p": fresh})) == ["k"]
    assert keys(shelf.where("PartitionKey eq @p and number eq 1", {"p": fresh})) == []


# change: read, decide, write, and again.


def test_deciding_nothing_leaves_things_as_they_are(shelf: Table[Thing], fresh: str) -> None:
    assert shelf.change(fresh, "k", lambda _: None) is None
    before = shelf.put(fresh, "k", Thing("a"))
    assert shelf.change(fresh, "k", lambda _: None) == Thing("a")
    assert shelf.get(fresh, "k") == before


def test_a_decision_that_raises_changes_nothing(shelf: Table[Thing], fresh: str) -> None:
    def refuse(_: Thing | None) -> Thing | None:
        raise EntityChanged("no")

    before = shelf.put(fresh, "k", Thing("a"))
    with pytest.raises(EntityChanged):
        shelf.change(fresh, "k", refuse)
    assert shelf.get(fresh, "k") == before


def test_a_write_in_between_makes_it_decide_again(shelf: Table[Thing], fresh: str) -> None:
    seen: list[Thing | None] = []

    def decide(before: Thing | None) -> Thing:
        seen.append(before)
        if len(seen) == 1:
            shelf.put(fresh, "k", Thing("in between"))
        if len(seen) == 2:
            shelf.delete(fresh, "k")
        return Thing("mine")

    assert shelf.change(fresh, "k", decide) == Thing("mine")
    assert seen == [None, Thing("in between"), None]


def test_a_change_of_a_row_known_from_before(shelf: Table[Thing], fresh: str) -> None:
    known = shelf.insert(fresh, "k", Thing("a"))
    assert shelf.change(fresh, "k", lambda thing: thing and Thing(thing.text + "b"), known) == Thing("ab")
    seen: list[Thing | None] = []

    def decide(thing: Thing | None) -> Thing:
        seen.append(thing)
        return Thing((thing.text if thing else "") + "c")

    assert shelf.change(fresh, "k", decide, known) == Thing("abc")
    assert seen == [Thing("a"), Thing("ab")], "the row known was out of date, so it is read and decided again"


def test_a_change_of_a_row_known_that_is_gone_decides_about_nothing(shelf: Table[Thing], fresh: str) -> None:
    known = shelf.insert(fresh, "k", Thing("a"))
    shelf.delete(fresh, "k")
    assert shelf.change(fresh, "k", lambda thing: thing and Thing("b"), known) is None
    assert shelf.get(fresh, "k") is None


def test_no_update_is_lost_however_many_change_at_once(shelf: Table[Thing], fresh: str) -> None:
    together = threading.Barrier(8)

    def count(_: int) -> None:
        together.wait()
        for _ in range(5):
            shelf.change(fresh, "k", lambda before: Thing("a", before.number + 1 if before else 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    found = shelf.get(fresh, "k")
    assert found is not None
    assert found.value.number == 40


# save_all: a hundred to a transaction.


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_any_number_of_rows_is_saved(shelf: Table[Thing], fresh: str, count: int) -> None:
    shelf.save_all(fresh, ((None, f"{n:04}", Thing("a", n)) for n in range(count)))
    rows = list(shelf.rows(fresh))
    assert [row.value.number for row in rows] == list(range(count))
    shelf.save_all(fresh, ((row, row.key, Thing("b", row.value.number)) for row in rows))
    assert {row.value.text for row in shelf.rows(fresh)} <= {"b"}
    shelf.delete_all(fresh, keys(rows))
    assert list(shelf.rows(fresh)) == []


def test_of_a_hundred_none_is_saved_if_one_was_inserted_meanwhile(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "b", Thing("theirs"))
    with pytest.raises(EntityChanged):
        shelf.save_all(fresh, [(None, key, Thing("mine")) for key in "abc"])
    assert {row.key: row.value.text for row in shelf.rows(fresh)} == {"b": "theirs"}


def test_of_a_hundred_none_is_saved_if_one_was_changed_meanwhile(shelf: Table[Thing], fresh: str) -> None:
    rows = [shelf.put(fresh, key, Thing("before")) for key in "abc"]
    shelf.put(fresh, "b", Thing("theirs"))
    with pytest.raises(EntityChanged):
        shelf.save_all(fresh, [(row, row.key, Thing("mine")) for row in rows])
    assert [row.value.text for row in shelf.rows(fresh)] == ["before", "theirs", "before"]


def test_of_a_hundred_none_is_saved_if_one_was_deleted_meanwhile(shelf: Table[Thing], fresh: str) -> None:
    rows = [shelf.put(fresh, key, Thing("before")) for key in "abc"]
    shelf.delete(fresh, "b")
    with pytest.raises(EntityChanged):
        shelf.save_all(fresh, [(row, row.key, Thing("mine")) for row in rows])
    assert [row.value.text for row in shelf.rows(fresh)] == ["before", "before"]


def test_deleting_many_of_which_one_is_gone_has_been_changed(shelf: Table[Thing], fresh: str) -> None:
    shelf.save_all(fresh, [(None, key, Thing("a")) for key in "ac"])
    with pytest.raises(EntityChanged):
        shelf.delete_all(fresh, "abc")
    assert keys(shelf.rows(fresh)) == ["a", "c"]


# Long rows.

OVERHEAD = len('{"text":"","number":0,"at":null}')


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 7, MOST_PARTS * PART])
def test_a_long_value_is_split_and_put_together(long: Table[Thing], fresh: str, size: int) -> None:
    value = Thing("x" * (size - OVERHEAD))
    long.put(fresh, "k", value)
    found = long.get(fresh, "k")
    assert found is not None
    assert found.value == value


def test_a_value_that_shrinks_leaves_nothing_of_the_longer_one(long: Table[Thing], fresh: str) -> None:
    row = long.put(fresh, "k", Thing("x" * 5 * PART))
    row = long.replace(row, Thing("y" * 2 * PART))
    long.put(fresh, "k", Thing("z"))
    found = long.get(fresh, "k")
    assert found is not None
    assert found.value == Thing("z")


@pytest.mark.parametrize("write", ["insert", "put"])
@pytest.mark.parametrize(
    "text", ["x" * MOST_PARTS * PART, "\0" * MOST_PARTS * (PART // 6 + 1)], ids=["long", "longer once escaped"]
)
def test_what_azure_would_refuse_is_refused_here(long: Table[Thing], fresh: str, write: str, text: str) -> None:
    with pytest.raises(StorageError):
        getattr(long, write)(fresh, "k", Thing(text))
    assert long.get(fresh, "k") is None


def test_without_parts_a_row_is_one_property(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "k", Thing("x" * (PART - OVERHEAD)))
    with pytest.raises(StorageError):
        shelf.put(fresh, "k", Thing("x" * (PART - OVERHEAD + 1)))


def test_characters_that_count_twice_are_counted_twice(long: Table[Thing], fresh: str) -> None:
    """Azure counts UTF-16 units: 32 Ki of them in a property."""
    value = Thing("🙂" * 40_000)
    long.put(fresh, "k", value)
    found = long.get(fresh, "k")
    assert found is not None
    assert found.value == value


@given(text=st.text(max_size=200), number=st.integers(-(2**63), 2**63 - 1))
def test_every_text_survives(long: Table[Thing], text: str, number: int) -> None:
    long.put("round", "k", Thing(text, number))
    found = long.get("round", "k")
    assert found is not None
    assert found.value == Thing(text, number)


def test_scanning_keeps_to_its_bounds_and_columns_in_order(shelf: Table[Thing], fresh: str) -> None:
    shelf.save_all(fresh, ((None, key, Thing(key * 2, number % 2)) for number, key in enumerate("cabed")))
    assert keys(shelf.lazy.rows(fresh)) == list("abcde")
    assert keys(shelf.lazy.rows(fresh, after="b", page=2)) == list("cde")
    assert keys(shelf.lazy.rows(fresh, first="b", last="d", page=1)) == list("bcd")
    assert list(shelf.lazy.rows(f"{fresh}x")) == []


def test_a_scanned_row_is_decoded_when_asked(shelf: Table[Thing], fresh: str) -> None:
    shelf.put(fresh, "k", Thing("t", 7))
    shelf.put(fresh, "broken", Thing("t"))
    shelf._client.update_entity({"PartitionKey": fresh, "RowKey": "broken", "json0": "rubbish"})
    broken, row = shelf.lazy.rows(fresh)
    assert (row.value, '"t"' in row.text) == (Thing("t", 7), True)
    with pytest.raises(EntityUnreadable):
        _ = broken.value


def test_scanning_by_a_column(service: TableServiceClient, fresh: str) -> None:
    things = Table(service, fresh, Thing, lambda thing: {"text": thing.text})
    assert (list(things.lazy.rows("p")), list(things.lazy.keys("p")), things.lazy.find("p", ["a"])) == ([], [], [])
    things.save_all("p", ((None, key, Thing(text)) for key, text in zip("abc", ("x", "it's", "x"), strict=True)))
    assert keys(things.lazy.rows("p", text="x")) == ["a", "c"]
    assert keys(things.lazy.rows("p", text="it's", after="a")) == ["b"]
    assert list(things.lazy.keys("p", "text")) == [("a", "x"), ("b", "it's"), ("c", "x")]
    assert list(things.lazy.keys("p")) == [("a", ""), ("b", ""), ("c", "")]


def test_rows_that_lie_apart_are_found_in_the_order_asked(shelf: Table[Thing], fresh: str) -> None:
    shelf.save_all(fresh, ((None, f"k{number:02}", Thing(str(number))) for number in range(30)))
    asked = [f"k{number:02}" for number in range(40, 0, -2)]
    assert keys(shelf.lazy.find(fresh, asked)) == [key for key in asked if key < "k30"]
    assert shelf.lazy.find(fresh, []) == []


def test_more_rows_than_one_answer_holds_are_scanned(shelf: Table[Thing], fresh: str) -> None:
    shelf.save_all(fresh, ((None, f"{number:04}", Thing("")) for number in range(1_001)))
    assert [len(keys(shelf.lazy.rows(fresh))), len(list(shelf.lazy.keys(fresh)))] == [1_001, 1_001]
