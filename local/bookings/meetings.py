"""What is asked for, as a seed decides: meetings that overlap, and what their clients do about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple

Json = dict[str, Any]

STEP = timedelta(minutes=15)
LENGTHS = (1, 2, 3, 4)
"""In steps."""
CROWD = 3
"""Steps of all members' time per booking: somewhat more is asked for than there is."""
DAY = timedelta(hours=8)


class Span(NamedTuple):
    """From when to when."""

    start: datetime
    end: datetime


class Afterwards(StrEnum):
    """What becomes of a booking that was confirmed."""

    NOTHING = "nothing"
    MOVE = "move"
    CANCEL = "cancel"
    BOTH = "both at once"


@dataclass(frozen=True)
class Meeting:
    """One booking, and its client's habits."""

    id: str
    lead: str
    others: tuple[str, ...]
    span: Span
    target: Span
    """Where it is moved, if it is."""
    buffer: int
    """Minutes before and after."""
    teams: bool
    begins_after: int
    """Kills that come before it is asked for."""
    copies: int
    """Requests sent at the same time."""
    patient: bool
    """Whether it repeats until there is an answer; others give up where the first one is lost."""
    afterwards: Afterwards
    again: Span | None
    """Where it is asked for once more, under the same id, after it was refused."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The one who invites first."""
        return self.lead, *self.others

    @property
    def visitor(self) -> str:
        """An address that nobody else is invited by."""
        return f"{self.id}@visitors.example"

    def at(self, span: Span) -> Meeting:
        """The same at another time."""
        return replace(self, span=span)

    def body(self) -> Json:
        """As the API takes it."""
        return {
            "start": self.span.start.isoformat(),
            "end": self.span.end.isoformat(),
            "subject": self.id,
            "attendees": [{"email": self.visitor}],
            "teams_meeting": self.teams,
            "buffer_before_minutes": self.buffer,
            "buffer_after_minutes": self.buffer,
            "hosts": list(self.others),
        }


def meetings(count: int, kills: int, members: list[str], first: datetime, seed: int) -> list[Meeting]:
    """So many, for these members, from `first` on."""
    randomness = Random(seed)  # noqa: S311 - repeatable on purpose
    steps = max(8, CROWD * count // len(members))
    return [_meeting(f"b{number}", kills, members, first, steps, randomness) for number in range(count)]


def _meeting(
    identity: str, kills: int, members: list[str], first: datetime, steps: int, randomness: Random
) -> Meeting:
    lead, *rest = randomness.sample(members, len(members))
    chance, span = randomness.random, _span(first, steps, randomness)
    return Meeting(
        identity,
        lead,
        tuple(rest[: randomness.choice((1, 1, 2))]) if chance() < 0.25 else (),
        span,
        _span(first, steps, randomness) if chance() < 0.5 else Span(span.start + STEP, span.end + STEP),
        randomness.choice((0, 0, 0, 15)),
        chance() < 0.2,
        randomness.randrange(kills) if kills and chance() < 0.4 else 0,
        randomness.choice((2, 3)) if chance() < 0.2 else 1,
        chance() < 0.75,
        randomness.choices(list(Afterwards), (50, 25, 15, 10))[0],
        _span(first, steps, randomness) if chance() < 0.2 else None,
    )


def _span(first: datetime, steps: int, randomness: Random) -> Span:
    """Some time, on as many days as it takes."""
    begin, per_day = randomness.randrange(steps), int(DAY / STEP)
    start = first + begin // per_day * timedelta(days=1) + begin % per_day * STEP
    return Span(start, start + randomness.choice(LENGTHS) * STEP)
