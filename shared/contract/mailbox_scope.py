"""How the app is limited to some mailboxes."""

from __future__ import annotations

from msgspec import Struct


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
