"""Other workers of the service, and what happens in the middle of their work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.soak.interruptions import Interruptions, Killed
from local.soak.process import Process
from shared.messages import CalendarSync, Reason
from tests.faults.customer import ANN, Customer

Happens = Callable[[], object]


def process(customer: Customer) -> Process:
    """Another worker of the service."""
    host = customer.history.host
    return Process(host._settings, customer.outlook.now, host.send, Interruptions())


def while_reading(worker: Process, happens: Happens) -> None:
    """Have something happen once, between Graph's answer and what the worker makes of it."""
    views = worker.calendar_syncs._reads._views
    real = views.read

    def read(*args: Any) -> Any:
        views.read = real  # type: ignore[method-assign]
        answer = real(*args)
        happens()
        return answer

    views.read = read  # type: ignore[method-assign]


def told(customer: Customer, name: str = ANN) -> CalendarSync:
    """A notification about somebody's mailbox that arrives now."""
    tenant_id, object_id = customer.key(name)
    return CalendarSync(tenant_id, (object_id,), customer.outlook.now(), Reason.NOTIFIED)


def die() -> None:
    raise Killed
