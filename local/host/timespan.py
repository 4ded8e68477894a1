""".NET's text form of a duration, which host.json and timer schedules use.

https://learn.microsoft.com/dotnet/api/system.timespan.parse
"""

from __future__ import annotations

import re
from datetime import timedelta

_FORM = re.compile(r"(?:(?P<days>\d+)\.)?(?P<a>\d{1,2}):(?P<b>\d{1,2})(?::(?P<c>\d{1,2}(?:\.\d{1,7})?))?")


def is_timespan(text: str) -> bool:
    """Whether `text` has the form of a duration rather than of a cron expression."""
    return _FORM.fullmatch(text.strip()) is not None


def timespan(text: str) -> timedelta:
    """Read `[d.]hh:mm[:ss[.fff]]`; as in .NET, a first number above 23 means days (`24:00:00`)."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ValueError(f"{text!r} is not a duration of the form hh:mm:ss")
    first, second, third = int(form["a"]), int(form["b"]), float(form["c"] or 0)
    if first > 23 and form["days"] is None:
        return timedelta(days=first, hours=second, minutes=third)
    return timedelta(days=int(form["days"] or 0), hours=first, minutes=second, seconds=third)
