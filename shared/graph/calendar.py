"""Reading calendars: which times are taken, and nothing else about them.

Only ids, times and status are ever requested (`SELECT`); titles, bodies, attendees and places never leave Microsoft.
https://learn.microsoft.com/graph/api/calendar-list-calendarview
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from shared.errors import MicrosoftError, TryLater
from shared.graph.client import Call, Graph
from shared.graph.timezones import earliest_instant, latest_instant, wall_time, zone
from shared.graph.wire import read
from shared.model import DEFAULT, BusyBlock, BusyStatus, CalendarKey, MailboxKey, Window

SELECT = "id,start,end,showAs,isAllDay,isCancelled,responseStatus,originalStartTimeZone"
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
"""https://learn.microsoft.com/graph/outlook-immutable-id"""
AT_ONCE = 3
"""Calendars of one mailbox; there is room for somebody else."""
PAGE = 1000
"""The largest `$top` calendarView takes."""

_STATUS = {
    "busy": BusyStatus.BUSY,
    "tentative": BusyStatus.TENTATIVE,
    "oof": BusyStatus.OOF,
    "workingElsewhere": BusyStatus.WORKING_ELSEWHERE,
}


@dataclass(frozen=True)
class AllDayBlock:
    """Whole days as dates; which instants they are depends on whose calendar it is."""

    first: date
    end: date
    """The day after the last."""
    status: BusyStatus
    zone: tzinfo | None
    """Where the event was made; the best guess when the person's own zone is not known."""


class _Moment(msgspec.Struct):
    """A wall time and its zone."""

    dateTime: str  # noqa: N815 - Graph's name, like those below
    timeZone: str | None = None  # noqa: N815


class _Response(msgspec.Struct):
    """How the owner of the calendar answered the invitation."""

    response: str | None = None


class _Event(msgspec.Struct):
    """The properties of an event that are asked for."""

    start: _Moment
    end: _Moment
    showAs: str | None = None  # noqa: N815
    isAllDay: Any = None  # noqa: N815
    isCancelled: Any = None  # noqa: N815
    responseStatus: _Response | None = None  # noqa: N815
    originalStartTimeZone: str | None = None  # noqa: N815

    @property
    def takes_no_time(self) -> bool:
        """Whether its owner is free all the same; only a clear word counts."""
        declined = self.responseStatus is not None and self.responseStatus.response == "declined"
        return self.showAs == "free" or self.isCancelled is True or declined


class _CalendarPage(msgspec.Struct):
    """A page of a calendar view."""

    value: list[dict[str, Any]]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


@dataclass(frozen=True)
class Seen:
    """One event of a window: which version of which, and the time it takes."""

    id: str
    """Immutable, so that an event of a booking is known again."""
    etag: str
    block: BusyBlock | AllDayBlock | None
    """None for one that takes none."""


Read = tuple[Seen, ...]
"""Every event in a window."""


Reads = dict[CalendarKey, Read | MicrosoftError]


class CalendarViews:
    """Reads many calendars' windows at once, each completely or not at all."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def read(self, tenant_id: str, calendars: Iterable[CalendarKey], window: Window) -> Reads:
        """Each calendar's events, or why it could not be read; failing on any page is failing.

        Raises only what concerns all of them.
        """
        urls = {key: calendar_view(key.mailbox.object_id, window, key.calendar) for key in calendars}
        events: dict[CalendarKey, list[Seen]] = {key: [] for key in urls}
        failed: dict[CalendarKey, MicrosoftError] = {}
        while urls:
            turn, following = in_turn(urls)
            calls = [Call("GET", url, headers=IMMUTABLE, owner=key.mailbox.object_id) for key, url in turn.items()]
            answers = self._graph.batch(tenant_id, calls)
            for key, answer in zip(turn, answers, strict=True):
                try:
                    next_link = take_page(answer, events[key])
                    if next_link:
                        following[key] = self._graph.relative(next_link)
                except MicrosoftError as problem:
                    failed[key] = problem
            urls = following
        return {key: failed.get(key) or tuple(found) for key, found in events.items()}


def in_turn(urls: Mapping[CalendarKey, str]) -> tuple[dict[CalendarKey, str], dict[CalendarKey, str]]:
    """What is asked at once, and what afterwards: a few of each mailbox, which serves four requests at a time.

    https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
    """
    asked: Counter[MailboxKey] = Counter()
    turn: dict[CalendarKey, str] = {}
    for key, url in urls.items():
        if asked[key.mailbox] < AT_ONCE:
            turn[key] = url
            asked[key.mailbox] += 1
    return turn, {key: url for key, url in urls.items() if key not in turn}


def take_page(answer: dict[str, Any] | MicrosoftError, events: list[Seen]) -> str | None:
    """Add a page's events to those before; the link to the next page, if any. Raises what went wrong."""
    if isinstance(answer, MicrosoftError):
        raise answer
    page = read(answer, _CalendarPage)
    try:
        events += [seen(event) for event in page.value]
    except ValueError:
        raise TryLater("an event with unreadable times") from None
    return page.next_link


