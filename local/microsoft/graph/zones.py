"""Time zone names and Graph's dateTimeTimeZone, in both directions.

Graph takes Windows and IANA names and writes wall time with seven fractional digits and no offset.
https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import win_tz

from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Json


@lru_cache(maxsize=2048)
def zone(name: str) -> tzinfo:
    """The zone of a Windows or IANA name; 400 for others."""
    if name.upper() in ("UTC", "COORDINATED UNIVERSAL TIME"):
        return UTC
    try:
        return ZoneInfo(win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        message = (
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        )
        raise GraphError(400, "TimeZoneNotSupportedException", message) from None


@lru_cache(maxsize=200_000)
def wall_time(text: str) -> datetime:
    """The naive local time Graph wrote."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


@lru_cache(maxsize=200_000)
def instant(text: str, zone_name: str) -> datetime:
    """The UTC instant of a wall time in a zone; times skipped by DST move forward."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone(zone_name))).astimezone(UTC)


def utc(moment: Json) -> datetime:
    """The UTC instant of a dateTimeTimeZone."""
    return instant(moment["dateTime"], moment.get("timeZone") or "UTC")


@lru_cache(maxsize=200_000)
def shown(moment: datetime, zone_name: str) -> tuple[str, str]:
    """The `dateTime` text of an instant in the reader's zone, with the zone's name as asked for."""
    local = moment.astimezone(zone(zone_name))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06}0", zone_name


def date_time_zone(moment: datetime, zone_name: str) -> Json:
    """An instant as dateTimeTimeZone."""
    text, name = shown(moment, zone_name)
    return {"dateTime": text, "timeZone": name}


def parameter(query: dict[str, str], name: str) -> datetime:
    """A required instant of the query string: its own offset counts, none means UTC; 400 otherwise."""
    try:
        moment = datetime.fromisoformat(query[name].replace(" ", "+") if "T" in query[name] else query[name])
    except KeyError:
        message = f"This request requires a time window specified by the query string parameters StartDateTime and EndDateTime. {name} is missing."  # noqa: E501
        raise GraphError(400, "ErrorInvalidParameter", message) from None
    except ValueError:
        message = f"The value '{query[name]}' of parameter '{name}' is invalid."
        raise GraphError(400, "ErrorInvalidParameter", message) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
