"""What goes wrong at Microsoft meanwhile: answers lost, late and refused, on every call that bookings make."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from threading import Event
from typing import Any

from local.microsoft.remote import Microsoft

PAUSE = 0.12
"""Seconds between two faults on average."""
MOST = 15
"""Faults waiting at a time, so that some calls go well."""
EVENTS, EVENT, CANCEL = "/users/*/events", "/users/*/events/*", "/users/*/events/*/cancel"


@dataclass(frozen=True)
class Kind:
    """One way to fail, and how often it is chosen."""

    name: str
    where: str
    method: str
    fault: dict[str, Any]
    weight: int = 2


KINDS = (
    Kind("creation done, connection lost", EVENTS, "POST", {"reset": True, "after_write": True}, 6),
    Kind("creation done, 504", EVENTS, "POST", {"status": 504, "after_write": True}, 6),
    Kind("creations done, three answers lost", EVENTS, "POST", {"reset": True, "after_write": True, "times": 3}),
    Kind("creation late, 504", EVENTS, "POST", {"late_seconds": 3}, 4),
    Kind("creations late, 504 three times", EVENTS, "POST", {"late_seconds": 20, "times": 3}, 3),
    Kind("creations minutes late, 504 three times", EVENTS, "POST", {"late_seconds": 240, "times": 3}, 3),
    Kind("creation 503", EVENTS, "POST", {"status": 503, "times": 2}, 3),
    Kind("creation 429", EVENTS, "POST", {"status": 429, "retry_after": 1}, 3),
    Kind("creation 429, wait a minute", EVENTS, "POST", {"status": 429, "retry_after": 60}),
    Kind("creation denied", EVENTS, "POST", {"status": 403, "code": "ErrorAccessDenied"}, 1),
    Kind("creation slow", EVENTS, "POST", {"delay_seconds": 1.5}),
    Kind("look-up 504", EVENTS, "GET", {"status": 504, "times": 3}, 3),
    Kind("look-up lost", EVENTS, "GET", {"reset": True, "times": 9}),
    Kind("look-up slow", EVENTS, "GET", {"delay_seconds": 1.5}),
    Kind("change done, connection lost", EVENT, "PATCH", {"reset": True, "after_write": True}, 3),
    Kind("changes done, three answers lost", EVENT, "PATCH", {"status": 504, "after_write": True, "times": 3}),
    Kind("change late, 504", EVENT, "PATCH", {"late_seconds": 2}),
    Kind("changes minutes late, 504 three times", EVENT, "PATCH", {"late_seconds": 240, "times": 3}, 3),
    Kind("change 409", EVENT, "PATCH", {"status": 409, "code": "ErrorIrresolvableConflict"}),
    Kind("change 412", EVENT, "PATCH", {"status": 412, "code": "ErrorIrresolvableConflict"}),
    Kind("change denied", EVENT, "PATCH", {"status": 403, "code": "ErrorAccessDenied"}),
    Kind("cancellation done, connection lost", CANCEL, "POST", {"reset": True, "after_write": True}, 3),
    Kind("cancellation 504", CANCEL, "POST", {"status": 504, "times": 3}),
    Kind("removal done, 504", EVENT, "DELETE", {"status": 504, "after_write": True}),
    Kind("calendar 503", "/users/*/calendarView", "GET", {"status": 503}, 3),
    Kind("batch lost", "/$batch", "POST", {"reset": True}),
)


class Trouble:
    """Raises faults until it is ended."""

    def __init__(self, microsoft: Microsoft, tenant: str, seed: int) -> None:
        self._microsoft = microsoft
        self._tenant = tenant
        self._random = Random(f"trouble {seed}")  # noqa: S311 - repeatable on purpose
        self._raised: dict[str, str] = {}
        self._over = Event()
        self.struck: Counter[str] = Counter()

    def run(self) -> None:
        """One after the other."""
        while not self._over.wait(self._random.uniform(0, 2 * PAUSE)):
            if len(self._waiting()) < MOST:
                self._raise()

    def _raise(self) -> None:
        kind = self._random.choices(KINDS, [one.weight for one in KINDS])[0]
        retry = self._random.choice(("existing", "400", "409"))
        self._microsoft.set_switches(transaction_retry=retry)
        fault = self._microsoft.add_fault(kind.where, method=kind.method, tenant=self._tenant, **kind.fault)
        self._raised[fault] = kind.name

    def end(self) -> None:
        """Raise no more."""
        self._over.set()

    def lift(self) -> None:
        """Take back what has not struck, and count what has."""
        waiting = self._waiting()
        self._microsoft.clear_faults()
        self.struck.update(name for fault, name in self._raised.items() if fault not in waiting)
        self._raised.clear()

    def _waiting(self) -> set[str]:
        """Faults that have not struck as often as they shall."""
        return {fault["id"] for fault in self._microsoft.faults()["requests"]}
