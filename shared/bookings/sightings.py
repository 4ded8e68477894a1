"""What a read of a calendar shows of the bookings in it: pure rules that say which of them to look at.

1. A booking whose known version is in the read is as it was: nothing is asked for it, whatever else changed.
2. One that is not is looked at, unless it was written after the read began: such a read cannot show it.
3. One that was written just before the read, with clocks that may differ, is left to another read a moment later.
4. What lies behind the end of the read, or in a calendar that is not checked any more, is in no read. It is looked
   at when the schedule reads, not at every notification.
5. What has been over for a day is not looked at any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared.bookings.agenda import CLOCKS, PAST
from shared.freebusy import rolling_window, widened
from shared.model import Claim, Hosted, MailboxKey, MemberKey
from shared.model.booking import mark

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.graph.calendar import Read
    from shared.graph.events import BookedEvent


@dataclass(frozen=True)
class Sighting:
    """One read of a mailbox's calendars, beside what bookings take of one of its owners' time."""

    owner: MemberKey
    mailbox: MailboxKey
    claims: tuple[Claim, ...]
    """Of bookings in this mailbox that are in Outlook."""
    marks: frozenset[str]
    """Of every version of an event that was read."""
    ids: frozenset[str]
    """Of every event that was read."""
    calendars: frozenset[str]
    """That were read."""
    began: datetime
    scheduled: bool
    """Whether the schedule made the read: then everything is looked at that no read shows."""


def sighting(
    owner: MemberKey,
    mailbox: MailboxKey,
    claims: Collection[Claim],
    reads: Mapping[str, Read],
    began: datetime,
    *,
    scheduled: bool,
) -> Sighting | None:
    """What there is to compare; None for whoever has no booking in this mailbox."""
    mine = tuple(claim for claim in claims if claim.mailbox == mailbox and claim.written_at is not None)
    if not mine:
        return None
    found = [one for read in reads.values() for one in read]
    marks, ids = frozenset(mark(one.id, one.etag) for one in found), frozenset(one.id for one in found)
    return Sighting(owner, mailbox, mine, marks, ids, frozenset(reads), began, scheduled)


def suspects(seen: Sighting) -> list[Claim]:
    """Bookings that are not as they were known, as far as the read can tell."""
    shown = (claim for claim in _unseen(seen) if is_shown(seen, claim) or seen.scheduled)
    return [claim for claim in shown if claim.written_at and claim.written_at + CLOCKS < seen.began]


def is_too_early(seen: Sighting) -> bool:
    """Whether something was written so shortly before the read that only another one can tell."""
    times = (claim.written_at for claim in _unseen(seen) if is_shown(seen, claim))
    return any(time is not None and time <= seen.began <= time + CLOCKS for time in times)


def is_shown(seen: Sighting, claim: Claim) -> bool:
    """Whether a read reaches as far as the booking, in the calendar it was written into."""
    return claim.calendar in seen.calendars and claim.start < widened(rolling_window(seen.began)).end


def may_be_deleted(seen: Sighting, claim: Claim, host: Hosted, event: BookedEvent) -> bool:
    """Whether an event that is answered by its id may be in no calendar any more, as deleted ones may be for a while.

    Asked once for each version that no read shows, and again when the schedule reads.
    """
    if event.id in seen.ids:
        return False
    return event.etag != host.etag or (seen.scheduled and is_shown(seen, claim))


def as_known(seen: Sighting, claim: Claim, host: Hosted, now: datetime) -> Claim:
    """The claim once its event is known as the host's part of the booking says.

    Where this very read shows it, its time needs no other witness; else it counts until a later read.
    """
    written_at = claim.written_at if host.mark in seen.marks else now
    start, end = host.span or (claim.start, claim.end)
    after = replace(claim, start=start, end=end, mark=host.mark)
    return after if after == claim else replace(after, written_at=written_at)


def _unseen(seen: Sighting) -> list[Claim]:
    return [claim for claim in seen.claims if claim.mark not in seen.marks and claim.end > seen.began - PAST]
