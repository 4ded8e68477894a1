"""The audit trail: newest first, per organization, never overwritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient

from shared.audit import AuditTrail
from shared.errors import InvalidInput
from shared.model import Sought
from shared.settings import StorageSettings
from shared.storage.audit import Audit, Entry, is_key
from shared.storage.tables import Tables

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)


def entry(after: timedelta = timedelta(), subject: str = "x") -> Entry:
    return Entry(NOON + after, "m-1", "activation_link.created", subject)


@pytest.fixture(scope="module")
def audit(service: TableServiceClient) -> Audit:
    return Audit(service)


def test_nothing_happened_yet(audit: Audit, fresh: str) -> None:
    assert list(audit.of(fresh)) == []


def test_the_newest_comes_first_whatever_the_order_of_writing(audit: Audit, fresh: str) -> None:
    spans = [
        timedelta(),
        timedelta(milliseconds=1),
        timedelta(seconds=-1),
        timedelta(days=3650),
        timedelta(days=-400),
        timedelta(hours=9),
        timedelta(days=100_000),
    ]
    for span in spans:
        audit.record(fresh, entry(span))
    assert [found.at - NOON for found in audit.of(fresh)] == sorted(spans, reverse=True)


def test_what_happens_in_the_same_moment_is_all_kept(audit: Audit, fresh: str) -> None:
    for number in range(5):
        audit.record(fresh, entry(subject=str(number)))
    assert sorted(found.subject for found in audit.of(fresh)) == list("01234")


def test_one_organization_does_not_see_anothers(audit: Audit, fresh: str) -> None:
    audit.record(fresh, entry())
    assert list(audit.of(f"{fresh}x")) == []
    assert list(audit.of("")) == []


def test_an_entry_is_read_as_it_was_written(audit: Audit, fresh: str) -> None:
    written = Entry(NOON, "microsoft:o-1", "tenant.connected", "t-1", "42")
    audit.record(fresh, written)
    assert list(audit.of(fresh)) == [written]


def found(audit: Audit, org: str, since: timedelta | None = None, until: timedelta | None = None) -> list[str]:
    span = (None if since is None else NOON + since, None if until is None else NOON + until)
    return [row.value.subject for row in audit.between(org, *span, None, 100)]


def test_only_rows_of_the_span_are_read_and_at_most_a_minute_more(audit: Audit, fresh: str) -> None:
    for minutes in range(-5, 6):
        audit.record(fresh, entry(timedelta(minutes=minutes), str(minutes)))
    minute = timedelta(minutes=1)
    assert found(audit, fresh, -2 * minute, 2 * minute) == ["2", "1", "0", "-1", "-2", "-3"]
    assert found(audit, fresh, until=-4 * minute) == ["-4", "-5"]
    assert found(audit, fresh, since=5 * minute) == ["5", "4"]
    assert len(found(audit, fresh)) == 11


@pytest.fixture(scope="module")
def trail(storage: StorageSettings) -> AuditTrail:
    return AuditTrail(Tables(storage), lambda: NOON)


def told(trail: AuditTrail, org: str, most: int, **sought: object) -> list[list[str]]:
    """The pages, each as the subjects of its entries."""
    pages: list[list[str]] = []
    after: str | None = None
    while True:
        page, after = trail.page(org, Sought(**sought), after, most)  # type: ignore[arg-type]
        pages.append([one.subject for one in page])
        if after is None:
            return pages


def test_pages_follow_each_other_without_gap_or_repeat(audit: Audit, trail: AuditTrail, fresh: str) -> None:
    for number in range(7):
        audit.record(fresh, entry(subject=str(number)))  # all of one moment
    pages = told(trail, fresh, 3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(subject for page in pages for subject in page) == list("0123456")


def test_the_beginning_of_a_span_counts_and_its_end_does_not(audit: Audit, trail: AuditTrail, fresh: str) -> None:
    moment = timedelta(microseconds=1)
    for number, at in enumerate((-moment, 0 * moment, 1000 * moment)):
        audit.record(fresh, entry(at, str(number)))
    assert told(trail, fresh, 10, since=NOON) == [["2", "1"]]
    assert told(trail, fresh, 10, until=NOON) == [["0"]]


def test_an_entry_kept_once_a_minute_is_found_by_when_it_happened(
    audit: Audit, trail: AuditTrail, fresh: str
) -> None:
    audit.record_once(fresh, entry(timedelta(seconds=50)))
    assert told(trail, fresh, 10, since=NOON + timedelta(seconds=49)) == [["x"]]
    assert told(trail, fresh, 10, until=NOON + timedelta(seconds=49)) == [[]]


def test_a_rare_action_is_looked_for_piece_by_piece(
    audit: Audit, trail: AuditTrail, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request reads a bounded number of entries, whatever is asked for."""
    monkeypatch.setattr("shared.audit.MOST_LOOKED_AT", 50)
    rows = [(None, f"{10**14 + number:015d}-{number:08x}", entry(subject=str(number))) for number in range(120)]
    audit._table.save_all(fresh, rows)
    pages = told(trail, fresh, 10, actor="nobody")
    assert pages == [[], [], []]


@pytest.mark.parametrize("key", ["", "x", "1" * 15, "1" * 15 + "-zz", "1" * 15 + "-" + "0" * 8 + "\n"])
def test_what_is_no_key_is_refused(trail: AuditTrail, key: str) -> None:
    assert not is_key(key)
    with pytest.raises(InvalidInput):
        trail.page("acme", Sought(), key)


def test_a_row_that_holds_no_entry_hides_no_other(audit: Audit, trail: AuditTrail, fresh: str) -> None:
    audit.record(fresh, entry())
    audit._table._client.create_entity({"PartitionKey": fresh, "RowKey": f"{1:015d}-{1:08x}", "json0": "{}"})
    assert told(trail, fresh, 10) == [["x"]]
