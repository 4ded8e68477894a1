"""Which time of a member bookings take: pure rules over their agenda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import Conflict
from shared.model import Agenda, BusyBlock, BusyStatus, Claim, MailboxKey, Snapshot, Window

LATELY = timedelta(minutes=1)
"""An event written so lately need not be in a read yet."""
CLOCKS = timedelta(seconds=2)
"""Clocks of two processes may differ by this much."""
PAST = timedelta(days=1)
"""After so long a booking that is over leaves the agenda."""
MOST_CLAIMS = 1_000
"""Bookings to come of one member; more would not fit into a row."""


def in_the_way(agenda: Agenda, claim: Claim, kept_free: Window, now: datetime) -> Claim | None:
    """Another booking that takes some of this time, where a read of Outlook may not show it.

    One that is being moved takes the time it comes from too: it is moved back where not every host can follow.
    """
    moving = {(one.lead, one.booking) for one in agenda.claims if is_held(one)}
    others = (one for one in agenda.claims if not is_of(one, claim.lead, claim.booking) and _overlap(one, kept_free))
    return next((one for one in others if (one.lead, one.booking) in moving or not _shows(one, now)), None)


def with_held(agenda: Agenda, claim: Claim, now: datetime) -> Agenda:
    """The agenda once the time is held, beside what the same booking takes until it is moved.

    Raises `Conflict` where it is full.
    """
    kept = [one for one in agenda.claims if one.end > now - PAST and not (_same(one, claim) and is_held(one))]
    if len(kept) >= MOST_CLAIMS:
        raise Conflict("This member has more bookings to come than are kept.")
    return Agenda((*kept, claim))


def with_written(agenda: Agenda, claim: Claim) -> Agenda:
    """The agenda once the booking's event is in Outlook: it takes that time and no other."""
    known = [one for one in agenda.claims if _same(one, claim)]
    if len(known) == 1 and not is_held(known[0]) and replace(known[0], written_at=claim.written_at) == claim:
        return agenda
    return Agenda((*without(agenda, claim.lead, claim.booking).claims, claim))


def without(agenda: Agenda, lead: str, booking: str) -> Agenda:
    """The agenda without the booking."""
    return Agenda(tuple(one for one in agenda.claims if not is_of(one, lead, booking)))


def without_held(agenda: Agenda, lead: str, booking: str) -> Agenda:
    """The agenda without what is held for the booking; what it took before stays."""
    return Agenda(tuple(one for one in agenda.claims if not (is_of(one, lead, booking) and is_held(one))))


def gives_up(before: Agenda, after: Agenda) -> bool:
    """Whether some time that was held is not taken any more."""
    taken = {(one.lead, one.booking, one.start, one.end) for one in after.claims}
    return any(is_held(one) and (one.lead, one.booking, one.start, one.end) not in taken for one in before.claims)


def is_of(claim: Claim, lead: str, booking: str) -> bool:
    """Whether the claim is the booking's."""
    return (claim.lead, claim.booking) == (lead, booking)


def is_held(claim: Claim) -> bool:
    """Whether its event is not known to be in Outlook."""
    return claim.written_at is None


def taken(claims: Iterable[Claim], snapshots: Sequence[tuple[MailboxKey, Snapshot]]) -> list[BusyBlock]:
    """The time that bookings take and that what was read of Outlook cannot show yet."""
    read_at = {mailbox: snapshot.read_at for mailbox, snapshot in snapshots}
    return [BusyBlock(one.start, one.end, BusyStatus.BUSY) for one in claims if not _is_read(one, read_at)]


def followed(agenda: Agenda, claim: Claim, after: Claim | None) -> Agenda:
    """The agenda once it is known what became of the claim's event; the same where the claim is another by now."""
    kept = (after if one == claim else one for one in agenda.claims)
    return Agenda(tuple(one for one in kept if one is not None))


def _is_read(claim: Claim, read_at: Mapping[MailboxKey, datetime]) -> bool:
    seen = read_at.get(claim.mailbox) if claim.mailbox else None
    return claim.written_at is not None and seen is not None and seen > claim.written_at + CLOCKS


def _shows(claim: Claim, now: datetime) -> bool:
    return claim.written_at is not None and claim.written_at < now - LATELY


def _overlap(claim: Claim, span: Window) -> bool:
    return claim.start < span.end and span.start < claim.end


def _same(one: Claim, other: Claim) -> bool:
    return is_of(one, other.lead, other.booking)
