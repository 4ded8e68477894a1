"""Entries of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
    """A stable code, count or id; never free text from outside."""


@dataclass(frozen=True)
class Sought:
    """Which entries are asked for: those that meet everything that is given."""

    since: datetime | None = None
    until: datetime | None = None
    """Excluded."""
    actor: str | None = None
    action: str | None = None

    def includes(self, entry: Entry) -> bool:
        """Whether the entry is one of those."""
        in_time = (self.since is None or entry.at >= self.since) and (self.until is None or entry.at < self.until)
        return in_time and self.actor in (None, entry.actor) and self.action in (None, entry.action)
