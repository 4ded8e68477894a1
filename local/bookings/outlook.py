"""What is to be seen from outside once all is at rest: events and mails in Outlook, and the service's answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local.bookings.meetings import Span
from local.kills.customer import Customer

FAR = timedelta(days=40)
SIDES = ("start", "end")
Mails = dict[str, Counter[str]]
"""How many mails of each kind somebody got, by event."""


@dataclass(frozen=True, order=True)
class Seen:
    """An event that a booking made."""

    booking: str
    member: str
    span: Span


def events(customer: Customer, now: datetime) -> list[Seen]:
    """Every event of every member."""
    found = []
    for member in customer.members:
        for event in customer.microsoft.events(customer.tenant, member.addresses[0], now - FAR, now + FAR):
            span = Span(*(datetime.fromisoformat(event[side]["dateTime"]).replace(tzinfo=UTC) for side in SIDES))
            found.append(Seen(event["subject"], member.id, span))
    return sorted(found)


def mails(customer: Customer) -> dict[str, Mails]:
    """What went out, by the address it went to."""
    found: dict[str, Mails] = {}
    for member in customer.members:
        for mail in customer.microsoft.outbox(customer.tenant, member.addresses[0]):
            for address in mail["to"]:
                found.setdefault(address, {}).setdefault(mail["event"], Counter())[mail["kind"]] += 1
    return found


def overlaps(seen: Iterable[Seen]) -> list[tuple[Seen, Seen]]:
    """Pairs of one member's events that take the same time; events of one booking are counted elsewhere."""
    listed = sorted(seen, key=lambda one: (one.member, one.span))
    return [
        (first, second)
        for number, first in enumerate(listed)
        for second in listed[number + 1 :]
        if first.member == second.member and second.span.start < first.span.end and first.booking != second.booking
    ]
