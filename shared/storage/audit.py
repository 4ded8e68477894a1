"""Who did what and when, per organization, newest first. Rows are only ever added."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.data.tables import TableServiceClient

from shared.errors import EntityExists
from shared.model import Entry
from shared.storage.table import Row, Table

__all__ = ["SYSTEM", "Audit", "Entry", "is_key"]

SYSTEM = "system"
"""Who did what nobody in particular did."""
_LAST_MILLISECOND = 253_402_300_799_999
"""Milliseconds to the end of year 9999; keys count down to it so that the newest row sorts first."""
_MINUTE = timedelta(minutes=1)
_KEY = re.compile(r"[0-9]{15}-[0-9a-f]{8,16}")


class Audit:
    """The audit trail of every organization, each in its own partition."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = Table(service, "Audit", Entry, lenient=True)

    def record(self, org: str, entry: Entry) -> None:
        """Add an entry."""
        self._table.insert(org, f"{_countdown(entry.at)}-{uuid.uuid4().hex[:8]}", entry)

    def record_once(self, org: str, entry: Entry) -> None:
        """Add an entry, unless the same was added in the same minute: whoever insists fills no table."""
        minute = entry.at.replace(second=0, microsecond=0)
        same = "\n".join((entry.actor, entry.action, entry.subject, entry.detail or ""))
        with suppress(EntityExists):
            self._table.insert(org, f"{_countdown(minute)}-{hashlib.sha256(same.encode()).hexdigest()[:16]}", entry)

    def of(self, org: str) -> Iterator[Entry]:
        """The organization's entries, newest first."""
        return (row.value for row in self._table.rows(org))

    def between(
        self, org: str, since: datetime | None, until: datetime | None, after: str | None, page: int
    ) -> Iterator[Row[Entry]]:
        """Rows of at least this span, newest first, from just behind the key `after`; `page` of them at a time.

        A minute more than asked may come at the beginning: the key of an entry that is kept once a minute says when
        that minute began.
        """
        first = max(_countdown(until) if until else "", after or "")
        last = _countdown((since - _MINUTE) if since else datetime.fromtimestamp(0, UTC))
        bounds = {"p": org, "first": first, "last": f"{last}~"}
        return self._table.where("PartitionKey eq @p and RowKey gt @first and RowKey lt @last", bounds, page)


def is_key(text: str) -> bool:
    """Whether this can be the key of an entry."""
    return _KEY.fullmatch(text) is not None


def _countdown(at: datetime) -> str:
    return f"{_LAST_MILLISECOND - int(at.timestamp() * 1000):015d}"
