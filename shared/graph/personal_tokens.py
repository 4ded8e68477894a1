"""Access tokens for one member's own account, got by the refresh token of their sign-in.

A refresh gives new tokens, which are kept before they are used. Whatever fails, MSAL's application is thrown away
with all it remembers: it would repeat the old answer for a minute, also when Microsoft has changed its mind.
https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import msal
import requests

from shared.errors import ReconnectRequired, TryLater
from shared.graph.entra import COMMON, EntraHttp, msal_application, try_later
from shared.graph.token_errors import personal_token_error
from shared.model import MailboxKey
from shared.settings import MicrosoftSettings

SCOPES = ("Calendars.ReadWrite",)
"""Of Microsoft Graph. Who somebody is says the ID token, so their profile is not asked for. MSAL adds `openid`,
`profile`, and `offline_access`, which gives the refresh token.
"""


class TokenStore(Protocol):
    """Where MSAL's cache of the connection is kept between two processes."""

    def load(self) -> str:
        """The cache. Raises `ReconnectRequired` where there is none."""

    def save(self, cache: str) -> None:
        """Keep what changed in it."""


class PersonalTokens:
    """Hands out access tokens of one account; safe to call from every thread."""

    def __init__(self, settings: MicrosoftSettings, http: EntraHttp, account: MailboxKey, store: TokenStore) -> None:
        self._settings = settings
        self._http = http
        self._account = account
        self._store = store
        self._lock = threading.Lock()
        self._app: Any = None
        self._denied = False

    def token(self, tenant_id: str) -> str:
        """A valid token for the account, which lives in this tenant and no other.

        Raises `ReconnectRequired` when only the member can help, `TryLater`, `CredentialRejected`, and whatever the
        store does.
        """
        if tenant_id != self._account.tenant_id:
            raise ValueError("the account is of another tenant")
        with self._lock:
            app, self._app = self._app, None
            app, token = self._acquired(app)
            # Only where nothing failed is it asked again.
            self._app = app
            return token

    def forget(self, tenant_id: str) -> None:  # noqa: ARG002 - there is one account
        """Get a new token next time, whatever the present one's age: Graph has refused it."""
        with self._lock:
            self._denied = True

    def _acquired(self, known: Any) -> tuple[Any, str]:
        """MSAL's application, the known one or a new one, and its token, from memory or from Entra ID."""
        try:
            app = known or self._loaded()
            home = {"home_account_id": f"{self._account.object_id}.{self._account.tenant_id}"}
            result = app.acquire_token_silent_with_error(list(SCOPES), home, force_refresh=self._denied)
        except requests.RequestException as problem:
            raise try_later(problem) from None
        except (msal.exceptions.MsalServiceError, ValueError, KeyError) as problem:
            raise TryLater(f"token endpoint: {type(problem).__name__}") from None
        if result is None:
            raise ReconnectRequired("no_refresh_token")
        if "access_token" not in result:
            raise personal_token_error(result)
        self._keep(app.token_cache)
        self._denied = False
        return app, str(result["access_token"])

    def _loaded(self) -> Any:
        cache = msal.SerializableTokenCache()
        cache.deserialize(self._store.load())
        return msal_application(self._settings, self._http, COMMON, cache)

    def _keep(self, cache: msal.SerializableTokenCache) -> None:
        if cache.has_state_changed:
            self._store.save(cache.serialize())
