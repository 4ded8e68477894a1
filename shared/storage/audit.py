"""Who did what and when, per organization, newest first. Rows are only ever added."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from azure.data.tables import TableServiceClient

from shared.errors import EntityExists
from shared.storage.table import Table

_LAST_MILLISECOND = 253_402_300_799_999
"""Milliseconds to the end of year 9999; keys count down to it so that the newest row sorts first."""


@dataclass(frozen=True)
class Entry:
    """One thing somebody did, or was refused."""

    at: datetime
    actor: str
    """A platform member id, `microsoft:<object id>` for a Microsoft admin, or `system`."""
    action: str
    """A stable code, e.g. `activation_link.created`."""
    subject: str
    """The id of what it was done to."""
    detail: str | None = None
    """A stable code or count; never free text from outside."""


class Audit:
    """The audit trail of every organization, each in its own partition."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = Table(service, "Audit", Entry)

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


def _countdown(at: datetime) -> str:
    return f"{_LAST_MILLISECOND - int(at.timestamp() * 1000):015d}"
