"""Which time of a member bookings take: pure rules over their agenda."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import Conflict
from shared.model import Agenda, BusyBlock, BusyStatus, CalendarKey, Claim, MailboxKey, Snapshot, Window

LATELY = timedelta(minutes=1)
"""An event written so lately need not be in a read yet."""
CLOCKS = timedelta(seconds=2)
"""Clocks of two processes may differ by this much."""
PAST = timedelta(days=1)
"""After so long a booking that is over leaves the agenda."""
MOST_CLAIMS = 700
"""Bookings to come of one member; more, with the longest ids, would not fit into a row."""


def in_the_way(agenda: Agenda, claim: Claim, kept_free: Window, now: datetime) -> Claim | None:
    """Another booking that takes some of this time, where a read of Outlook may not show it yet.

    The time that a booking leaves is taken until it has left: it may have to go back.
    """
    others = [one for one in agenda.claims if not is_of(one, claim.lead, claim.booking)]
    moving = {(one.lead, one.booking) for one in others if is_held(one)}
    taking = (one for one in others if (one.lead, one.booking) in moving or not _shows(one, claim, now))
    return next((one for one in taking if _overlap(one, kept_free)), None)


def with_held(agenda: Agenda, claim: Claim, now: datetime) -> Agenda:
    """The agenda once the time is held, beside what the same booking takes until it is moved.

    Raises `Conflict` where it is full.
    """
    kept = [one for one in agenda.claims if one.end > now - PAST and not (_same(one, claim) and is_held(one))]
    if len(kept) >= MOST_CLAIMS:
        raise Conflict("This member has more bookings to come than are kept.")
    return Agenda((*kept, claim))


def with_written(agenda: Agenda, claim: Claim) -> Agenda:
    """The agenda once the booking's event is in Outlook: it takes that time, and what is held for a later version.

    The same where a later version is written already, or just this one is.
    """
    known = [one for one in agenda.claims if _same(one, claim) and not _is_to_come(one, claim)]
    is_outdated = any(one.version > claim.version and not is_held(one) for one in known)
    if is_outdated or (len(known) == 1 and _says_so(known[0], claim)):
        return agenda
    return Agenda((*(one for one in agenda.claims if one not in known), claim))


def restored(agenda: Agenda, claim: Claim, until: datetime) -> Agenda:
    """The agenda once a change is taken back: it takes this time again, and what was held until then is let go of.

    Somebody may be at the next change already, and may even have written it.
    """
    kept = tuple(one for one in agenda.claims if not (_same(one, claim) and is_held(one) and _ends_by(one, until)))
    if any(_same(one, claim) and not is_held(one) and one.version > claim.version for one in kept):
        return Agenda(kept)
    return Agenda((*(one for one in kept if is_held(one) or not _same(one, claim)), claim))


def without(agenda: Agenda, lead: str, booking: str, version: int) -> Agenda:
    """The agenda without the booking up to that version."""
    return Agenda(tuple(one for one in agenda.claims if not _is_up_to(one, lead, booking, version)))


def forgotten(agenda: Agenda, lead: str, booking: str) -> Agenda | None:
    """The agenda without a booking that nobody knows any more; None where it is not in it."""
    kept = tuple(one for one in agenda.claims if not is_of(one, lead, booking))
    return Agenda(kept) if len(kept) < len(agenda.claims) else None


def without_held(agenda: Agenda, lead: str, booking: str, until: datetime) -> Agenda:
    """The agenda without what is held for the booking until then; what it took before stays."""
    return Agenda(
        tuple(
            one for one in agenda.claims if not (is_of(one, lead, booking) and is_held(one) and _ends_by(one, until))
        )
    )


def left_behind(agenda: Agenda, mailbox: MailboxKey) -> Agenda | None:
    """The agenda once the mailbox is another account's: what was booked in it stays taken and is looked for nowhere.

    None where nothing was.
    """
    kept = tuple(replace(one, mailbox=None) if one.mailbox == mailbox else one for one in agenda.claims)
    return Agenda(kept) if kept != agenda.claims else None


def is_of(claim: Claim, lead: str, booking: str) -> bool:
    """Whether the claim is the booking's."""
    return (claim.lead, claim.booking) == (lead, booking)


def is_held(claim: Claim) -> bool:
    """Whether its event is not known to be in Outlook."""
    return claim.written_at is None


def taken(claims: Iterable[Claim], snapshots: Sequence[tuple[CalendarKey, Snapshot]]) -> list[BusyBlock]:
    """The time that bookings take and that what was read of Outlook cannot show yet."""
    read = dict(snapshots)
    return [BusyBlock(one.start, one.end, BusyStatus.BUSY) for one in claims if not _is_read(one, read)]


def followed(agenda: Agenda, claim: Claim, after: Claim | None) -> Agenda:
    """The agenda once it is known what became of the claim's event; the same where the claim is another by now."""
    kept = (after if one == claim else one for one in agenda.claims)
    return Agenda(tuple(one for one in kept if one is not None))


def _is_read(claim: Claim, read: Mapping[CalendarKey, Snapshot]) -> bool:
    seen = read.get(CalendarKey(claim.mailbox, claim.calendar)) if claim.mailbox else None
    if claim.written_at is None or seen is None:
        return False
    return seen.read_at > claim.written_at + CLOCKS and claim.end <= seen.window.end


def _shows(one: Claim, claim: Claim, now: datetime) -> bool:
    """Whether a look at the calendar that the claim is for shows the other booking."""
    in_there = (one.mailbox, one.calendar) == (claim.mailbox, claim.calendar)
    return in_there and one.written_at is not None and one.written_at < now - LATELY


def _overlap(claim: Claim, span: Window) -> bool:
    return claim.start < span.end and span.start < claim.end


def _is_up_to(claim: Claim, lead: str, booking: str, version: int) -> bool:
    return is_of(claim, lead, booking) and claim.version <= version


def _ends_by(one: Claim, until: datetime) -> bool:
    return one.until is None or one.until <= until


def _is_to_come(one: Claim, claim: Claim) -> bool:
    """Whether somebody is at a later version of the booking."""
    is_leased = one.until is not None and claim.written_at is not None and one.until > claim.written_at
    return is_held(one) and is_leased and one.version > claim.version


def _says_so(one: Claim, claim: Claim) -> bool:
    return not is_held(one) and replace(one, written_at=claim.written_at, version=claim.version) == claim


def _same(one: Claim, other: Claim) -> bool:
    return is_of(one, other.lead, other.booking)
