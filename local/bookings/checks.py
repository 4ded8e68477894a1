"""What must hold of every booking once all is at rest; each finding says what is wrong, with the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from local.bookings.clients import Asked, Booker
from local.bookings.meetings import Span
from local.bookings.outlook import Mails, Seen
from local.kills.customer import Customer
from shared.bootstrap import Services
from shared.model import BookingStatus, MemberKey
from shared.settings import Settings

GONE = "gone"
"""What the API says of a booking that it does not know: it was refused, and nothing is left."""
S = BookingStatus


def state_of(customer: Customer, booker: Booker) -> tuple[str, Span | None]:
    """How a booking stands, as the API says."""
    meeting = booker.meeting
    answered = customer.backend.call("GET", f"/api/members/{meeting.lead}/bookings/{meeting.id}")
    if answered.status_code == 404:
        return GONE, None
    answered.raise_for_status()
    sent = answered.json()
    return sent["state"], Span(datetime.fromisoformat(sent["start"]), datetime.fromisoformat(sent["end"]))


def expected(booker: Booker, state: str, span: Span | None) -> set[Seen]:
    """The events there must be, given what the API says."""
    if state != S.CONFIRMED or span is None:
        return set()
    return {Seen(booker.meeting.id, host, span) for host in booker.meeting.hosts}


def wrong_events(booker: Booker, state: str, span: Span | None, seen: list[Seen]) -> Iterator[str]:
    """Where Outlook shows something else than the API says."""
    wanted = Counter(expected(booker, state, span))
    shown = Counter(one for one in seen if one.booking == booker.meeting.id)
    if shown != wanted:
        yield f"{_of(booker)} is {state}: missing {_shown(wanted - shown)}, too much {_shown(shown - wanted)}"


def wrong_states(booker: Booker, state: str, span: Span | None) -> Iterator[str]:
    """Where the API says something else than it answered before."""
    if state not in (S.CONFIRMED, S.CANCELLED, S.FAILED, GONE):
        yield f"{_of(booker)} is still {state}"
    books = [one for one in booker.history if one.what in ("book", "again")]
    moves = [one for one in booker.history if one.what == "move"]
    cancels = [one for one in booker.history if one.what == "cancel"]
    if state not in possible_states(books, cancels):
        yield f"{_of(booker)} is {state}"
    if state == S.CONFIRMED and span not in possible_spans(books, moves):
        yield f"{_of(booker)} is at {span}"


def possible_states(books: list[Asked], cancels: list[Asked]) -> set[str]:
    """What may have become of it, given what was answered."""
    if any(one.done for one in cancels):
        return {S.CANCELLED}
    possible: set[str] = {S.CANCELLED} if any(one.unknown for one in cancels) else set()
    if any(one.done for one in books):
        return possible | {S.CONFIRMED}
    if any(one.unknown for one in books):
        possible.add(S.CONFIRMED)
    return possible | {S.FAILED, GONE}


def possible_spans(books: list[Asked], moves: list[Asked]) -> set[Span | None]:
    """When it may be, given what was answered."""
    if any(one.done for one in moves):
        return {one.span for one in moves}
    booked = {one.span for one in books if one.done or one.unknown}
    return booked | {one.span for one in moves if one.unknown}


def wrong_mails(booker: Booker, state: str, mails: Mails) -> Iterator[str]:
    """Visitors who were invited to an event twice, or not at all, or not told once that it is off.

    There may have been others before: those that Microsoft made after they had been given up, removed since.
    """
    sent = [(kinds["invitation"], kinds["cancellation"]) for kinds in mails.values()]
    if sorted(sent) != [(1, 0)] * (state == S.CONFIRMED) + [(1, 1)] * sum(kinds != (1, 0) for kinds in sent):
        yield f"{_of(booker)} is {state}: invitations and cancellations by event are {sent}"


def wrong_rows(customer: Customer, seen: list[Seen]) -> Iterator[str]:
    """Bookings that somebody is still at, and agendas that say something else than Outlook."""
    tables = Services(Settings.from_env(customer.stack.settings)).tables
    for row in tables.bookings.rows(customer.org):
        if row.value.work is not None:
            yield f"{row.value.id}: {row.value.work} was never ended"
    for member in customer.members:
        claims = tables.calendars.kept(MemberKey(customer.org, member.id)).claims
        yield from (f"{member.id}: {one.booking} is still held" for one in claims if one.written_at is None)
        taken = Counter(Seen(one.booking, member.id, Span(one.start, one.end)) for one in claims)
        shown = Counter(one for one in seen if one.member == member.id)
        if taken != shown:
            yield f"agenda of {member.id}: too much {_shown(taken - shown)}, missing {_shown(shown - taken)}"


def _of(booker: Booker) -> str:
    meeting = booker.meeting
    asked = ", ".join(f"{one.what} {_time(one.span)}: {one.status} {_reason(one)}".strip() for one in booker.history)
    return f"{meeting.id} ({'+'.join(meeting.hosts)}, {asked})"


def _reason(asked: Asked) -> str:
    return str(asked.answer.get("detail") or "")[:70]


def _time(span: Span | None) -> str:
    return f"{span.start:%dT%H:%M}-{span.end:%H:%M}" if span else ""


def _shown(seen: Counter[Seen]) -> str:
    return ", ".join(f"{one.booking}@{one.member} {_time(one.span)}" for one in seen.elements()) or "nothing"
