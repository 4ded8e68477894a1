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
    in_scope: int | None = None
    """Members' mailboxes that Microsoft lets us into; each is tried at least every six hours."""
    out_of_scope: int | None = None
    """Members' mailboxes that Microsoft does not let us into; each is tried again every hour."""
    scope_counted_at: datetime | None = None


class TenantList(Struct):
    """All of an organization's tenants."""

    tenants: list[TenantOutput]


class DisconnectPreview(Struct):
    """What disconnecting a tenant means."""

    connected: int
    """Members whose calendar is read through it."""
    without_calendar: int
    """Of those: who have no other calendar then."""
    found_elsewhere: int
    """Of those: who are looked for in another tenant of the organization, where they were seen."""
    stays_at_microsoft: list[str]
    """What disconnecting does not remove there."""
    removal_command: str
    """The PowerShell with which a Microsoft admin removes the app there."""
