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
