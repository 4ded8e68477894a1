"""The invitation to connect a tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class LinkStep(StrEnum):
    """How far somebody came with an activation link."""

    CREATED = "created"
    STARTED = "started"
    """Somebody went to sign in."""
    REFUSED = "refused"
    """Somebody signed in who may not connect; the link is still good for the right person."""
    APPROVING = "approving"
    """The right person signed in and was sent to grant the permissions."""
    APPROVED = "approved"
    """The permissions are granted; the tenant is being recorded."""
    CONNECTED = "connected"
    """Used up."""
    REVOKED = "revoked"


@dataclass(frozen=True)
class AdminProof:
    """What a validated ID token said about the person who signed in through a link."""

    tenant_id: str
    object_id: str


@dataclass(frozen=True)
class ActivationLink:
    """An invitation to connect a tenant, for whoever can grant it; the token itself is never stored."""

    id: str
    token_hash: str
    organization_name: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    expected_domains: tuple[str, ...] = ()
    step: LinkStep = LinkStep.CREATED
    reason: str | None = None
    """Why the last attempt was refused."""
    refused_tenant_id: str | None = None
    """Whose that attempt was, where an ID token has proven it."""
    opened_at: datetime | None = None
    """When the page was first looked at, by a person or a mail scanner."""
    browser_hash: str | None = None
    """Of the cookie that ties the present attempt to one browser."""
    state_hash: str | None = None
    """Of the one state that may come back next."""
    sign_in: str | None = field(default=None, repr=False)
    """The sign-in under way: PKCE verifier and nonce, encrypted for this attempt. Dropped when it ends."""
    proof: AdminProof | None = None
    tenant_id: str | None = None
    """The tenant it connected."""

    def is_open(self, now: datetime) -> bool:
        """Whether the link can still be used."""
        return self.step not in (LinkStep.CONNECTED, LinkStep.REVOKED) and now < self.expires_at
