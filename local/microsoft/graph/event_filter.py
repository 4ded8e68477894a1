"""`$filter` on events, as far as it is known here: an extended property's value, or an iCalUId."""

from __future__ import annotations

import re
from collections.abc import Callable

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import extended_property
from local.microsoft.world import Event

TEXT = r"'((?:[^']|'')*)'"
"""An OData string; a quote within it is written twice."""
EXTENDED = re.compile(
    rf"singleValueExtendedProperties/any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+{TEXT}\s+and\s+\1/value\s+eq\s+{TEXT}\s*\)",
    re.IGNORECASE,
)
ICAL = re.compile(rf"iCalUId\s+eq\s+{TEXT}", re.IGNORECASE)


def event_filter(text: str | None) -> Callable[[Event], bool]:
    """What tells the wanted events from others; 400 for a filter of another kind."""
    if not text:
        return lambda _: True
    if match := EXTENDED.fullmatch(text.strip()):
        identity, value = _read(match.group(2)), _read(match.group(3))
        return lambda event: (extended_property(event.fields, identity) or {}).get("value") == value
    if match := ICAL.fullmatch(text.strip()):
        uid = _read(match.group(1))
        return lambda event: event.fields.get("iCalUId") == uid
    raise GraphError(400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")


def _read(text: str) -> str:
    return text.replace("''", "'")
