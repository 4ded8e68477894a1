"""The burst: events made, moved and deleted in the customer's calendars, as a seed decides.

It moves over the calendars, a few at a time: one that it has left is not told of again, so that whatever an
interruption lost stays lost and is seen in the end.
"""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Condition

from local.kills.customer import Customer
from local.microsoft.world import Json

PAUSE = 0.02
"""Seconds between two changes on average, so that a life of the service sees some dozens."""
TOGETHER = 10
"""Calendars that change at the same time."""
DAYS = 59
"""How far ahead events lie: within what is compared afterwards."""
SHOWN_AS = ("busy", "busy", "tentative", "oof", "workingElsewhere", "free")


class Burst:
    """Makes changes in a thread of its own, never further than it is allowed to.

    The allowance lets it go on while the service is down, and keeps it from being over before the last kill.
    """

    def __init__(self, customer: Customer, changes: int, seed: int) -> None:
        self.changes = changes
        self.made = 0
        self._customer = customer
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose
        self._events: defaultdict[str, list[str]] = defaultdict(list)
        """Ids of what was made here, by address."""
        self._allowed = 0
        self._over = False
        self._moved = Condition()

    def run(self) -> None:
        """All changes, or as many as there are before it is ended."""
        try:
            while self.made < self.changes and self._may_go_on():
                self._change()
                with self._moved:
                    self.made += 1
                    self._moved.notify_all()
                time.sleep(self._random.uniform(0, 2 * PAUSE))
        finally:
            self.end()

    def allow(self, changes: int) -> None:
        """Let it go on until so many changes are made."""
        with self._moved:
            self._allowed = changes
            self._moved.notify_all()

    def reach(self, changes: int) -> bool:
        """Wait until so many changes are made; False where it was over before."""
        with self._moved:
            self._moved.wait_for(lambda: self.made >= changes or self._over)
            return self.made >= changes

    def end(self) -> None:
        """Make no further change."""
        with self._moved:
            self._over = True
            self._moved.notify_all()

    def _may_go_on(self) -> bool:
        with self._moved:
            self._moved.wait_for(lambda: self.made < self._allowed or self._over)
            return not self._over

    def _change(self) -> None:
        """Half of the changes make an event; the others move or delete one that was made here."""
        address, microsoft, tenant = self._address(), self._customer.microsoft, self._customer.tenant
        events = self._events[address]
        kind = self._random.choices(("create", "move", "delete"), (5, 3, 2))[0]
        if kind == "create" or not events:
            fields = {"subject": "Burst", "showAs": self._random.choice(SHOWN_AS), **self._times()}
            events.append(microsoft.create_event(tenant, address, fields)["id"])
        elif kind == "move":
            microsoft.update_event(tenant, address, self._random.choice(events), self._times())
        else:
            microsoft.delete_event(tenant, address, events.pop(self._random.randrange(len(events))))

    def _address(self) -> str:
        addresses = list(self._customer.object_ids)
        first = len(addresses) * self.made // self.changes
        return self._random.choice(addresses[first : first + TOGETHER])

    def _times(self) -> Json:
        start = datetime.now(UTC) + timedelta(minutes=5 * self._random.randrange(12, DAYS * 24 * 12))
        sides = {"start": start, "end": start + timedelta(minutes=self._random.choice((15, 30, 60, 90)))}
        return {side: {"dateTime": f"{at:%Y-%m-%dT%H:%M:00}", "timeZone": "UTC"} for side, at in sides.items()}
