"""Reading calendars: which times are taken, and nothing else about them.

Only times and status are ever requested (`SELECT`); titles, bodies, attendees and places never leave Microsoft.
https://learn.microsoft.com/graph/api/calendar-list-calendarview
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from shared.errors import MicrosoftError, TryLater
from shared.graph.client import Call, GraphClient
from shared.graph.timezones import earliest_instant, latest_instant, wall_time, zone
from shared.model import BusyBlock, BusyStatus, Window

SELECT = "start,end,showAs,isAllDay,isCancelled,responseStatus,originalStartTimeZone"
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


Read = tuple[BusyBlock | AllDayBlock, ...]
"""Everything in a window that takes time."""


class CalendarViews:
    """Reads many mailboxes' windows at once, each completely or not at all."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def read(self, tenant_id: str, object_ids: Iterable[str], window: Window) -> dict[str, Read | MicrosoftError]:
        """Each mailbox's blocks, or why it could not be read; failing on any page is failing.

        Raises only what concerns all of them.
        """
        urls = {object_id: calendar_view(object_id, window) for object_id in object_ids}
        blocks: dict[str, list[BusyBlock | AllDayBlock]] = {object_id: [] for object_id in urls}
        failed: dict[str, MicrosoftError] = {}
        while urls:
            answers = self._graph.batch(tenant_id, [Call("GET", url) for url in urls.values()])
            following = {}
            for object_id, answer in zip(urls, answers, strict=True):
                try:
                    next_link = take_page(answer, blocks[object_id])
                    if next_link:
                        following[object_id] = self._graph.relative(next_link)
                except MicrosoftError as problem:
                    failed[object_id] = problem
            urls = following
        return {object_id: failed.get(object_id) or tuple(found) for object_id, found in blocks.items()}


def take_page(answer: dict[str, Any] | MicrosoftError, blocks: list[BusyBlock | AllDayBlock]) -> str | None:
    """Add a page's events to the blocks; the link to the next page, if any. Raises what went wrong."""
    if isinstance(answer, MicrosoftError):
        raise answer
    try:
        blocks += [block for event in answer["value"] if (block := parse_event(event)) is not None]
    except (KeyError, ValueError, TypeError, AttributeError):
        raise TryLater("an unreadable calendar page") from None
    return answer.get("@odata.nextLink")


def calendar_view(object_id: str, window: Window) -> str:
    """The relative address of one read of a mailbox's default calendar."""
    query = urlencode(
        {"startDateTime": _utc(window.start), "endDateTime": _utc(window.end), "$select": SELECT, "$top": PAGE},
        safe="$,:",
    )
    return f"/users/{quote(object_id)}/calendarView?{query}"


def parse_event(event: dict[str, Any]) -> BusyBlock | AllDayBlock | None:
    """What the event takes of its owner's time; None for free, cancelled and declined ones.

    A status Outlook may add later counts as `unknown`, never as free. Raises `ValueError` or `KeyError` for an
    event without readable times: such a read must not pass for complete.
    """
    if _takes_no_time(event):
        return None
    status = _STATUS.get(event.get("showAs", ""), BusyStatus.UNKNOWN)
    start, end = wall_time(event["start"]["dateTime"]), wall_time(event["end"]["dateTime"])
    if event.get("isAllDay"):
        return AllDayBlock(start.date(), end.date(), status, zone(event.get("originalStartTimeZone")))
    return BusyBlock(
        earliest_instant(start, zone(event["start"].get("timeZone"))),
        latest_instant(end, zone(event["end"].get("timeZone"))),
        status,
    )


def place_all_day(block: AllDayBlock, owner_zone: tzinfo | None) -> BusyBlock:
    """The instants of an all-day event: local midnights of its owner, else of where it was made.

    Outlook sends dates as midnights labelled UTC; converting them would block the wrong day.
    """
    where = owner_zone or block.zone
    midnight = datetime.min.time()
    return BusyBlock(
        earliest_instant(datetime.combine(block.first, midnight), where),
        latest_instant(datetime.combine(block.end, midnight), where),
        block.status,
    )


def _takes_no_time(event: dict[str, Any]) -> bool:
    response = (event.get("responseStatus") or {}).get("response")
    return event.get("showAs") == "free" or bool(event.get("isCancelled")) or response == "declined"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
