"""App-only tokens, one MSAL application per customer tenant.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msal
import requests

from shared.errors import AccessLost, CredentialRejected, MicrosoftError, TryLater
from shared.graph.entra import msal_application
from shared.graph.token_errors import token_error
from shared.model import TenantStatus
from shared.settings import MicrosoftSettings

GRAPH_SCOPE = "https://graph.microsoft.com/.default"
REFUSED_FOR = timedelta(seconds=5)
"""How long a tenant that keeps us out is not asked again: a thousand calendars found closed are one question."""
MOST_TENANTS = 1000
"""Applications kept; each holds one tenant's token and discovery document."""


@dataclass
class _TenantApp:
    """A tenant's MSAL application, made by the first thread that needs it while others of the tenant wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    app: Any = None
    refused: tuple[datetime, MicrosoftError] | None = None
    """When and how Entra ID last refused."""


class AppTokens:
    """Hands out access tokens; safe to call from every thread."""

    def __init__(self, settings: MicrosoftSettings, session: requests.Session, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._session = session
        self._now = now
        self._apps: OrderedDict[str, _TenantApp] = OrderedDict()
        self._lock = threading.Lock()

    def token(self, tenant_id: str) -> str:
        """A valid token for the tenant.

        Raises `AccessLost`, `CredentialRejected` or `TryLater`. After any failure the application object is
        dropped, because MSAL would repeat the old answer from memory for a minute; a refusal is repeated for seconds.
        """
        tenant = self._tenant(tenant_id)
        with tenant.lock:
            if tenant.refused is not None and self._now() - tenant.refused[0] < REFUSED_FOR:
                raise tenant.refused[1].with_traceback(None)
            try:
                return self._acquired(tenant_id, tenant)
            except (AccessLost, CredentialRejected) as problem:
                tenant.app, tenant.refused = None, (self._now(), problem)
                raise
            except MicrosoftError:
                tenant.app = None
                raise

    def _acquired(self, tenant_id: str, tenant: _TenantApp) -> str:
        """MSAL's token, from memory or from Entra ID."""
        try:
            tenant.app = tenant.app or self._new_app(tenant_id)
            result = tenant.app.acquire_token_for_client(scopes=[GRAPH_SCOPE])
        except (requests.RequestException, msal.exceptions.MsalServiceError, ValueError) as problem:
            raise TryLater(f"token endpoint: {type(problem).__name__}") from None
        if "access_token" not in result:
            raise token_error(result)
        return str(result["access_token"])

    def forget(self, tenant_id: str) -> None:
        """Drop the tenant's token and everything MSAL remembers of it."""
        with self._lock:
            self._apps.pop(tenant_id, None)

    def _tenant(self, tenant_id: str) -> _TenantApp:
        with self._lock:
            tenant = self._apps.setdefault(tenant_id, _TenantApp())
            self._apps.move_to_end(tenant_id)
            while len(self._apps) > MOST_TENANTS:
                self._apps.popitem(last=False)
            return tenant

    def _new_app(self, tenant_id: str) -> Any:
        try:
            return msal_application(self._settings, self._session, tenant_id)
        except requests.RequestException as problem:
            raise TryLater(f"discovery: {type(problem).__name__}") from None
        except (ValueError, KeyError) as problem:
            # MSAL's word for any 4xx answer to discovery, throttling included; only its cause quotes Microsoft.
            if "AADSTS90002" in str(problem.__context__):
                raise AccessLost(TenantStatus.CONSENT_MISSING, "AADSTS90002") from None
            raise TryLater("discovery refused") from None
