"""The audit trail: newest first, per organization, never overwritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient

from shared.storage.audit import Audit, Entry

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
