"""Why somebody's time is open or blocked: each part of a span with every block that lies on it, and the rule for it.

Says which calendar, which status and when it was read; never a title, because none is ever read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from shared.bookings.agenda import taken
from shared.freebusy import Rule, clip, freshness, read_at, unknown_in
from shared.model import (
    BusyBlock,
    BusyStatus,
    CalendarKey,
    Choice,
    Freshness,
    Kept,
    Policy,
    Snapshot,
    UnknownRule,
    Window,
)


class Because(StrEnum):
    """The rule that decided about a block."""

    COUNTS = "counts_as_busy"
    DOES_NOT_COUNT = "does_not_count"
    UNKNOWN_BLOCKS = "unknown_blocks"
    UNKNOWN_IS_FREE = "unknown_is_free"
    BOOKED = "booked"
    """Held for a booking, or written so lately that Outlook was not read since."""


class Reason(NamedTuple):
    """One block on a part of the span."""

    calendar: CalendarKey | None
    """None where no calendar is connected at all, and for bookings."""
    block: BusyBlock
    because: Because
    read_at: datetime | None

    @property
    def blocks(self) -> bool:
        """Whether it makes the time not bookable."""
        return self.because in (Because.COUNTS, Because.UNKNOWN_BLOCKS, Because.BOOKED)


class Part(NamedTuple):
    """A part of the span in which nothing changes."""

    start: datetime
    end: datetime
    reasons: tuple[Reason, ...]

    @property
    def is_open(self) -> bool:
        """Whether it is bookable as far as calendars go."""
        return not any(reason.blocks for reason in self.reasons)


class Read(NamedTuple):
    """How far one calendar can be believed."""

    calendar: CalendarKey
    freshness: Freshness
    snapshot: Snapshot


@dataclass(frozen=True)
class Explanation:
    """A span of somebody's time, explained."""

    parts: tuple[Part, ...]
    calendars: tuple[Read, ...]
    rule: Rule
    unknown_time: UnknownRule
    chosen_by_member: bool


def explain(
    kept: Kept,
    span: Window,
    now: datetime,
    rule: Rule,
    policy: Policy,
    choice: Choice | None,
) -> Explanation:
    """Explain the span from what is cached."""
    reasons = [
        reason for calendar, snapshot in kept.snapshots for reason in reasons_of(calendar, snapshot, span, now, rule)
    ]
    if not kept.snapshots:
        reasons = list(_unknown(None, None, span, now, rule))
    reasons += [Reason(None, block, Because.BOOKED, None) for block in clip(taken(kept.claims, kept.snapshots), span)]
    return Explanation(
        tuple(parts_of(span, reasons)),
        tuple(
            Read(calendar, freshness(snapshot, now), snapshot)
            for calendar, snapshot in kept.snapshots
            if read_at(snapshot)
        ),
        rule,
        policy.unknown_time,
        choice is not None and choice.busy_statuses is not None,
    )


def reasons_of(
    calendar: CalendarKey, snapshot: Snapshot, span: Window, now: datetime, rule: Rule
) -> Iterable[Reason]:
    """Every block of a calendar in the span, and what it cannot say."""
    if freshness(snapshot, now) is not Freshness.UNKNOWN:
        for block in clip(snapshot.blocks, span):
            because = Because.COUNTS if block.status in rule.counted else Because.DOES_NOT_COUNT
            yield Reason(calendar, block, because, snapshot.read_at)
    yield from _unknown(calendar, snapshot, span, now, rule)


def _unknown(
    calendar: CalendarKey | None, snapshot: Snapshot | None, span: Window, now: datetime, rule: Rule
) -> Iterable[Reason]:
    because = Because.UNKNOWN_IS_FREE if rule.unknown_is_free else Because.UNKNOWN_BLOCKS
    for block in unknown_in(snapshot, span, now):
        yield Reason(calendar, block, because, read_at(snapshot))


def parts_of(span: Window, reasons: Sequence[Reason]) -> Iterable[Part]:
    """The span cut wherever a block begins or ends."""
    edges = {span.start, span.end, *(r.block.start for r in reasons), *(r.block.end for r in reasons)}
    cuts = sorted(edge for edge in edges if span.start <= edge <= span.end)
    ordered = sorted(reasons, key=lambda reason: reason.block.start)
    current: list[Reason] = []
    position = 0
    for start, end in pairwise(cuts):
        while position < len(ordered) and ordered[position].block.start <= start:
            current.append(ordered[position])
            position += 1
        current = [reason for reason in current if reason.block.end > start]
        yield Part(start, end, tuple(current))


TEXTS = {
    Because.COUNTS: "An event shown as {status} counts as busy.",
    Because.DOES_NOT_COUNT: "An event shown as {status} does not count as busy.",
    Because.UNKNOWN_BLOCKS: "Nothing is known of this time, so it is not offered.",
    Because.BOOKED: "A booking takes this time.",
    Because.UNKNOWN_IS_FREE: "Nothing is known of this time; the policy takes it for free.",
}

SHOWN_AS = {
    BusyStatus.BUSY: "busy",
    BusyStatus.TENTATIVE: "tentative",
    BusyStatus.OOF: "out of office",
    BusyStatus.WORKING_ELSEWHERE: "working elsewhere",
    BusyStatus.UNKNOWN: "unknown",
}


def in_words(reason: Reason) -> str:
    """The reason as people read it."""
    return TEXTS[reason.because].format(status=SHOWN_AS[reason.block.status])
