"""Coming to rest: everything Graph still has to deliver is delivered, and no work is left in the queues."""

from __future__ import annotations

from datetime import datetime

from azure.storage.queue import QueueServiceClient

from local.client import wait_for
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.remote import Microsoft
from local.stack import Stack


def come_to_rest(stack: Stack, patience: float) -> float | None:
    """Seconds until nothing was left to do; None where something still is."""
    microsoft = Microsoft(stack.microsoft.http_url)

    def is_at_rest() -> bool:
        deliver(stack, microsoft)
        # Twice: a message may have moved from a queue not yet looked at into one that was.
        return next_delivery(stack) is None and not work_left(stack) and not work_left(stack)

    return wait_for(is_at_rest, patience, pause=0.2)


def deliver(stack: Stack, microsoft: Microsoft) -> None:
    """Let the next retry be due: Graph waits in simulated time, and twice as long after each failure."""
    due = next_delivery(stack)
    if due is not None and due > microsoft.now():
        microsoft.set_time(due)
    microsoft.wait_until_idle()


def next_delivery(stack: Stack) -> datetime | None:
    """When Graph sends something next; None once everything was delivered."""

    def first() -> datetime | None:
        dues = [endpoint.next_due() for endpoint in delivery_of(stack.microsoft.world).endpoints.values()]
        return min((due for due in dues if due is not None), default=None)

    return stack.microsoft.call(first)


def work_left(stack: Stack) -> dict[str, int]:
    """How many messages every queue holds, taken and delayed ones included; empty queues are left out."""
    with QueueServiceClient.from_connection_string(stack.azurite.connection_string) as service:
        names = [queue.name for queue in service.list_queues()]
        counts = {name: _count(service, name) for name in names}
    return {name: count for name, count in counts.items() if count}


def work_due(stack: Stack) -> bool:
    """Whether a message waits for nothing but to be taken."""
    with QueueServiceClient.from_connection_string(stack.azurite.connection_string) as service:
        queues = [service.get_queue_client(queue.name) for queue in service.list_queues()]
        return any(queue.peek_messages() for queue in queues)


def _count(service: QueueServiceClient, name: str) -> int:
    return int(service.get_queue_client(name).get_queue_properties().approximate_message_count or 0)
