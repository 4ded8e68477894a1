"""Zone names and wall times as Outlook writes them, turned into instants.

Outlook names zones in Windows or IANA style and sometimes not at all (`tzone://Microsoft/Custom`); its wall times
have seven fractional digits and can lie in year 1 or 9999.
https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001 - a wall time
LATEST = datetime(2200, 1, 1)  # noqa: DTZ001 - a wall time
"""Wall times are held between these, far outside every window, so that no conversion overflows."""

_FIRST_MIDNIGHT = timezone(timedelta(hours=14))
_LAST_MIDNIGHT = timezone(timedelta(hours=-12))


@lru_cache(1024)
def zone(name: str | None) -> tzinfo | None:
    """The zone of this Windows or IANA name; None when nobody can tell (custom, misspelt or absent)."""
    if not name:
        return None
    if name.upper() in ("UTC", "ETC/UTC", "ETC/GMT", "TZONE://MICROSOFT/UTC"):
        return UTC
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def wall_time(text: str) -> datetime:
    """Outlook's `2026-12-09T20:30:00.0000000` as a naive datetime, held inside `EARLIEST`..`LATEST`.

    Raises `ValueError` for anything else, an offset included: dropping it would move the event.
    """
    parsed = datetime.fromisoformat(text.removesuffix("Z"))
    if parsed.tzinfo is not None:
        raise ValueError("a wall time has no offset")
    return min(max(parsed, EARLIEST), LATEST)


def earliest_instant(wall: datetime, zone: tzinfo | None) -> datetime:
    """The first instant this wall time can mean: the earlier side of a DST change, the easternmost unknown zone."""
    return min(_instants(wall, zone or _FIRST_MIDNIGHT))


def latest_instant(wall: datetime, zone: tzinfo | None) -> datetime:
    """The last instant this wall time can mean: the later side of a DST change, the westernmost unknown zone."""
    return max(_instants(wall, zone or _LAST_MIDNIGHT))


def _instants(wall: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Both readings of a wall time that a DST change repeats or skips; otherwise twice the same."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
