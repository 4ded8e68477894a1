"""What stands in the sample calendars: one of every kind of event that busy time can get wrong.

Every subject, body, location and attendee contains `SECRET-`, so that a test can search storage and logs for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from local.microsoft.identifiers import stable_token
from local.microsoft.world import Event, Json, User

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def fill_calendar(user: User, monday: date, index: int) -> None:
    """Put events around the week that starts on `monday`; `index` decides which kinds this person has."""
    if user.mailbox is None:
        return
    zone = user.mailbox.time_zone
    kinds = [_ordinary(monday, zone), _series(monday, zone)]
    kinds += [_unusual(monday, zone)] if index % 2 == 0 else [_all_day(monday)]
    kinds += [_not_busy(monday, zone)] if index % 3 == 0 else []
    for kind in kinds:
        for event in kind:
            made = stored_event(user, len(user.mailbox.events), event)
            user.mailbox.events[made.id] = made


def stored_event(user: User, number: int, fields: Json) -> Event:
    """An event as if it had been there for long: no change is logged, nobody is notified."""
    cancelled, exceptions = fields.pop("cancelled", ()), fields.pop("exceptions", {})
    key = f"{stable_token(user.id)}{number:04}"
    event_id = f"AAMkAG{key}AAA="
    return Event(
        id=event_id,
        immutable_id=f"AAkALg{key}AAA=",
        fields={
            "iCalUId": f"040000008200E00074C5B7101A82E008{key.encode().hex().upper()}",
            "organizer": {"emailAddress": {"name": user.display_name, "address": user.user_principal_name}},
            "originalStartTimeZone": fields["start"]["timeZone"],
            "originalEndTimeZone": fields["end"]["timeZone"],
            **fields,
        },
        change_key=key,
        cancelled_occurrences=set(cancelled),
        exceptions={
            day: {**changes, "id": f"{event_id}.{day.replace('-', '')}"} for day, changes in exceptions.items()
        },
    )


def timed(topic: str, day: date, at: str, minutes: int, zone: str, **more: Any) -> Json:
    """An event at a wall time (`HH:MM`) of `zone`."""
    start = datetime.fromisoformat(f"{day.isoformat()}T{at}:00")
    end = start + timedelta(minutes=minutes)
    return {**_secret(topic), "start": _moment(start, zone), "end": _moment(end, zone), **more}


def all_day(topic: str, first: date, days: int, **more: Any) -> Json:
    """An all-day event; the end is exclusive."""
    midnight = datetime.combine(first, datetime.min.time())
    end = midnight + timedelta(days=days)
    times = {"start": _moment(midnight, "UTC"), "end": _moment(end, "UTC")}
    return {**_secret(topic), **times, "isAllDay": True, **more}


def weekly(first: date, zone: str, *days: str, every: int = 1, count: int = 0) -> Json:
    """A weekly recurrence; endless without `count`."""
    pattern = {"type": "weekly", "interval": every, "daysOfWeek": list(days), "firstDayOfWeek": "monday"}
    range_ = {"type": "numbered" if count else "noEnd", "startDate": first.isoformat(), "recurrenceTimeZone": zone}
    return {"pattern": pattern, "range": range_ | ({"numberOfOccurrences": count} if count else {})}


def _ordinary(monday: date, zone: str) -> Iterator[Json]:
    attendee = {"name": "SECRET-Attendee", "address": "SECRET-attendee@example.com"}
    meeting = [{"emailAddress": attendee, "type": "required", "status": {"response": "accepted"}}]
    yield timed("review", monday, "14:00", 60, zone, attendees=meeting)
    yield timed("interview", monday + timedelta(days=3), "09:30", 45, zone)
    yield timed("planning", monday + timedelta(days=8), "13:00", 120, zone)


def _series(monday: date, zone: str) -> Iterator[Json]:
    """An endless series with a moved, a changed and a cancelled occurrence, and one that lives in another zone."""
    start = monday - timedelta(weeks=8)
    moved, changed, gone = ((monday + timedelta(weeks=n)).isoformat() for n in (1, 2, 3))
    later = timed("moved", monday + timedelta(weeks=1, days=1), "15:00", 30, zone)
    exceptions = {
        moved: {"start": later["start"], "end": later["end"]},
        changed: {"showAs": "free", "subject": "SECRET-optional this week"},
    }
    yield timed("team", start, "10:00", 30, zone, recurrence=weekly(start, zone, "monday"),
                exceptions=exceptions, cancelled=[gone])  # fmt: skip
    abroad, wednesday = "Eastern Standard Time", start + timedelta(days=2)
    yield timed("abroad", wednesday, "11:00", 60, abroad, recurrence=weekly(wednesday, abroad, "wednesday", every=2))
    yield timed("standup", monday, "09:00", 15, zone, recurrence=weekly(monday, zone, *WEEKDAYS, count=40))


def _unusual(monday: date, zone: str) -> Iterator[Json]:
    tuesday = monday + timedelta(days=1)
    invited = {"response": "notResponded", "time": "0001-01-01T00:00:00Z"}
    yield timed("doctor", tuesday, "11:00", 60, zone, sensitivity="private")
    yield timed("maybe", tuesday, "16:00", 60, zone, showAs="tentative", isOrganizer=False, responseStatus=invited)
    yield all_day("holiday", monday + timedelta(days=17), 5, showAs="oof")
    yield timed("custom zone", monday + timedelta(days=4), "10:00", 30, "UTC",
                originalStartTimeZone="tzone://Microsoft/Custom")  # fmt: skip


def _all_day(monday: date) -> Iterator[Json]:
    yield all_day("offsite", monday + timedelta(days=10), 2, showAs="busy")
    yield all_day("birthday", monday + timedelta(days=1), 1, showAs="free", sensitivity="personal")


def _not_busy(monday: date, zone: str) -> Iterator[Json]:
    thursday = monday + timedelta(days=3)
    declined = {"response": "declined", "time": "2026-01-05T09:00:00Z"}
    yield timed("at home", thursday, "08:00", 240, zone, showAs="workingElsewhere")
    yield timed("fyi", thursday, "15:00", 60, zone, showAs="free")
    yield timed("declined", thursday, "16:00", 60, zone, isOrganizer=False, responseStatus=declined)
    yield timed("called off", thursday, "17:00", 30, zone, isOrganizer=False, isCancelled=True)


def _secret(topic: str) -> Json:
    return {
        "subject": f"SECRET-subject {topic}",
        "bodyPreview": f"SECRET-body about {topic}",
        "body": {"contentType": "html", "content": f"<html><body>SECRET-body about {topic}</body></html>"},
        "location": {"displayName": f"SECRET-location of {topic}", "locationType": "default"},
    }


def _moment(wall: datetime, zone: str) -> Json:
    return {"dateTime": f"{wall:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone}
