"""Fields that occur in many places, with what each must look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}$(?!\n)", description="A platform id.")]
Address = Annotated[
    str, Meta(pattern=r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,255}$(?!\n)", description="A mail address.")
]
Domain = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{1,252}$(?!\n)", description="A domain, e.g. contoso.com.")
]
Clock = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="A time of day, e.g. 09:00.")
]
DayEnd = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)",
        description="A time of day, or 24:00 for its end.",
    ),
]
Zone = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "iana-time-zone"})]
Line = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f\ufffe\uffff]*$(?!\n)", description="Text without line breaks and controls.")
]
Paragraphs = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]*$(?!\n)",
        description="Plain text without controls other than line breaks and tabs.",
    ),
]
Cursor = Annotated[
    str,
    Meta(
        max_length=200,
        description="The `next` of the page before, as it is.",
        extra_json_schema={"format": "cursor"},
    ),
]

MOST_MEMBERS = 50_000

SHAPES: Mapping[str, str] = {
    meta.pattern: meta.description
    for meta in (get_args(kind)[1] for kind in (Identifier, Address, Domain, Clock, DayEnd, Line, Paragraphs))
}
"""What a text that must look like something is, by the expression it must match."""


def is_zone(name: str) -> bool:
    """Whether this is the name of a time zone; what only looks like a path to one is not."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
