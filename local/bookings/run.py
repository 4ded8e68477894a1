"""One run: connect a customer, all bookings at once under trouble, let it settle, and look at everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

from local.bookings import checks, outlook
from local.bookings.clients import Booker, Desk
from local.bookings.clock import Clock
from local.bookings.meetings import Meeting, meetings
from local.bookings.outages import LONG, Outages
from local.bookings.trouble import Trouble
from local.client import wait_for
from local.kills.checks import messages_left, wrong_calendars
from local.kills.customer import Customer
from local.stack import Stack

AHEAD = timedelta(days=3)
"""When the first of the times lies."""
LINES = 4
"""Kills between two lines."""
PATIENCE = 2.0
"""Seconds without any client coming to an end, after which there is another outage once the trouble is over.

More each time: what keeps clients waiting is either a process that died, or a machine that is busy.
"""
MOST_OUTAGES = 8
NO_EVENTS = {"PLATFORM_EVENTS_URL": "", "PLATFORM_EVENTS_SECRETS": ""}
"""Settings for the stack: receivers refuse signatures from another time than their own."""


@dataclass(frozen=True)
class Scale:
    """How large a run is."""

    bookings: int = 200
    kills: int = 20
    members: int = 5
    seed: int = 0


@dataclass
class Outcome:
    """What happened, counted, and what is wrong."""

    scale: Scale
    bookers: list[Booker] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    """What the API says in the end, by booking."""
    seen: Counter[str] = field(default_factory=Counter)
    """What clients saw."""
    struck: Counter[str] = field(default_factory=Counter)
    """Faults by kind."""
    kills: int = 0
    long_outages: int = 0
    replayed: int = 0
    """Messages that died with the service five times, and were put back by hand."""
    events: int = 0
    removed: int = 0
    """Events to which visitors were invited, and told that they are off: cancelled, or made too late by Microsoft."""
    overlaps: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Bookings of which Outlook, the API and its answers do not say the same."""
    leftovers: list[str] = field(default_factory=list)
    calendars: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[str]:
        """Everything that is wrong."""
        return [*self.overlaps, *self.wrong, *self.leftovers, *self.calendars]


def run(stack: Stack, scale: Scale) -> Outcome:
    """The whole of it."""
    customer, clock, outcome = Customer(stack, scale.members), Clock(stack), Outcome(scale)
    customer.connect()
    outages = Outages(stack, clock, scale.seed)
    print(f"{scale.members} members are connected; {scale.bookings} bookings begin", flush=True)
    _trouble(customer, clock, outages, outcome)
    print("the trouble is over; waiting until nothing is left to do", flush=True)
    if not outages.settle():
        outcome.leftovers.append("it did not come to rest")
    outcome.kills, outcome.long_outages, outcome.replayed = outages.kills, outages.long, outages.replayed
    _look(customer, clock, outcome)
    return outcome


def _trouble(customer: Customer, clock: Clock, outages: Outages, outcome: Outcome) -> None:
    """All bookings, with everything that goes wrong, until every client has come to an end."""
    scale, desk = outcome.scale, Desk(customer.stack.url, customer.stack.platform.token(customer.org, "service"))
    begun = [Event() for _ in range(scale.kills + 1)]
    outcome.bookers = [Booker(desk, meeting) for meeting in _meetings(customer, clock, scale)]
    trouble = Trouble(customer.microsoft, customer.tenant, scale.seed)
    with ThreadPoolExecutor(scale.bookings + 1) as pool:
        raising = pool.submit(trouble.run)
        running = [pool.submit(_in_turn, booker, begun) for booker in outcome.bookers]
        try:
            begun[0].set()
            outages.run(scale.kills, desk.answers, lambda: _note(outages, outcome, begun))
        finally:
            for event in begun:
                event.set()
            trouble.end()
            raising.result()
            trouble.lift()
            _finish(outages, outcome, desk)
        for done in running:
            done.result()
    outcome.seen, outcome.struck = desk.seen, trouble.struck


def _meetings(customer: Customer, clock: Clock, scale: Scale) -> list[Meeting]:
    first = (clock.now() + AHEAD).replace(hour=8, minute=0, second=0, microsecond=0)
    return meetings(scale.bookings, scale.kills, [member.id for member in customer.members], first, scale.seed)


def _in_turn(booker: Booker, begun: list[Event]) -> None:
    begun[booker.meeting.begins_after].wait()
    booker.run()


def _note(outages: Outages, outcome: Outcome, begun: list[Event]) -> None:
    begun[outages.kills].set()
    if not outages.kills % LINES:
        over = sum(booker.over for booker in outcome.bookers)
        print(f"  {outages.kills} kills, {over} clients have what they wanted to know", flush=True)


def _finish(outages: Outages, outcome: Outcome, desk: Desk) -> None:
    """Without further trouble everybody gets an answer: at once, or once the killed are known to be dead."""
    for number in range(1, MOST_OUTAGES + 1):
        if _wait_for_all(outcome, PATIENCE * number):
            return
        outages.outage(LONG)
    desk.stop.set()
    outcome.leftovers += [f"{b.meeting.id} was never answered" for b in outcome.bookers if not b.over]


def _wait_for_all(outcome: Outcome, patience: float) -> bool:
    """Wait while clients come to an end; whether all did."""
    while left := _left(outcome):
        if wait_for(lambda left=left: _left(outcome) < left, patience) is None:  # type: ignore[misc]
            return False
    return True


def _left(outcome: Outcome) -> int:
    return sum(not booker.over for booker in outcome.bookers)


def _look(customer: Customer, clock: Clock, outcome: Outcome) -> None:
    seen, mails = outlook.events(customer, clock.now()), outlook.mails(customer)
    outcome.events = len(seen)
    outcome.removed = sum(kinds["cancellation"] for sent in mails.values() for kinds in sent.values())
    outcome.overlaps = [f"{first} overlaps {second}" for first, second in outlook.overlaps(seen)]
    for booker in outcome.bookers:
        outcome.wrong += _wrong(customer, booker, seen, mails, outcome.states)
    outcome.leftovers += [*checks.wrong_rows(customer, seen), *messages_left(customer.stack)]
    outcome.calendars = wrong_calendars(customer, clock.now())


def _wrong(
    customer: Customer,
    booker: Booker,
    seen: list[outlook.Seen],
    mails: dict[str, outlook.Mails],
    states: dict[str, str],
) -> Iterator[str]:
    state, span = checks.state_of(customer, booker)
    states[booker.meeting.id] = state
    yield from checks.wrong_states(booker, state, span)
    yield from checks.wrong_events(booker, state, span, seen)
    yield from checks.wrong_mails(booker, state, mails.get(booker.meeting.visitor, {}))
