"""One process of the service: the product as it is wired, with its requests watched and its queues in our hands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import cast
from unittest.mock import patch

import requests
from azure.core.pipeline.transport import RequestsTransport

from local.soak.interruptions import Interruptions
from shared.bootstrap import Services
from shared.http import new_session
from shared.messages import Message
from shared.settings import Settings
from shared.storage import service
from shared.storage.queue import Queues
from shared.storage.tables import Tables

Send = Callable[[Message, timedelta], None]


class WatchedQueues:
    """Stands where the product's queue client stands; a send is a storage request like others."""

    def __init__(self, send: Send, interruptions: Interruptions) -> None:
        self._send = send
        self._interruptions = interruptions

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        """Enqueue."""
        self._interruptions.around(lambda: self._send(message, delay))


class Process(Services):
    """The product's services until the process dies."""

    def __init__(
        self, settings: Settings, now: Callable[[], datetime], send: Send, interruptions: Interruptions
    ) -> None:
        super().__init__(settings, now)
        self._send = send
        self._interruptions = interruptions
        self._sessions: list[requests.Session] = []

    @cached_property
    def tables(self) -> Tables:
        """The product's tables over a watched session."""
        with patch.object(service, "transport", self._transport):
            return Tables(self.settings.storage, self._announcing)

    @cached_property
    def queues(self) -> Queues:
        """Our queues."""
        return cast("Queues", WatchedQueues(self._send, self._interruptions))

    @cached_property
    def _session(self) -> requests.Session:
        return self._opened(self.settings.microsoft.ca_file)

    @cached_property
    def _platform_session(self) -> requests.Session:
        return self._opened()

    def close(self) -> None:
        """Close the connections a real process would take with it."""
        for session in self._sessions:
            session.close()

    def _transport(self) -> RequestsTransport:
        return RequestsTransport(session=self._opened(), session_owner=False)

    def _opened(self, ca_file: str | None = None) -> requests.Session:
        session = self._interruptions.watch(new_session(ca_file))
        self._sessions.append(session)
        return session
