"""Tenants of an organization."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.model import TenantStatus


class TenantOutput(Struct):
    """A connected tenant."""

    id: str
    status: TenantStatus
    status_text: str
    next_step: str
    reason: str | None
    domains: tuple[str, ...]
    consented_by: str
    consented_at: datetime
    synced_at: datetime | None
    missed_pushes: int = 0
    """Calendars with a change that Microsoft did not tell of lately."""
    push_text: str | None = None
    """What that means, where there are any."""


class TenantList(Struct):
    """All of an organization's tenants."""

    tenants: list[TenantOutput]
