"""What a mailbox's page shows: its coming events by day, in the mailbox's time zone, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from local.microsoft.graph.instances import Instance, instances
from local.microsoft.graph.zones import zone
from local.microsoft.world import PRIMARY_CALENDAR, Json, Mailbox, User

ONE_DAY = timedelta(days=1)
SHOWN_AS = {
    "free": "Free",
    "tentative": "Tentative",
    "busy": "Busy",
    "oof": "Away",
    "workingElsewhere": "Working elsewhere",
    "unknown": "Unknown",
}
ANSWERS = {"accepted": "accepted", "declined": "declined", "tentativelyAccepted": "tentative"}
"""What an answer is called; everything else is none."""


@dataclass(frozen=True)
class Attendee:
    """One invited person, or the owner of an invitation."""

    name: str
    address: str
    answer: str


@dataclass(frozen=True)
class Entry:
    """One event, or one occurrence of a series."""

    id: str
    day: date
    """Where it is listed."""
    subject: str
    when: str
    start: str
    end: str
    """As the fields of a form have them; of an all-day event the last day."""
    all_day: bool
    in_series: bool
    marks: tuple[str, ...]
    """In words: shown as, private, Teams, series, a calendar other than the primary one."""
    location: str
    organizer: str
    """Who invited; empty for the owner's own events."""
    attendees: tuple[Attendee, ...]
    calendar_id: str


@dataclass(frozen=True)
class Day:
    """A day with events."""

    label: str
    entries: tuple[Entry, ...]


def days(user: User, mailbox: Mailbox, first: date, count: int) -> list[Day]:
    """The days with events among `count` from `first` on."""
    home = zone(mailbox.time_zone)
    start = datetime.combine(first, datetime.min.time(), home)
    found = instances(mailbox, start, start + count * ONE_DAY)
    entries = [_entry(user, mailbox, instance, first) for instance in found]
    return [Day(day_label(day), tuple(group)) for day, group in groupby(entries, key=lambda entry: entry.day)]


def day_label(day: date) -> str:
    """A date in words."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _entry(user: User, mailbox: Mailbox, instance: Instance, first: date) -> Entry:
    fields: Json = {**instance.event.fields, **(instance.changes or {})}
    home, all_day = zone(mailbox.time_zone), bool(fields.get("isAllDay"))
    start, end = instance.start.astimezone(home), instance.end.astimezone(home)
    last = end - ONE_DAY if all_day else end
    form = "%Y-%m-%d" if all_day else "%Y-%m-%dT%H:%M"
    return Entry(
        id=instance.id,
        day=max(start.date(), first),
        subject=fields.get("subject") or "(no subject)",
        when=_when(start, last, all_day=all_day),
        start=start.strftime(form),
        end=last.strftime(form),
        all_day=all_day,
        in_series=instance.original_date is not None,
        marks=_marks(mailbox, instance, fields),
        location=(fields.get("location") or {}).get("displayName") or "",
        organizer="" if fields.get("isOrganizer", True) else _name(fields.get("organizer") or {}),
        attendees=_attendees(user, fields),
        calendar_id=instance.event.calendar_id,
    )


def _when(start: datetime, last: datetime, *, all_day: bool) -> str:
    one_day = start.date() == last.date()
    if all_day:
        return "All day" if one_day else f"All day until {last.day} {last:%B}"
    return f"{start:%H:%M} to {last:%H:%M}" if one_day else f"{start:%H:%M} until {last.day} {last:%B}, {last:%H:%M}"


def _marks(mailbox: Mailbox, instance: Instance, fields: Json) -> tuple[str, ...]:
    calendar = instance.event.calendar_id
    marks = {
        SHOWN_AS[fields.get("showAs", "busy")]: True,
        "Private": fields.get("sensitivity", "normal") in ("private", "confidential"),
        "Teams": bool(fields.get("isOnlineMeeting")),
        "Series": instance.original_date is not None,
        "Cancelled": bool(fields.get("isCancelled")),
        f"Calendar: {mailbox.calendars.get(calendar, calendar)}": calendar != PRIMARY_CALENDAR,
    }
    return tuple(mark for mark, given in marks.items() if given)


def _attendees(user: User, fields: Json) -> tuple[Attendee, ...]:
    """Everybody who can answer: those invited, and on an invitation the owner."""
    found = [_attendee(one, one.get("status") or {}) for one in fields.get("attendees") or ()]
    if fields.get("isOrganizer", True):
        return tuple(found)
    address = user.mail or user.user_principal_name
    own = Attendee(user.display_name, address, _answer(fields.get("responseStatus") or {}))
    return (own, *(one for one in found if one.address.lower() != address.lower()))


def _attendee(one: Json, status: Json) -> Attendee:
    return Attendee(_name(one), one["emailAddress"]["address"], _answer(status))


def _answer(status: Json) -> str:
    return ANSWERS.get(status.get("response", ""), "no answer")


def _name(one: Json) -> str:
    address: Json = one.get("emailAddress") or {}
    return str(address.get("name") or address.get("address") or "somebody")
