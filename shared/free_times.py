"""Which times of a grid can be offered, from members' working hours and busy blocks: pure arithmetic.

A time can be offered for a member where the meeting lies inside working hours, and the meeting with its buffers
overlaps nothing busy. The times of the grid for which that holds are the bits of one whole number per member, so
that combining fifty members over two months is a handful of operations on numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from shared.freebusy import BusyAnswer
from shared.model import BusyBlock, Combine, Window
from shared.working_hours import WorkingHours


@dataclass(frozen=True)
class Meeting:
    """What is to be fitted in."""

    duration: timedelta
    before: timedelta = timedelta()
    """Kept free before it."""
    after: timedelta = timedelta()
    """Kept free after it."""


@dataclass(frozen=True)
class Grid:
    """The times that may be offered: from `start` on, a step apart, so that a meeting ends by `end`."""

    start: datetime
    end: datetime
    step: timedelta
    duration: timedelta
    earliest: datetime
    """Nothing before this is offered, however the grid lies."""

    @property
    def size(self) -> int:
        """How many times there are."""
        return max(0, (self.end - self.duration - self.start) // self.step + 1)

    def at(self, number: int) -> datetime:
        """A time of the grid."""
        return self.start + self.step * number

    def bits(self, span: Window) -> int:
        """The times from the span's start to its end, both included, one bit each."""
        first = max(-((self.start - max(span.start, self.earliest)) // self.step), 0)
        last = min((span.end - self.start) // self.step, self.size - 1)
        return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


class Slot(NamedTuple):
    """A time that can be offered, and who is free then."""

    start: datetime
    end: datetime
    members: tuple[str, ...]


def starts(working: Iterable[Window], busy: Iterable[BusyBlock], meeting: Meeting) -> Iterator[Window]:
    """When a meeting may start for one member: spans whose both ends count, `working` and `busy` in order of time."""
    blocked, passed = forbidden(busy, meeting), 0
    for span in working:
        first, last = span.start, span.end - meeting.duration
        while passed < len(blocked) and blocked[passed].end <= first:
            passed += 1
        for before, after in islice(blocked, passed, None):
            if before >= last:
                break
            if before >= first:
                yield Window(first, before)
            first = max(first, after)
        if first <= last:
            yield Window(first, last)


def forbidden(busy: Iterable[BusyBlock], meeting: Meeting) -> list[Window]:
    """Strictly inside of which spans a meeting may not start, because it or its buffers would overlap a block."""
    found: list[Window] = []
    for block in busy:
        start, end = block.start - meeting.duration - meeting.after, block.end + meeting.before
        if found and start < found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Window(start, end))
    return found


def free_bits(working: Iterable[Window], busy: Iterable[BusyBlock], meeting: Meeting, grid: Grid) -> int:
    """The times of the grid that can be offered for one member."""
    found = 0
    for span in starts(working, sorted(busy), meeting):
        found |= grid.bits(span)
    return found


def at_least(free: Sequence[int], wanted: int) -> int:
    """The times at which at least so many are free: numbers counted up bit by bit, all times at once."""
    reached = [-1] + [0] * wanted
    for bits in free:
        for count in range(wanted, 0, -1):
            reached[count] |= reached[count - 1] & bits
    return reached[wanted]


def slots(free: Mapping[str, int], combine: Combine, wanted: int, grid: Grid) -> Iterator[Slot]:
    """The times that can be offered, in order, each with the members who are free, unless all have to be."""
    needed = {Combine.EVERYONE: len(free), Combine.ANYONE: 1, Combine.AT_LEAST: wanted}[combine]
    offered = at_least(list(free.values()), needed) if free else 0
    told = {} if combine is Combine.EVERYONE else free
    digits = {member: _digits(bits, grid.size) for member, bits in told.items()}
    for number, digit in enumerate(_digits(offered, grid.size)):
        if digit == "1":
            members = tuple(member for member, known in digits.items() if known[number] == "1")
            yield Slot(grid.at(number), grid.at(number) + grid.duration, members)


def _digits(bits: int, size: int) -> str:
    """The bits as text, the first time first."""
    return f"{bits:0{size}b}"[::-1] if size else ""


@dataclass(frozen=True)
class Question:
    """What is to be fitted in, when, and with whom."""

    members: Mapping[str, WorkingHours | None]
    """With the hours that were given; None: those are free at any time as far as hours go."""
    span: Window
    meeting: Meeting
    step: timedelta
    notice: timedelta
    combine: Combine
    at_least: int
    limit: int
    """Times in one answer at most."""


@dataclass(frozen=True)
class Believed:
    """How far a member's times can be believed."""

    member: str
    answer: BusyAnswer
    unknown: str | None


@dataclass(frozen=True)
class Offer:
    """Times, and what they rest on."""

    slots: list[Slot]
    following: datetime | None
    """The first time that can be offered behind these."""
    believed: list[Believed]
