"""What Exchange refuses in an event."""

from __future__ import annotations

from typing import Any

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.recurrence import rule
from local.microsoft.graph.zones import utc, wall_time
from local.microsoft.world import Json

MAX_ATTENDEES = 500
SHOW_AS = {"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"}
SENSITIVITY = {"normal", "personal", "private", "confidential"}


def check_event(fields: Json) -> None:
    """Raise the 400 that Outlook answers to impossible events."""
    _check_times(fields)
    _check_choice(fields, "showAs", SHOW_AS)
    _check_choice(fields, "sensitivity", SENSITIVITY)
    _check_attendees(fields.get("attendees") or [])
    _check_extended_properties(fields.get("singleValueExtendedProperties") or [])
    if fields.get("recurrence"):
        _check_recurrence(fields["recurrence"])


def _check_times(fields: Json) -> None:
    for name in ("start", "end"):
        if not _is_moment(fields.get(name)):
            raise _refused(f"Property '{name}' is missing or malformed.")
    if utc(fields["end"]) < utc(fields["start"]):
        raise _refused("The end time must be at or after the start time.")
    if fields.get("isAllDay"):
        _check_all_day(fields["start"], fields["end"])


def _check_all_day(start: Json, end: Json) -> None:
    first, last = wall_time(start["dateTime"]), wall_time(end["dateTime"])
    midnights = first.time() == last.time() == first.min.time()
    if not midnights or first == last or start.get("timeZone", "UTC") != end.get("timeZone", "UTC"):
        raise _refused("An all-day event starts and ends at midnight, on different days and in the same time zone.")


def _is_moment(moment: Any) -> bool:
    if not isinstance(moment, dict) or not isinstance(moment.get("dateTime"), str):
        return False
    try:
        wall_time(moment["dateTime"])
    except ValueError:
        return False
    return True


def _check_attendees(attendees: Any) -> None:
    if len(attendees) > MAX_ATTENDEES:
        raise _refused("The maximum number of attendees is 500.")
    for attendee in attendees:
        if not isinstance(attendee, dict) or not (attendee.get("emailAddress") or {}).get("address"):
            raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")


def _check_extended_properties(properties: Any) -> None:
    for one in properties if isinstance(properties, list) else [properties]:
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in ("id", "value")):
            raise GraphError(400, "RequestBodyRead", "Cannot read the extended properties of the event.")


def _check_choice(fields: Json, name: str, choices: set[str]) -> None:
    if fields.get(name, next(iter(choices))) not in choices:
        raise GraphError(400, "RequestBodyRead", f"Cannot convert the value of '{name}' to the expected type.")


def _check_recurrence(recurrence: Json) -> None:
    try:
        rule(recurrence["pattern"], recurrence["range"])
    except (KeyError, TypeError, ValueError):
        raise GraphError(400, "ErrorCalendarInvalidRecurrence", "The recurrence pattern is invalid.") from None


def _refused(message: str) -> GraphError:
    return GraphError(400, "ErrorPropertyValidationFailure", message)
