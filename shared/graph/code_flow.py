"""A sign-in by authorization code with PKCE, as MSAL carries it out.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msal
import requests

from shared.errors import Refusal, TryLater
from shared.graph.entra import EntraHttp, msal_application, try_later
from shared.graph.id_token import wire_nonce
from shared.settings import MicrosoftSettings

_ANSWER = ("code", "state", "error", "error_description")
"""What is taken of a callback. MSAL would put more of it into headers."""


@dataclass(frozen=True)
class Redeemed:
    """What Microsoft gave for a code, or why nothing. Nothing of it shows in a `repr`."""

    result: Mapping[str, Any] = field(repr=False)
    nonce: str = field(repr=False)
    """Which the ID token must repeat."""
    cache: str = field(repr=False)
    """MSAL's token cache."""


class CodeFlow:
    """The way to Microsoft and back, for one authority and what is asked of the person there."""

    def __init__(
        self,
        settings: MicrosoftSettings,
        http: requests.Session | EntraHttp,
        authority: str,
        scopes: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._http = http
        self._authority = authority
        self._scopes = scopes

    def begin(self, redirect_uri: str, state: str) -> tuple[str, str]:
        """Where to send the browser, and what `redeem` needs, as JSON: secret. Raises `TryLater`.

        The code comes back in the query: unlike a posted form that lets the browser send a `SameSite=Lax` cookie
        along, and a code is worthless without the verifier kept here.
        """
        try:
            flow = self._app().initiate_auth_code_flow(
                list(self._scopes),
                redirect_uri=redirect_uri,
                state=state,
                response_mode="query",
                prompt="select_account",
            )
        except requests.RequestException as problem:
            raise try_later(problem) from None
        except ValueError:
            raise TryLater("sign-in discovery") from None
        return flow.pop("auth_uri"), json.dumps(flow)

    def redeem(self, flow: str, answer: Mapping[str, str]) -> Redeemed:
        """What came of it; `result` may be an error. Raises `Refusal`, and `TryLater` when Microsoft is away."""
        kept, cache = json.loads(flow), msal.SerializableTokenCache()
        taken = {name: answer[name] for name in _ANSWER if name in answer}
        try:
            result = self._app(cache).acquire_token_by_auth_code_flow(kept, taken)
        except requests.RequestException as problem:
            raise try_later(problem) from None
        except msal.exceptions.MsalServiceError as problem:
            raise TryLater(f"sign-in: {type(problem).__name__}") from None
        except ValueError:
            raise Refusal("sign_in_failed") from None
        except RuntimeError:
            # MSAL's word for an ID token with another nonce.
            raise Refusal("sign_in_invalid") from None
        return Redeemed(result, wire_nonce(kept["nonce"]), cache.serialize())

    def _app(self, cache: msal.SerializableTokenCache | None = None) -> Any:
        """A refresh token is asked for only where something is to be done with it."""
        without = () if self._scopes else ("offline_access",)
        return msal_application(self._settings, self._http, self._authority, cache, without)
