"""Entra ID through MSAL: the one way an application object is made, and the HTTP client it may get."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import msal
import requests

from shared.errors import TryLater
from shared.graph.credential import msal_credential
from shared.graph.errors import retry_after
from shared.settings import MicrosoftSettings

# MSAL recommends a posted form; `code_flow` says why the query is right here.
warnings.filterwarnings("ignore", message="response_mode=", category=UserWarning, module="msal")
logging.getLogger("msal").setLevel(logging.CRITICAL)  # it logs an answer it cannot read, with the tokens in it

COMMON = "common"
"""Where accounts of every tenant sign in, and consumer accounts."""
ORGANIZATIONS = "organizations"
"""Where accounts of every tenant sign in, and no others."""


def msal_application(
    settings: MicrosoftSettings,
    http: requests.Session | EntraHttp,
    authority: str,
    cache: msal.SerializableTokenCache | None = None,
    without: tuple[str, ...] = (),
) -> Any:
    """MSAL for one authority, `without` some of the scopes it adds by itself. Asks Entra ID for its addresses.

    Raises what MSAL does: `requests.RequestException`, and `ValueError` for any 4xx.
    """
    return msal.ConfidentialClientApplication(
        settings.client_id,
        authority=f"{settings.login_url}/{authority}",
        client_credential=msal_credential(settings.credential),
        http_client=http,
        instance_discovery=False,
        token_cache=cache,
        exclude_scopes=list(without),
    )


class EntraHttp:
    """What MSAL speaks HTTP through where many short-lived applications share one authority.

    Its addresses are asked for once. An answer that asks to come back later raises, with what it said about when:
    MSAL would drop that, and repeat the answer from memory.
    """

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._documents: dict[str, requests.Response] = {}

    def get(self, url: str, **options: Any) -> requests.Response:
        """A discovery document."""
        known = self._documents.get(url)
        if known is None:
            known = _settled(self._session.get(url, **options))
            if _is_document(known):
                self._documents[url] = known
        return known

    def post(self, url: str, **options: Any) -> requests.Response:
        """A token request."""
        return _settled(self._session.post(url, **options))

    def close(self) -> None:
        """The session is everybody's."""


def try_later(problem: requests.RequestException) -> TryLater:
    """What a request that came to nothing means."""
    if problem.response is None:
        return TryLater(f"Entra ID: {type(problem).__name__}")
    return TryLater(f"Entra ID: {problem.response.status_code}", retry_after(problem.response.headers))


def _settled(answer: requests.Response) -> requests.Response:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise requests.HTTPError(response=answer)
    return answer


def _is_document(answer: requests.Response) -> bool:
    try:
        return answer.status_code == 200 and "token_endpoint" in answer.json()
    except (requests.JSONDecodeError, TypeError):
        return False
