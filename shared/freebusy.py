"""Time arithmetic of busy blocks, and the rule that says how far a cached calendar can be believed.

Freshness, as written for people:

- `fresh`   the last read succeeded, began at most `FRESH_FOR` ago (`UNTOLD_FRESH_FOR` where Graph does not tell of
            changes) and covers the question.
- `stale`   the last read failed, or began longer ago than that, but at most `STALE_FOR` ago. The blocks are
            the last that were seen.
- `unknown` never read, or too long ago, or the question reaches outside what was read. Time that is not known
            to be free is answered as a block of status `unknown`, so that nobody who only looks at blocks
            books it; unless the organization's policy says to take it for free.

What counts as busy is the organization's policy too (`Rule`): blocks of other statuses are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.model import BusyBlock, BusyStatus, Freshness, Snapshot, Window

FRESH_FOR = timedelta(hours=6, minutes=30)
"""A little over the longest time between two scheduled reads."""
UNTOLD_FRESH_FOR = timedelta(minutes=30)
"""The same for a calendar that has no subscription and is read every ten minutes instead."""
STALE_FOR = timedelta(hours=24)

DAYS_BACK, DAYS_AHEAD = 1, 90


@dataclass(frozen=True)
class BusyAnswer:
    """What is known of somebody's time in a span."""

    freshness: Freshness
    read_at: datetime | None
    blocks: tuple[BusyBlock, ...]


@dataclass(frozen=True)
class Rule:
    """What counts as busy, and what becomes of time of which nothing is known."""

    counted: frozenset[BusyStatus] = frozenset(BusyStatus)
    unknown_is_free: bool = False


USUAL = Rule()


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a calendar was read that never was."""


def never_read(now: datetime) -> Snapshot:
    """What stands for a calendar of which nothing is known yet: any read takes its place."""
    return Snapshot(Window(now, now), (), _NEVER)


def read_at(snapshot: Snapshot | None) -> datetime | None:
    """When the calendar was read; None where it never was."""
    return None if snapshot is None or snapshot.read_at == _NEVER else snapshot.read_at


def rolling_window(now: datetime) -> Window:
    """The span a calendar is read for: whole UTC days from yesterday to ninety days ahead."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD + 1))


def widened(window: Window) -> Window:
    """A day more on both sides: an all-day event touches days it does not seem to, read from another zone."""
    return Window(window.start - timedelta(days=1), window.end + timedelta(days=1))


def clip(blocks: Iterable[BusyBlock], span: Window) -> tuple[BusyBlock, ...]:
    """The parts of the blocks inside the span, in order of time; empty blocks vanish."""
    start, end = span
    inside = [
        block
        if start <= block[0] and block[1] <= end
        else BusyBlock(max(block[0], start), min(block[1], end), block[2])
        for block in blocks
        if block[0] < end and block[1] > start
    ]
    return tuple(sorted(block for block in inside if block[0] < block[1]))


def freshness(snapshot: Snapshot | None, now: datetime) -> Freshness:
    """How far the snapshot can be believed at `now`, whatever is asked."""
    if snapshot is None or now - snapshot.read_at > STALE_FOR:
        return Freshness.UNKNOWN
    until = snapshot.fresh_until or snapshot.read_at + FRESH_FOR
    return Freshness.STALE if snapshot.unreadable_since is not None or now > until else Freshness.FRESH


def differs(before: Snapshot, after: Snapshot) -> bool:
    """Whether the two disagree about time that both were read for, by a second or more."""
    span = Window(max(before.window.start, after.window.start), min(before.window.end, after.window.end))
    old, new = clip(before.blocks, span), clip(after.blocks, span)
    return len(old) != len(new) or any(map(_apart, old, new))


def _apart(one: BusyBlock, other: BusyBlock) -> bool:
    moved = max(abs(one.start - other.start), abs(one.end - other.end))
    return one.status is not other.status or moved >= timedelta(seconds=1)


def busy_of(
    snapshots: Sequence[Snapshot], span: Window, now: datetime, rule: Rule = USUAL, booked: Sequence[BusyBlock] = ()
) -> BusyAnswer:
    """What all of somebody's calendars say together, with what was booked since: as believable as the least."""
    answer = _all_calendars(snapshots, span, now, rule)
    unseen = [block for block in clip(booked, span) if not _is_covered(block, answer.blocks)]
    return replace(answer, blocks=tuple(sorted((*answer.blocks, *unseen)))) if unseen else answer


def _is_covered(block: BusyBlock, by: Iterable[BusyBlock]) -> bool:
    return any(one.start <= block.start and block.end <= one.end for one in by)


def _all_calendars(snapshots: Sequence[Snapshot], span: Window, now: datetime, rule: Rule) -> BusyAnswer:
    answers = [busy_in(snapshot, span, now, rule) for snapshot in snapshots] or [busy_in(None, span, now, rule)]
    if len(answers) == 1:
        return answers[0]
    worst = max((answer.freshness for answer in answers), key=list(Freshness).index)
    oldest = min(filter(None, (answer.read_at for answer in answers)), default=None)
    return BusyAnswer(worst, oldest, tuple(sorted(block for answer in answers for block in answer.blocks)))


def busy_in(snapshot: Snapshot | None, span: Window, now: datetime, rule: Rule = USUAL) -> BusyAnswer:
    """What one snapshot says about the span; whatever it cannot say is an `unknown` block."""
    believed = freshness(snapshot, now)
    uncovered = unknown_in(snapshot, span, now)
    if snapshot is None or believed is Freshness.UNKNOWN:
        return BusyAnswer(Freshness.UNKNOWN, read_at(snapshot), () if rule.unknown_is_free else tuple(uncovered))
    counted = (block for block in snapshot.blocks if block.status in rule.counted)
    blocks = clip((*counted, *(() if rule.unknown_is_free else uncovered)), span)
    return BusyAnswer(Freshness.UNKNOWN if uncovered else believed, snapshot.read_at, blocks)


def unknown_in(snapshot: Snapshot | None, span: Window, now: datetime) -> list[BusyBlock]:
    """The parts of the span of which the snapshot says nothing that can be believed."""
    if snapshot is None or freshness(snapshot, now) is Freshness.UNKNOWN:
        return [BusyBlock(*span, BusyStatus.UNKNOWN)]
    return _outside(span, snapshot.window)


def _outside(span: Window, known: Window) -> list[BusyBlock]:
    """The parts of the span before and after what is known."""
    before = BusyBlock(span.start, min(span.end, known.start), BusyStatus.UNKNOWN)
    after = BusyBlock(max(span.start, known.end), span.end, BusyStatus.UNKNOWN)
    return [block for block in (before, after) if block.start < block.end]
