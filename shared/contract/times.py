"""When somebody is not free."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.model import BusyStatus, Freshness

Moment = Annotated[
    str,
    Meta(description="A time with an offset (RFC 3339).", extra_json_schema={"format": "date-time"}, max_length=64),
]


class SpanQuery(Struct, forbid_unknown_fields=True):
    """A span of time, its end excluded."""

    start: Moment
    end: Moment


class BlockOutput(Struct):
    """A span in which the member is not known to be free."""

    start: datetime
    end: datetime
    status: BusyStatus


class BusyOutput(Struct):
    """A member's busy times; free is only what no block covers."""

    member: str
    start: datetime
    end: datetime
    freshness: Freshness
    read_at: datetime | None
    busy: list[BlockOutput]


class ReasonOutput(Struct):
    """A block on a part of the span, and the rule that decided about it."""

    start: datetime
    end: datetime
    status: str
    calendar: str | None
    """`tenant/object id` of the mailbox or `personal`, then what tells one of its calendars from others; or null."""
    read_at: datetime | None
    because: str
    text: str


class PartOutput(Struct):
    """A part of the span in which nothing changes."""

    start: datetime
    end: datetime
    is_open: bool
    reasons: list[ReasonOutput]


class CalendarOutput(Struct):
    """A calendar that was looked at."""

    id: str
    freshness: str
    read_at: datetime
    unreadable_since: datetime | None
    known_from: datetime
    known_until: datetime


class RuleOutput(Struct):
    """What was decided about busy times."""

    busy_statuses: list[str]
    chosen_by_member: bool
    unknown_time: str


class ExplanationOutput(Struct):
    """Why a member's time is open or blocked. Never what an event is about."""

    member: str
    start: datetime
    end: datetime
    rule: RuleOutput
    calendars: list[CalendarOutput]
    parts: list[PartOutput]
