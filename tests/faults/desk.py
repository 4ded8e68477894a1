"""The platform's backend, which books at a customer of `tests/faults`, and what must hold of every booking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from local.microsoft.graph.event_resource import extended_property
from local.microsoft.world import Event
from local.soak.history import today
from shared.bookings.bookings import Booked
from shared.bookings.steps import Wanted
from shared.errors import CallerError, Unavailable
from shared.graph.events import PROPERTY
from shared.model import Booking, BookingStatus, Content, Invitee, MemberKey, Window
from tests.faults.customer import ANN, Customer

VISITOR = Invitee("visitor@elsewhere.example", "Vera Visitor")
MOST_TRIES = 30


class Desk:
    """Books for members, and looks at what became of it."""

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self.history = customer.history

    def wanted(self, hour: float = 9, *others: str, day: int = 1, minutes: int = 30, **content: object) -> Wanted:
        """A meeting tomorrow with a visitor."""
        start = today(self.customer.outlook.now()) + timedelta(days=day, hours=hour)
        fields = {"subject": "SECRET-booking", "description": "SECRET-text", "invitees": (VISITOR,), **content}
        return Wanted(Window(start, start + timedelta(minutes=minutes)), Content(**fields), others)  # type: ignore[arg-type]

    def put(self, booking: str, wanted: Wanted, lead: str = ANN) -> Booked:
        """One request."""
        return self.history.host.process.bookings.put(self.customer.owner(lead), booking, wanted)

    def cancel(self, booking: str, lead: str = ANN) -> Booking:
        """Another one."""
        return self.history.host.process.bookings.cancel(self.customer.owner(lead), booking, "SECRET-sorry")

    def until_answered(self, request: Callable[[], object]) -> CallerError | None:
        """Repeat a request, as the platform does, until it is answered for good; the refusal, if it is one."""
        for _ in range(MOST_TRIES):
            try:
                request()
            except Unavailable as problem:
                self.customer.outlook.advance(problem.retry_after)
            except CallerError as problem:
                return problem
            else:
                return None
        raise AssertionError("never answered for good")

    def events(self, name: str) -> list[Event]:
        """Somebody's events that bookings made."""
        mailbox = self.customer.user(name).mailbox
        found = mailbox.events.values() if mailbox else ()
        return [event for event in found if extended_property(event.fields, PROPERTY)]

    def booking(self, booking: str, lead: str = ANN) -> Booking | None:
        """What is kept of it."""
        row = self.history.observer.tables.bookings.get(self.history.org, f"{lead}|{booking}")
        return row.value if row else None

    def status(self, booking: str, lead: str = ANN) -> BookingStatus | None:
        """How it stands."""
        kept = self.booking(booking, lead)
        return kept.status if kept else None

    def rests(self) -> None:
        """Once everything has come: Outlook, agendas and bookings say the same."""
        self.customer.live(hours=1)
        self.agrees()

    def agrees(self) -> None:
        """Each confirmed booking is exactly one event of each host, at its time; of others nothing is left."""
        tables, org = self.history.observer.tables, self.history.org
        rows = [row.value for row in tables.bookings.rows(org)]
        expected: dict[str, set[tuple[str, Window]]] = {name: set() for name in self.history.roster}
        for booking in rows:
            assert booking.work is None, booking
            assert booking.status is not BookingStatus.HELD
            for host in booking.hosts if booking.status is BookingStatus.CONFIRMED else ():
                if not host.gone:
                    expected[host.member].add((host.transaction, host.span or booking.span))
        for name, mine in expected.items():
            assert sorted(transaction_of(event) for event in self.events(name)) == sorted(t for t, _ in mine), name
            claims = tables.calendars.kept(MemberKey(org, name)).claims
            assert {(claim.start, claim.end) for claim in claims} == {span for _, span in mine}, name
            assert all(claim.written_at is not None for claim in claims)
            self._spans_agree(name, mine)

    def _spans_agree(self, name: str, mine: set[tuple[str, Window]]) -> None:
        starts = {transaction_of(e): e.fields["start"]["dateTime"][:19] for e in self.events(name)}
        assert starts == {transaction: f"{span.start:%Y-%m-%dT%H:%M:%S}" for transaction, span in mine}


def transaction_of(event: Event) -> str:
    """What an event was created with."""
    found = extended_property(event.fields, PROPERTY)
    assert found is not None
    return str(found["value"])
