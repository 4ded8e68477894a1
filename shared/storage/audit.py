"""Who did what and when, per organization, newest first. Rows are only ever added."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from azure.data.tables import TableServiceClient

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
        countdown = _LAST_MILLISECOND - int(entry.at.timestamp() * 1000)
        self._table.insert(org, f"{countdown:015d}-{uuid.uuid4().hex[:8]}", entry)

    def of(self, org: str) -> Iterator[Entry]:
        """The organization's entries, newest first."""
        return (row.value for row in self._table.rows(org))
