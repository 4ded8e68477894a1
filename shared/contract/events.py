"""What the platform's webhook gets: the definitions that shape events.

Every time is UTC (RFC 3339, `Z`). Fields may be added; those that are here stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from shared.model import BookingStatus, Change, Response


class ConnectionChange(Struct):
    """A member's connection is in another state than before."""

    organization: str
    member: str
    source: Literal["managed", "personal"]
    """Which of the member's connections: the one the organization made, or the member's own."""
    state: str
    previous_state: str | None
    """None for a connection's first state."""
    state_text: str
    next_step: str
    detail: str | None
    """A stable code that narrows the state."""
    tenant: str | None
    """Of the directory user the member is matched to."""
    changed_at: datetime
    sequence: int
    """Grows with every event about this member and source: what is not greater than the last one seen is old."""
    merged: int
    """Earlier changes this event stands for too, because too many were waiting."""


class TenantChange(Struct):
    """An organization's tenant is in another state than before."""

    organization: str
    tenant: str
    state: str
    previous_state: str | None
    """None for a tenant's first state."""
    state_text: str
    next_step: str
    detail: str | None
    """Microsoft's error code behind the state, where there is one."""
    changed_at: datetime
    sequence: int
    """Grows with every event about this tenant: what is not greater than the last one seen is old."""
    merged: int
    """Earlier changes this event stands for too, because too many were waiting."""


class BookingChange(Struct):
    """Something happened to a booking that the platform did not do itself: how the booking stood then."""

    organization: str
    member: str
    """The host who invites."""
    booking: str
    state: BookingStatus
    change: Change
    """Where several things happened at once, what comes first in this order; the fields say how the rest stands."""
    host: str
    """The member in whose calendar it happened."""
    start: datetime
    end: datetime
    version: int
    """As in answers about the booking: what is smaller than the version you have is old."""
    responses: list[Response]
    """Of those who were invited, in the order they were asked for."""
    cancelled_by: str | None
    """`platform`, or `outlook` where somebody deleted or cancelled it there."""
    changed_at: datetime
    sequence: int
    """Grows with every event about this booking: what is not greater than the last one seen is old."""
    merged: int
    """Earlier changes this event stands for too, because too many were waiting."""


class ConnectionEvent(Struct):
    """The body of `connection.changed`."""

    type: Literal["connection.changed"]
    timestamp: datetime
    """When the state changed."""
    data: ConnectionChange


class TenantEvent(Struct):
    """The body of `tenant.changed`."""

    type: Literal["tenant.changed"]
    timestamp: datetime
    """When the state changed."""
    data: TenantChange


class BookingEvent(Struct):
    """The body of `booking.changed`."""

    type: Literal["booking.changed"]
    timestamp: datetime
    """When the change was noticed."""
    data: BookingChange


EventOutput = ConnectionEvent | TenantEvent | BookingEvent

EVENTS: Mapping[str, type[Struct]] = {
    "connection.changed": ConnectionEvent,
    "tenant.changed": TenantEvent,
    "booking.changed": BookingEvent,
}
"""What is posted, by type."""
