"""What all histories share: storage, certificates and the address Microsoft posts to."""

from __future__ import annotations

import base64
import logging
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from local.azurite import Azurite
from local.certificates import prepare
from local.microsoft.entra.keys import SigningKey
from local.microsoft.registration import CLIENT_ID
from local.soak.census import Census
from local.soak.listener import EVENTS, Listener
from local.soak.platform import SECRETS
from local.stack import ROOT
from shared.settings import Settings

FRESH_STORAGE = 300
"""Histories after which storage is emptied by starting it anew."""


class Stage:
    """Started once, used by one history after the other; a context manager."""

    def __init__(self) -> None:
        self.census = Census()
        self.signing_key = SigningKey()
        """Entra's in every history: making one takes a tenth of a second."""
        self._open = ExitStack()
        self._used = 0

    def __enter__(self) -> Self:
        logging.getLogger("shared").addHandler(logging.NullHandler())
        self.certificates = prepare(ROOT / ".local")
        self.azurite = self._open.enter_context(Azurite())
        self.listener = self._open.enter_context(Listener())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def next_history(self) -> None:
        """Make room for another history."""
        self._used += 1
        if self._used % FRESH_STORAGE == 0:
            self.azurite.stop()
            self.azurite.start()

    def settings(self, microsoft_url: str) -> Settings:
        """What the service is told, with Microsoft at this address."""
        return Settings.from_env(
            {
                "AzureWebJobsStorage": self.azurite.connection_string,
                "PUBLIC_URL": self.listener.url,
                "MICROSOFT_CLIENT_ID": CLIENT_ID,
                "MICROSOFT_CERTIFICATE_FILE": str(self.certificates.client),
                "MICROSOFT_LOGIN_URL": microsoft_url,
                "MICROSOFT_GRAPH_URL": microsoft_url,
                "MICROSOFT_CA_FILE": str(self.certificates.ca),
                "PLATFORM_NAME": "Calendly",
                "PLATFORM_SIGN_IN_URL": "https://platform.example/login",
                "PLATFORM_ISSUER": "https://platform.example",
                "PLATFORM_AUDIENCE": "outlook-connection",
                "PLATFORM_JWKS_URL": "https://platform.example/jwks.json",
                "PLATFORM_EVENTS_URL": f"{self.listener.url}{EVENTS}",
                "PLATFORM_EVENTS_SECRETS": SECRETS,
                "RESYNC_SCHEDULE": "0 */5 * * * *",
                "SECRET_KEYS": base64.b64encode(bytes(range(32))).decode(),
                "TOKEN_KEYS": base64.b64encode(bytes(range(32, 64))).decode(),
            }
        )
