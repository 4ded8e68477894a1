"""What the platform's webhook gets: the definitions that shape events.

Every time is UTC (RFC 3339, `Z`). Fields may be added; those that are here stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct


class ConnectionChange(Struct):
    """A member's connection is in another state than before."""

    organization: str
    member: str
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
    """Grows with every event about this member: what is not greater than the last one seen is old."""
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


EventOutput = ConnectionEvent | TenantEvent

EVENTS: Mapping[str, type[Struct]] = {"connection.changed": ConnectionEvent, "tenant.changed": TenantEvent}
"""What is posted, by type."""
