"""What Entra ID remembers between two steps of a sign-in: codes, refresh tokens and users' consents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import Literal

IdTokenFlaw = Literal["signature", "kid", "iss", "aud", "exp", "nonce", "tid", "nbf"]


@dataclass(frozen=True)
class SignIn:
    """Who signed in to which app, in which tenant, and what the app was granted."""

    client_id: str
    tenant_id: str
    user_id: str
    scopes: tuple[str, ...]
    """In the spelling of the request."""
    nonce: str | None = None


@dataclass
class AuthorizationCode:
    """A code on its way through the browser; good for one redemption."""

    sign_in: SignIn
    redirect_uri: str
    challenge: str | None
    challenge_method: str
    expires_at: datetime
    redeemed: bool = False


@dataclass
class RefreshToken:
    """A refresh token. Its use makes a new one and leaves this one alive."""

    sign_in: SignIn
    expires_at: datetime
    revoked: bool = False


@dataclass
class Grants:
    """Everything handed out, by the text that was handed out."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    consents: set[tuple[str, str, str]] = field(default_factory=set)
    """(tenant id, user id, client id) of users who accepted delegated permissions for themselves."""
    flawed_id_token: IdTokenFlaw | None = None
    """Make the next ID token wrong in exactly this field."""

    def add_code(self, code: AuthorizationCode) -> str:
        """Hand out a code."""
        text = f"1.{token_urlsafe(48)}"
        self.codes[text] = code
        return text

    def add_refresh_token(self, token: RefreshToken) -> str:
        """Hand out a refresh token."""
        text = f"1.R{token_urlsafe(48)}"
        self.refresh_tokens[text] = token
        return text

    def revoke(self, user_id: str) -> int:
        """Revoke all of a user's refresh tokens, as an admin does; returns how many there were."""
        theirs = [token for token in self.refresh_tokens.values() if token.sign_in.user_id == user_id]
        for token in theirs:
            token.revoked = True
        return len(theirs)
