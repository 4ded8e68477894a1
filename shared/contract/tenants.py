"""Tenants of an organization."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class TenantOutput(Struct):
    """A connected tenant."""

    id: str
    status: str
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


class ScopeStep(Struct):
    """A step towards the app being limited to some mailboxes: what it is for, and its PowerShell commands."""

    step: str
    command: str


class MailboxScopeOutput(Struct):
    """How the Microsoft admin limits the app to a group of mailboxes (RBAC for Applications)."""

    introduction: str
    group: str
    """Name of the group whose mailboxes the app may use."""
    scope: str
    """Name of the management scope."""
    steps: list[ScopeStep]
    text: str
    """All steps to be pasted into PowerShell."""
