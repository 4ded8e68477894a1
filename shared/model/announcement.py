"""What the platform is still to be told of a state: kept in the very row whose state it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MOST_PENDING = 50
"""Announcements one row may keep; above that the middle ones are merged."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(NamedTuple):
    """What the platform is told of a connection or tenant: a change of any of it is announced."""

    status: str
    detail: str | None
    tenant_id: str | None
    facts: Mapping[str, str] | None = None
    """What else a booking's event says."""
    news: int | None = None
    """Where not every change is told: what grows with those that are."""

    def is_told_after(self, before: State | None) -> bool:
        """Whether the platform is to be told of it, after a state in which the row was before."""
        if self.news is None:
            return self != before
        return before is None or before.news != self.news


@dataclass(frozen=True)
class Announcement:
    """One change of state that the platform is to be told of."""

    id: str
    """The same however often it is sent: the receiver's idempotency key."""
    at: datetime
    sequence: int
    """Grows with every change of this row's state, also when the row is deleted and made again."""
    status: str
    before: str | None
    """The status that the announcement before this one told of; None for the first one."""
    detail: str | None = None
    tenant_id: str | None = None
    merged: int = 0
    """Earlier changes this one stands for too, because too many were waiting."""
    facts: Mapping[str, str] | None = None

    def merged_with(self, later: Announcement) -> Announcement:
        """Both changes as one: from the state before this one to the one after the later."""
        return replace(later, before=self.before, merged=self.merged + later.merged + 1)


@dataclass(frozen=True)
class Outbox:
    """A row's announcements on their way to the platform, in order; only the oldest is ever sent."""

    sequence: int = 0
    """Of the latest announcement there was."""
    pending: tuple[Announcement, ...] = ()
    expected_at: datetime | None = None
    """When a message comes that delivers; None where one was sent as soon as something was pending."""

    def after(self, before: State | None, now_is: State, announcement_id: str, now: datetime) -> Outbox:
        """The outbox once the state is another one."""
        sequence = max(self.sequence + 1, (now - _EPOCH) // timedelta(microseconds=1))
        told = Announcement(
            announcement_id, now, sequence, now_is.status, before.status if before else None,
            detail=now_is.detail, tenant_id=now_is.tenant_id, facts=now_is.facts,
        )  # fmt: skip
        return replace(self, sequence=sequence, pending=bounded((*self.pending, told)))

    def without(self, announcement_id: str) -> Outbox:
        """The outbox once its oldest announcement was told; as it is where another one is the oldest by now."""
        if not self.pending or self.pending[0].id != announcement_id:
            return self
        return replace(self, pending=self.pending[1:], expected_at=None)

    @property
    def due_at(self) -> datetime | None:
        """When a message that delivers is, or was, due; None where nothing is pending."""
        return (self.expected_at or self.pending[0].at) if self.pending else None


def bounded(pending: tuple[Announcement, ...]) -> tuple[Announcement, ...]:
    """At most `MOST_PENDING`: the oldest and the newest stay as they are, two in the middle become one.

    The oldest may be on its way right now, so it is never one of the two.
    """
    if len(pending) <= MOST_PENDING:
        return pending
    middle = MOST_PENDING // 2
    return (*pending[:middle], pending[middle].merged_with(pending[middle + 1]), *pending[middle + 2 :])
