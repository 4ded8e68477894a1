"""transactionId: what keeps a creation that is sent twice from making two events.

https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.event_resource import View
from local.microsoft.world import Event, Json, Mailbox, World


def already_created(world: World, mailbox: Mailbox, fields: Json, view: View) -> Event | None:
    """The event an identical POST with this transactionId made; the switched refusal when the id is spent."""
    transaction = fields.get("transactionId")
    if transaction is None:
        return None
    event = next((e for e in mailbox.events.values() if e.transaction_id == transaction), None)
    if event is None:
        return None
    identical = event.posted == fields
    if identical and world.switches.transaction_retry == "existing":
        return event
    status = world.switches.transaction_retry if identical else world.switches.transaction_reuse
    raise _spent(world, int(status), event, view)


def _spent(world: World, status: int, event: Event, view: View) -> GraphError:
    message = (
        "Your request can't be completed. The TransactionId specified in the request has already been used to "
        "create a different event."
    )
    error = GraphError(status, "ErrorDuplicateTransactionId", message)
    if world.switches.transaction_names_event:
        error.extra["@event.existingEventId"] = event.immutable_id if view.immutable_ids else event.id
    return error
