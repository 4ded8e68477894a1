"""What stands in a calendar in a stretch of time: single events, occurrences of series, and their exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from local.microsoft.graph.recurrence import series
from local.microsoft.graph.zones import utc, wall_time, zone
from local.microsoft.world import Event, Json, Mailbox

Kind = Literal["singleInstance", "occurrence", "exception", "seriesMaster"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One entry of a calendar, at its UTC instants."""

    event: Event
    """The event, or the series' master."""
    kind: Kind
    start: datetime
    end: datetime
    """For all-day events start and end are the mailbox zone's midnights."""
    original_date: str | None = None
    """For occurrences and exceptions: the date the pattern put it on."""
    changes: Json | None = None
    """For exceptions: the fields that differ from the master's."""
    original_start: datetime | None = None

    @property
    def id(self) -> str:
        """Its own id, different for every occurrence."""
        return occurrence_id(self.event.id, self.original_date) if self.original_date else self.event.id


def occurrence_id(master_id: str, original_date: str) -> str:
    """The id of a series' occurrence on an original date (`YYYY-MM-DD`)."""
    return f"{master_id}.{original_date.replace('-', '')}"


def split_occurrence_id(identity: str) -> tuple[str, str | None]:
    """An event id as (event or master id, original date or None)."""
    master, dot, day = identity.rpartition(".")
    return (master, f"{day[:4]}-{day[4:6]}-{day[6:]}") if dot else (identity, None)


def instances(
    mailbox: Mailbox,
    start: datetime,
    end: datetime,
    *,
    calendar_id: str | None = None,
    touching: bool = False,
) -> list[Instance]:
    """All instances overlapping [start, end), by start; `touching` includes those that only touch the window."""
    found = [
        instance
        for event in mailbox.events.values()
        if calendar_id is None or event.calendar_id == calendar_id
        for instance in event_instances(event, mailbox.time_zone, start, end)
        if overlaps(instance, start, end, touching=touching)
    ]
    return sorted(found, key=lambda i: (i.start, i.id))


def overlaps(instance: Instance, start: datetime, end: datetime, *, touching: bool) -> bool:
    """Whether an instance lies in the window."""
    if touching:
        return instance.start <= end and instance.end >= start
    if instance.start == instance.end:
        return start <= instance.start < end
    return instance.start < end and instance.end > start


def event_instances(event: Event, mailbox_zone: str, start: datetime, end: datetime) -> Iterable[Instance]:
    """An event's instances in or near the window; `overlaps` decides about the edges."""
    if not event.fields.get("recurrence"):
        return (single(event, mailbox_zone),)
    return _series_instances(event, mailbox_zone, start, end)


def single(event: Event, mailbox_zone: str, kind: Kind = "singleInstance") -> Instance:
    """The event at its own times: a single instance, or the series' master."""
    return Instance(event, kind, *span(event.fields, mailbox_zone))


def occurrence(event: Event, mailbox_zone: str, original_date: str) -> Instance | None:
    """A series' occurrence of an original date, unless the pattern has none there or it was cancelled."""
    day = date.fromisoformat(original_date)
    if original_date in event.cancelled_occurrences or not series(event.fields["recurrence"]).between(day, day):
        return None
    return _occurrence(event, mailbox_zone, original_date)


def span(fields: Json, mailbox_zone: str) -> tuple[datetime, datetime]:
    """Start and end instants of an event's fields."""
    if fields.get("isAllDay"):
        home = zone(mailbox_zone)
        start, end = (wall_time(fields[name]["dateTime"]).replace(tzinfo=home) for name in ("start", "end"))
        return start.astimezone(UTC), end.astimezone(UTC)
    return utc(fields["start"]), utc(fields["end"])


def _series_instances(event: Event, mailbox_zone: str, start: datetime, end: datetime) -> Iterator[Instance]:
    for original_date in _dates(event, start, end):
        if original_date not in event.cancelled_occurrences and original_date not in event.exceptions:
            yield _occurrence(event, mailbox_zone, original_date)
    for original_date in event.exceptions:
        if original_date not in event.cancelled_occurrences:
            yield _occurrence(event, mailbox_zone, original_date)


def _dates(event: Event, start: datetime, end: datetime) -> Iterator[str]:
    """Original dates near the window: zones and the event's length widen it."""
    first, last = _wall_span(event, event.fields["start"].get("timeZone") or "UTC")
    margin = timedelta(days=2) + (last - first)
    for day in series(event.fields["recurrence"]).between((start - margin).date(), (end + margin).date()):
        yield day.isoformat()


def _occurrence(event: Event, mailbox_zone: str, original_date: str) -> Instance:
    start, end = _pattern_span(event, mailbox_zone, date.fromisoformat(original_date))
    changes = event.exceptions.get(original_date)
    if changes is None:
        return Instance(event, "occurrence", start, end, original_date, None, start)
    moved = (start, end)
    if "start" in changes:
        moved = span({"isAllDay": event.fields.get("isAllDay"), **changes}, mailbox_zone)
    return Instance(event, "exception", *moved, original_date, changes, start)


def _pattern_span(event: Event, mailbox_zone: str, day: date) -> tuple[datetime, datetime]:
    """The instants of the master's wall times on another day; wall time is kept across DST."""
    zone_name = series_zone(event, mailbox_zone)
    first, last = _wall_span(event, zone_name)
    start = datetime.combine(day, first.time())
    home = zone(zone_name)
    return tuple(t.replace(tzinfo=home).astimezone(UTC) for t in (start, start + (last - first)))  # type: ignore[return-value]


def series_zone(event: Event, mailbox_zone: str) -> str:
    """The zone in which a series keeps its wall time."""
    if event.fields.get("isAllDay"):
        return mailbox_zone
    range_ = event.fields["recurrence"]["range"]
    return range_.get("recurrenceTimeZone") or event.fields["start"].get("timeZone") or "UTC"


def _wall_span(event: Event, zone_name: str) -> tuple[datetime, datetime]:
    """The master's naive start and end in the series' zone."""
    times = (event.fields["start"], event.fields["end"])
    if event.fields.get("isAllDay"):
        first, last = (wall_time(moment["dateTime"]) for moment in times)
        return first, last
    home = zone(zone_name)
    first, last = (utc(moment).astimezone(home).replace(tzinfo=None) for moment in times)
    return first, last
