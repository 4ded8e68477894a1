"""The table at the end of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from local.bookings.checks import GONE
from local.bookings.clients import GIVEN_UP, Asked, Booker
from local.bookings.meetings import Afterwards
from local.bookings.run import Outcome

_WORDS = {
    "time-taken": "somebody is not free",
    "calendar-not-writable": "Outlook does not take it",
    "conflict": "cancelled meanwhile",
}
Rows = Iterator[tuple[str, int]]


def rows(outcome: Outcome) -> list[tuple[str, int]]:
    """Everything that is counted."""
    return [*_requests(outcome), *_answers(outcome), *_given_up(outcome), *_trouble(outcome), *_end(outcome)]


def _requests(outcome: Outcome) -> Rows:
    bookers, seen = outcome.bookers, outcome.seen
    yield "bookings asked for, all at once", len(bookers)
    yield "  with several hosts", sum(len(b.meeting.hosts) > 1 for b in bookers)
    yield "  sent two or three times in parallel", sum(b.meeting.copies > 1 for b in bookers)
    yield "  moved and cancelled at the same time", sum(b.meeting.afterwards is Afterwards.BOTH for b in bookers)
    yield "requests repeated", seen["requests repeated"]
    yield "answers lost on their way to the client", seen["answers lost"]
    yield "answers 503: repeat", seen["answered 503"]


def _answers(outcome: Outcome) -> Rows:
    yield "booked", sum(any(one.done for one in _of(b, "book", "again")) for b in outcome.bookers)
    yield from _refused(outcome, "book", "again")
    yield "moved", sum(one.done for b in outcome.bookers for one in _of(b, "move"))
    yield from _refused(outcome, "move")
    yield "cancelled", sum(one.done for b in outcome.bookers for one in _of(b, "cancel"))
    yield from _refused(outcome, "cancel")


def _refused(outcome: Outcome, *what: str) -> Rows:
    """Why requests of a kind were not carried out."""
    asked = [one for b in outcome.bookers for one in _of(b, *what)]
    kinds = Counter(_kind(one) for one in asked if not one.done and not one.unknown)
    yield from ((f"  refused: {_WORDS.get(kind, kind)}", count) for kind, count in sorted(kinds.items()))


def _given_up(outcome: Outcome) -> Rows:
    lost = [b for b in outcome.bookers if any(one.status == GIVEN_UP for one in b.history)]
    states = [outcome.states[b.meeting.id] for b in lost]
    yield "clients who gave up where an answer was lost", len(lost)
    for state in ("confirmed", "failed", "cancelled"):
        yield f"  whose booking is {state}", states.count(state)
    yield "  whose booking never came to be", states.count(GONE)


def _trouble(outcome: Outcome) -> Rows:
    yield "kills of the service (SIGKILL)", outcome.kills
    yield "  with storage down too, for minutes", outcome.long_outages
    yield "messages that died with it five times, replayed", outcome.replayed
    yield "faults of Microsoft that struck", outcome.struck.total()
    for name, count in sorted(outcome.struck.items()):
        yield f"  {name}", count


def _end(outcome: Outcome) -> Rows:
    yield "events in Outlook", outcome.events
    yield "events that visitors were told are off", outcome.removed
    yield "overlaps", len(outcome.overlaps)
    yield "bookings doubled, lost or half there", len(outcome.wrong)
    yield "leftovers: time held, work or messages", len(outcome.leftovers)
    yield "members whose busy times are not Outlook's", len(outcome.calendars)


def _of(booker: Booker, *what: str) -> list[Asked]:
    return [one for one in booker.history if one.what in what]


def _kind(asked: Asked) -> str:
    return str(asked.answer.get("type") or "").rpartition(":")[2]
