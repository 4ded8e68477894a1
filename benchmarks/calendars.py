"""Calendars in a running product: changed in the simulated Outlook, read through the public API, compared."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.world import LONGEST, Place
from local import truth
from local.client import Client, Json
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.event_resource import View, resource
from local.microsoft.graph.events import update_event
from local.microsoft.graph.instances import instances
from local.microsoft.organization import Member
from local.microsoft.world import Event, User

DAYS = 80
"""Changed events lie within so many days, all inside the window that is cached."""
AROUND = timedelta(hours=1)
SECONDS_BETWEEN_LOOKS = 0.005

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Seen:
    """When a change was known where, in seconds since it was made."""

    acknowledged: float
    """The notification had its 202."""
    visible: float
    """The public API answered with the changed times."""


@dataclass(frozen=True)
class Calendar:
    """One member's calendar."""

    place: Place
    member: Member
    user: User

    def move(self, number: int) -> Span:
        """Move one of its events to a time that only this number has; Outlook notifies."""
        self.place.stack.microsoft.call(lambda: self.edit(number))
        return moment(number)

    def edit(self, number: int) -> None:
        """The same, for who runs where the simulated Microsoft does."""
        world = self.place.stack.microsoft.world
        tenant = world.tenants[self.place.generated.tenant_id]
        update_event(world, tenant, self.user, self.event().id, fields(number))

    def event(self) -> Event:
        """The one that is moved."""
        events = self.user.mailbox.events.values() if self.user.mailbox else ()
        return next(event for event in events if not event.fields.get("recurrence"))

    def shows(self, client: Client, span: Span) -> bool:
        """Whether the service answers that exactly this span is busy."""
        start, end = span
        answer = client.busy(self.member.id, start - AROUND, end + AROUND)
        return (start, end, "busy") in truth.answered(answer)

    def is_true(self, client: Client) -> bool:
        """Whether the service answers with what Outlook says, and that it is fresh."""
        answer = client.busy(self.member.id, *horizon())
        return answer["freshness"] == "fresh" and truth.answered(answer) == self.truth()

    def truth(self) -> list[truth.Block]:
        """What Outlook says."""
        start, end = horizon()
        return self.place.stack.microsoft.call(
            lambda: truth.taken(self._events(start, end), start, end, self.member.time_zone)
        )

    def delivered(self, what: str) -> int:
        """How many of its notifications were `sent`, `acknowledged`, `retried` or `dropped` so far."""
        delivery, mailbox = delivery_of(self.place.stack.microsoft.world), self.user.mailbox
        ids = tuple(mailbox.subscription_ids) if mailbox else ()
        return sum(delivery.counters.get(identity, Counter())[what] for identity in ids)

    def _events(self, start: datetime, end: datetime) -> list[Json]:
        if self.user.mailbox is None:
            return []
        return [resource(instance, View()) for instance in instances(self.user.mailbox, start, end)]


def calendars_of(place: Place) -> list[Calendar]:
    """Everybody's."""
    users = place.stack.microsoft.world.tenants[place.generated.tenant_id].users.values()
    people = zip(place.generated.organization.members, users, strict=True)
    return [Calendar(place, member, user) for member, user in people]


def watch(calendar: Calendar, client: Client, number: int) -> Seen:
    """Make one change and wait until the public API shows it."""
    before, began = calendar.delivered("acknowledged"), time.perf_counter()
    span = calendar.move(number)
    until(lambda: calendar.delivered("acknowledged") > before, 0.001)
    acknowledged = time.perf_counter() - began
    until(lambda: calendar.shows(client, span), SECONDS_BETWEEN_LOOKS)
    return Seen(acknowledged, time.perf_counter() - began)


def until(condition: Callable[[], bool], pause: float) -> None:
    """Return once the condition holds, looking again after so many seconds. Raises `TimeoutError`."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > LONGEST:
            raise TimeoutError(f"nothing came of a change in {LONGEST:.0f} s")
        time.sleep(pause)


def moment(number: int) -> Span:
    """Five minutes that no generated event has: those begin and end at quarters of an hour."""
    start = _today() + timedelta(days=2 + number % DAYS, hours=number // DAYS % 24, minutes=7)
    return start, start + timedelta(minutes=5)


def fields(number: int) -> Json:
    """What an event is changed to, as Graph writes it."""
    start, end = moment(number)
    sides = {"start": start, "end": end}
    times = {side: {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"} for side, at in sides.items()}
    return {**times, "showAs": "busy"}


def horizon() -> Span:
    """What is compared."""
    return _today() + timedelta(days=1), _today() + timedelta(days=DAYS + 5)


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
