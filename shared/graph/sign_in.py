"""Signing a Microsoft admin in, and sending them to grant the app's permissions for their tenant.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import requests

from shared.errors import Refusal
from shared.graph.code_flow import CodeFlow
from shared.graph.entra import ORGANIZATIONS
from shared.graph.id_token import IdTokens, SignedIn
from shared.graph.tokens import GRAPH_SCOPE
from shared.settings import MicrosoftSettings


class SignIn:
    """The sign-in and consent pages of Microsoft, and what comes back from them."""

    def __init__(self, settings: MicrosoftSettings, session: requests.Session, id_tokens: IdTokens) -> None:
        self._settings = settings
        self._flow = CodeFlow(settings, session, ORGANIZATIONS)
        self._id_tokens = id_tokens

    def begin(self, redirect_uri: str, state: str) -> tuple[str, str]:
        """Where to send the browser, and what `finish` needs, as JSON: secret. Raises `TryLater`."""
        return self._flow.begin(redirect_uri, state)

    def finish(self, flow: str, answer: Mapping[str, str]) -> SignedIn:
        """Who signed in. Raises `Refusal` for anything that proves nobody, `TryLater` when Microsoft is away."""
        redeemed = self._flow.redeem(flow, answer)
        result = redeemed.result
        if "id_token" not in result:
            raise Refusal("sign_in_cancelled" if result.get("error") == "access_denied" else "sign_in_failed")
        return self._id_tokens.believe(result["id_token"], redeemed.nonce)

    def consent_url(self, tenant_id: str, redirect_uri: str, state: str) -> str:
        """Where an admin grants the app's application permissions for this tenant."""
        query = {
            "client_id": self._settings.client_id,
            "scope": GRAPH_SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._settings.sign_in_url}/{tenant_id}/v2.0/adminconsent?{urlencode(query)}"
