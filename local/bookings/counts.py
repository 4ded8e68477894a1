"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Iterator

from local.bookings.checks import GONE
from local.bookings.clients import GIVEN_UP, Asked, Booker
from local.bookings.meetings import Afterwards
from local.bookings.run import Outcome

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
    yield "refused because somebody is not free", _count(outcome, "book", "again", kind="time-taken")
    yield "refused because Outlook does not take it", _count(outcome, "book", "again", kind="calendar-not-writable")
    yield "refused for other reasons", sum(_is_other(one) for b in outcome.bookers for one in b.history)
    yield "moved", sum(one.done for b in outcome.bookers for one in _of(b, "move"))
    yield "cancelled", sum(one.done for b in outcome.bookers for one in _of(b, "cancel"))


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
    yield "faults of Microsoft that struck", outcome.struck.total()
    for name, count in sorted(outcome.struck.items()):
        yield f"  {name}", count


def _end(outcome: Outcome) -> Rows:
    yield "events in Outlook", outcome.events
    yield "overlaps", len(outcome.overlaps)
    yield "bookings doubled, lost or half there", len(outcome.wrong)
    yield "leftovers: time held, work or messages", len(outcome.leftovers)
    yield "members whose busy times are not Outlook's", len(outcome.calendars)


def _of(booker: Booker, *what: str) -> list[Asked]:
    return [one for one in booker.history if one.what in what]


def _count(outcome: Outcome, *what: str, kind: str) -> int:
    return sum(_kind(one) == kind for b in outcome.bookers for one in _of(b, *what))


def _is_other(asked: Asked) -> bool:
    known = ("time-taken", "calendar-not-writable")
    return not asked.done and not asked.unknown and not (asked.what != "move" and _kind(asked) in known)


def _kind(asked: Asked) -> str:
    return str(asked.answer.get("type") or "").rpartition(":")[2]
