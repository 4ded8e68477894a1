"""Times that can be offered for a meeting."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import Clock, DayEnd, Identifier, Zone
from shared.contract.times import Moment
from shared.model import Combine, Freshness

Minutes = Annotated[int, Meta(ge=0, le=1440)]


class HoursInput(Struct, forbid_unknown_fields=True):
    """Hours of one day by the wall clock, their end excluded."""

    start: Clock
    end: DayEnd


DayHours = Annotated[list[HoursInput], Meta(max_length=10)]


class WeekInput(Struct, forbid_unknown_fields=True):
    """Hours by weekday; one that is left out is off."""

    monday: DayHours = []
    tuesday: DayHours = []
    wednesday: DayHours = []
    thursday: DayHours = []
    friday: DayHours = []
    saturday: DayHours = []
    sunday: DayHours = []


class OverrideInput(Struct, forbid_unknown_fields=True):
    """A day on which other hours hold; none at all where the day is off."""

    date: date
    hours: DayHours


class WorkingHoursInput(Struct, forbid_unknown_fields=True):
    """When a member can be booked at all."""

    weekly: WeekInput
    time_zone: Zone | None = None
    """IANA name; the one on the roster where it is left out, else UTC."""
    overrides: Annotated[list[OverrideInput], Meta(max_length=400)] = []


class OfferedMember(Struct, forbid_unknown_fields=True):
    """A member who may take part."""

    id: Identifier
    working_hours: WorkingHoursInput | None = None
    """Any time where they are left out."""


class AvailableTimesInput(Struct, forbid_unknown_fields=True):
    """A meeting to be fitted in, and whom it is with."""

    members: Annotated[list[OfferedMember], Meta(min_length=1, max_length=100)]
    start: Moment
    """The first time that may be offered; others lie a whole number of steps behind it."""
    end: Moment
    """When the last meeting must be over; at most 62 days behind the start."""
    duration_minutes: Annotated[int, Meta(ge=1, le=1440)]
    step_minutes: Annotated[int, Meta(ge=5, le=1440)] = 15
    buffer_before_minutes: Minutes = 0
    buffer_after_minutes: Minutes = 0
    minimum_notice_minutes: Annotated[int, Meta(ge=0, le=525_600)] = 0
    """Nothing is offered that begins earlier than this from now."""
    combine: Combine = Combine.EVERYONE
    at_least: Annotated[int, Meta(ge=1, le=100)] = 1
    """How many members must be free, where they combine as `at_least`."""
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Times in one answer at most."""


class SlotOutput(Struct, omit_defaults=True):
    """A time that can be offered."""

    start: datetime
    end: datetime
    members: tuple[str, ...] = ()
    """Who is free then; left out where everyone has to be."""


class MemberTimesOutput(Struct):
    """How far a member's times can be believed."""

    id: str
    freshness: Freshness
    read_at: datetime | None
    unknown: str | None
    """What was done about time of which nothing is known: `read_live`, `blocked` or `taken_as_free`; null where
    everything is known."""


class AvailableTimesOutput(Struct):
    """Times that can be offered, in order, and how far each member's calendar can be believed."""

    slots: list[SlotOutput]
    next: datetime | None
    """Where to start the same question for the times that follow; null where these are all."""
    members: list[MemberTimesOutput]
