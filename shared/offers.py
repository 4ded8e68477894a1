"""Times that can be offered for a meeting: members' calendars put together with their working hours.

Calendars are read from the cache. Where nothing is known of somebody's time, the organization's policy says what
happens: it is read live, all of them together and within a budget; it is blocked; or it is taken for free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

from shared.availability import Availability, Known
from shared.free_times import Believed, Grid, Offer, Question, free_bits, slots
from shared.model import Freshness, MemberKey, UnknownRule, Window


class Offers:
    """Finds times."""

    def __init__(self, availability: Availability, now: Callable[[], datetime]) -> None:
        self._availability = availability
        self._now = now

    def times(self, org: str, question: Question) -> Offer:
        """The times that can be offered. Raises `NotFound` naming a member who is not on the roster."""
        now, meeting = self._now(), question.meeting
        grid = Grid(*question.span, question.step, meeting.duration, now + question.notice)
        asked = Window(question.span.start - meeting.before, question.span.end + meeting.after)
        owners = [MemberKey(org, member) for member in question.members]
        known = self._availability.of_many(owners, asked)
        free = {
            owner.member: free_bits(hours_of(question, owner.member), known.answers[owner].blocks, meeting, grid)
            for owner in owners
        }
        believed = [Believed(o.member, known.answers[o], done_about(known, o)) for o in owners]
        offered = slots(free, question.combine, question.at_least, grid)
        first, following = list(islice(offered, question.limit)), next(offered, None)
        return Offer(first, following.start if following else None, believed)


def hours_of(question: Question, member: str) -> Sequence[Window]:
    """When the member works within the span."""
    hours = question.members[member]
    return [question.span] if hours is None else hours.within(question.span)


def done_about(known: Known, owner: MemberKey) -> str | None:
    """What was done about time of which nothing was known."""
    if known.answers[owner].freshness is not Freshness.UNKNOWN:
        return "read_live" if owner in known.asked_live else None
    return "taken_as_free" if known.rule is UnknownRule.ALLOW else "blocked"
