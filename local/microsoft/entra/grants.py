"""What Entra ID remembers between two steps of a sign-in: codes, refresh tokens and users' consents."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, Literal
from uuid import uuid4

from local.microsoft.entra.challenges import Challenge

IdTokenFlaw = Literal[
    "signature", "kid", "unsigned", "hmac", "iss", "aud", "exp", "nonce", "no_nonce", "tid", "oid", "nbf"
]
"""All but a foreign `oid` show in the token itself; that one shows only beside `client_info`."""


@dataclass(frozen=True)
class SignIn:
    """Who signed in to which app, in which tenant, and what the app was granted."""

    client_id: str
    tenant_id: str
    user_id: str
    scopes: tuple[str, ...]
    """In the spelling of the request."""
    nonce: str | None = None
    session: str = field(default_factory=lambda: uuid4().hex)
    """One for each time somebody went through the pages; all tokens that come of it share it."""


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
class Browser:
    """What one browser's cookie stands for: the accounts that signed in there, the last one first."""

    accounts: list[tuple[str, str]] = field(default_factory=list)
    """(tenant id, user id)."""
    signed_out: set[tuple[str, str]] = field(default_factory=set)
    """Those among them that have to sign in again."""

    def remember(self, tenant_id: str, user_id: str) -> None:
        """Somebody signed in."""
        account = (tenant_id, user_id)
        self.accounts = [account, *(known for known in self.accounts if known != account)]
        self.signed_out.discard(account)


@dataclass
class Grants:
    """Everything handed out, by the text that was handed out."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    opaque_tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the access tokens of personal accounts stand for."""
    consents: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    """Delegated permissions that users granted for themselves, by (tenant id, user id, client id)."""
    challenges: dict[tuple[str, str], Challenge] = field(default_factory=dict)
    """What an access policy asks of a user, by (tenant id, user id)."""
    browsers: dict[str, Browser] = field(default_factory=dict)
    """By cookie."""
    ended_sessions: set[str] = field(default_factory=set)
    """Sessions whose access tokens are refused too."""
    flawed_id_token: IdTokenFlaw | None = None
    """Make the next ID token wrong in exactly this field."""
    planted_id_token: str | None = None
    """Send this text in place of the next ID token."""

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
        self.sign_out(user_id)
        return len(theirs)

    def sign_out(self, user_id: str) -> None:
        """Have a user sign in again at every browser; tokens stay as they are."""
        for browser in self.browsers.values():
            browser.signed_out |= {account for account in browser.accounts if account[1] == user_id}

    def sessions_of(self, user_id: str) -> set[str]:
        """The user's sign-ins that can be renewed or could once."""
        return {t.sign_in.session for t in self.refresh_tokens.values() if t.sign_in.user_id == user_id}

    def end_session(self, session: str) -> None:
        """Take back everything that came of one sign-in, access tokens included."""
        self.ended_sessions.add(session)
        for token in self.refresh_tokens.values():
            if token.sign_in.session == session:
                token.revoked = True
