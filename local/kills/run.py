"""One run: connect a customer, burst and interruptions, rest, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local.kills import checks
from local.kills.burst import Burst
from local.kills.customer import Customer
from local.kills.interruptions import Kind, interrupt, plan
from local.kills.rest import come_to_rest
from local.stack import Stack

NO_SCHEDULE = {"RESYNC_SCHEDULE": "0 0 0 1 1 *"}
"""Settings for the stack: or the next resync would mend what was lost."""
PATIENCE = 120.0
"""Seconds to come to rest in; a message that met an unreachable storage stays hidden for thirty."""
OUTLOOK_SECONDS = 0.2
"""How long the simulated Outlook takes to answer, so that kills meet reads under way."""
LINES = 5
"""Kills between two lines."""


@dataclass(frozen=True)
class Scale:
    """How large a run is."""

    changes: int = 2000
    kills: int = 50
    restarts: int = 2
    """Of storage."""
    mailboxes: int = 200
    seed: int = 0


@dataclass
class Outcome:
    """What happened, counted, and what is wrong."""

    scale: Scale
    changes: int = 0
    interruptions: Counter[Kind] = field(default_factory=Counter)
    hits: int = 0
    """Kills that came while messages were waiting or being carried out."""
    delivery: Counter[str] = field(default_factory=Counter)
    """Graph's counters of notifications."""
    seconds: float = 0.0
    """From the first change to the last."""
    rest_seconds: float | None = None
    """From the last change until nothing was left to do."""
    calendars: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @property
    def unacknowledged(self) -> int:
        """Changes of which the service never acknowledged a notification."""
        return self.changes - self.delivery["acknowledged"]

    @property
    def findings(self) -> list[str]:
        """Everything that is wrong."""
        found = [*self.calendars, *self.subscriptions, *self.members, *self.messages]
        if self.unacknowledged:
            found.append(f"{self.unacknowledged} notifications never acknowledged")
        return found + (["it did not come to rest"] if self.rest_seconds is None else [])


def run(stack: Stack, scale: Scale) -> Outcome:
    """Connect a customer of its own, kill and restart through the burst, and look at everything afterwards."""
    customer, outcome = Customer(stack, scale.mailboxes), Outcome(scale)
    customer.connect()
    print(f"{scale.mailboxes} mailboxes are connected; {scale.changes:,} changes begin", flush=True)
    before = delivered(customer)
    customer.microsoft.set_switches(outlook_service_seconds=OUTLOOK_SECONDS)
    _burst(customer, outcome)
    print(f"{outcome.changes:,} changes are made; waiting until nothing is left to do", flush=True)
    outcome.rest_seconds = come_to_rest(stack, PATIENCE)
    customer.microsoft.set_switches(outlook_service_seconds=0)
    outcome.delivery = delivered(customer) - before
    _look(customer, outcome)
    return outcome


def _burst(customer: Customer, outcome: Outcome) -> None:
    """All changes, with all interruptions."""
    scale, began = outcome.scale, time.monotonic()
    burst = Burst(customer, scale.changes, scale.seed)
    with ThreadPoolExecutor(1) as pool:
        changing = pool.submit(burst.run)
        try:
            planned = plan(scale.changes, scale.kills, scale.restarts, scale.seed)
            interrupt(customer.stack, burst, planned, lambda kind, had: _note(outcome, burst, kind, had))
        finally:
            burst.end()
        changing.result()
    outcome.changes, outcome.seconds = burst.made, time.monotonic() - began


def delivered(customer: Customer) -> Counter[str]:
    """Graph's counters over all subscriptions."""
    counters: Counter[str] = Counter()
    for counts in customer.microsoft.delivery()["counters"].values():
        counters.update(counts)
    return counters


def _look(customer: Customer, outcome: Outcome) -> None:
    outcome.calendars = checks.wrong_calendars(customer)
    outcome.subscriptions = checks.wrong_subscriptions(customer)
    outcome.members = checks.wrong_members(customer)
    outcome.messages = checks.messages_left(customer.stack)


def _note(outcome: Outcome, burst: Burst, kind: Kind, had_work: bool) -> None:
    """Count an interruption; a line for some of them."""
    outcome.interruptions[kind] += 1
    outcome.hits += had_work and kind is Kind.KILL
    count = outcome.interruptions[kind]
    if kind is Kind.STORAGE:
        print(f"  storage restarted after {burst.made:,} changes", flush=True)
    elif not count % LINES:
        print(f"  {count} kills, {burst.made:,} changes", flush=True)
