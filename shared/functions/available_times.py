"""Times that can be offered for a meeting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shared.contract.available_times import (
    AvailableTimesInput,
    AvailableTimesOutput,
    MemberTimesOutput,
    SlotOutput,
)
from shared.contract.parsing import span_from
from shared.errors import InvalidInput, NotFound
from shared.free_times import Meeting, Offer, Question
from shared.functions.endpoints import Api, Asked, Nothing, Who
from shared.working_hours import WorkingHours, working_hours

LONGEST_SPAN = timedelta(days=62)


def available_times(api: Api) -> None:
    """Times that can be offered."""
    services = api.services

    @api.endpoint(
        "POST", "api/available-times", Who.ASKER, AvailableTimesOutput, body=AvailableTimesInput, problems=(NotFound,)
    )
    def find_available_times(ask: Asked[Nothing, AvailableTimesInput]) -> AvailableTimesOutput:
        """Find the times at which a meeting with one or many members can be offered.

        A time is offered where the meeting lies inside a member's working hours and, with its buffers, beside
        everything busy in their calendars. Says of each member how far the calendar behind it can be believed.
        """
        for member in ask.body.members:
            ask.caller.require_may_read(member.id)
        zoneless = [one.id for one in ask.body.members if one.working_hours and one.working_hours.time_zone is None]
        zones = services.members.zones(ask.caller.org, zoneless)
        return _answer(services.offers.times(ask.caller.org, question(ask.body, zones)))


def question(asked: AvailableTimesInput, zones: Mapping[str, str | None]) -> Question:
    """What is asked, checked. `zones` are the roster's, by member. Raises `InvalidInput` naming the field."""
    span = span_from(asked.start, asked.end, LONGEST_SPAN)
    members: dict[str, WorkingHours | None] = {}
    for number, one in enumerate(asked.members):
        if one.id in members:
            raise InvalidInput("The same member occurs twice.", field=f"members[{number}].id")
        hours = one.working_hours
        where = f"members[{number}].working_hours"
        members[one.id] = working_hours(hours, zones.get(one.id), where) if hours else None
    if asked.at_least > len(members):
        raise InvalidInput("There are fewer members than that.", field="at_least")
    before, after = (timedelta(minutes=n) for n in (asked.buffer_before_minutes, asked.buffer_after_minutes))
    return Question(
        members,
        span,
        Meeting(timedelta(minutes=asked.duration_minutes), before, after),
        timedelta(minutes=asked.step_minutes),
        timedelta(minutes=asked.minimum_notice_minutes),
        asked.combine,
        asked.at_least,
        asked.limit,
    )


def _answer(offer: Offer) -> AvailableTimesOutput:
    times = [SlotOutput(*slot) for slot in offer.slots]
    believed = [
        MemberTimesOutput(one.member, one.answer.freshness, one.answer.read_at, one.unknown) for one in offer.believed
    ]
    return AvailableTimesOutput(times, offer.following, believed)
