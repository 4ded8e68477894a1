"""A member's own Outlook: the sign-in under way, and the tokens that came of it. Secrets show in no `repr`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class ConnectionKey(NamedTuple):
    """One connection of a member; `source` says which, e.g. `personal`."""

    org: str
    member: str
    source: str


@dataclass(frozen=True)
class SignInAttempt:
    """A member on the way to Microsoft and back; one at a time for each."""

    member: str
    expires_at: datetime
    state_hash: str | None = None
    """Of the one state that may come back. None once it has."""
    browser_hash: str | None = None
    """Of the cookie that ties the attempt to one browser."""
    flow: str | None = field(default=None, repr=False)
    """PKCE verifier and nonce, encrypted for this attempt. Dropped when it ends."""


@dataclass(frozen=True)
class KeptTokens:
    """MSAL's token cache of one connection, encrypted."""

    cache: str = field(repr=False)
    refreshed_at: datetime
    """When Microsoft last gave new ones."""