def calendar_view(object_id: str, window: Window, calendar: str = DEFAULT) -> str:
    """The relative address of one read of a calendar of a mailbox."""
    query = urlencode(
        {"startDateTime": _utc(window.start), "endDateTime": _utc(window.end), "$select": SELECT, "$top": PAGE},
        safe="$,:",
    )
    return f"{calendar_path(object_id, calendar)}/calendarView?{query}"


def calendar_path(object_id: str, calendar: str) -> str:
    """The relative address of a calendar; of the default one it is that of the mailbox."""
    mailbox = f"/users/{quote(object_id)}"
    return f"{mailbox}/calendars/{quote(calendar, safe='')}" if calendar else mailbox


def seen(sent: dict[str, Any]) -> Seen:
    """An event of a page. Raises as `parse_event` does."""
    return Seen(str(sent.get("id") or ""), str(sent.get("@odata.etag") or ""), parse_event(sent))


def parse_event(sent: dict[str, Any]) -> BusyBlock | AllDayBlock | None:
    """What the event takes of its owner's time; None for free, cancelled and declined ones.

    A status Outlook may add later counts as `unknown`, never as free. Raises `TryLater` or `ValueError` for an
    event without readable times: such a read must not pass for complete.
    """
    event = read(sent, _Event)
    start, end = wall_time(event.start.dateTime), wall_time(event.end.dateTime)
    if event.takes_no_time:
        return None
    status = _STATUS.get(event.showAs or "", BusyStatus.UNKNOWN)
    if event.isAllDay is True:
        return _whole_days(start, end, status, event.originalStartTimeZone)
    first, last = earliest_instant(start, zone(event.start.timeZone)), latest_instant(end, zone(event.end.timeZone))
    if last < first:
        raise ValueError("an event that ends before it starts")
    return BusyBlock(first, last, status)


def _whole_days(start: datetime, end: datetime, status: BusyStatus, zone_name: str | None) -> AllDayBlock:
    """The dates an all-day event covers; one that does not end at midnight takes its last day too."""
    last_day = end.date() if end.time() == time() else end.date() + timedelta(days=1)
    if last_day <= start.date():
        raise ValueError("an all-day event of no day")
    return AllDayBlock(start.date(), last_day, status, zone(zone_name))


def place_all_day(block: AllDayBlock, owner_zone: tzinfo | None) -> BusyBlock:
    """The instants of an all-day event: local midnights of its owner, else of where it was made.

    Outlook sends dates as midnights labelled UTC; converting them would block the wrong day.
    """
    where = owner_zone or block.zone
    return BusyBlock(
        earliest_instant(datetime.combine(block.first, time()), where),
        latest_instant(datetime.combine(block.end, time()), where),
        block.status,
    )


def placed(read: Read, owner_zone: tzinfo | None) -> Iterator[tuple[str, BusyBlock]]:
    """The time that each event takes, by its id: all-day ones lie in the member's own zone."""
    for event in read:
        if isinstance(event.block, AllDayBlock):
            yield event.id, place_all_day(event.block, owner_zone)
        elif event.block is not None:
            yield event.id, event.block


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
