"""Whether the app could work right now: storage answers, and its credential can be loaded."""

from __future__ import annotations

from collections.abc import Callable

from azure.core.exceptions import AzureError

from shared.errors import CredentialRejected
from shared.graph.credential import msal_credential
from shared.messages import DIRECTORY_SYNC
from shared.settings import Settings
from shared.storage.queue import queue_service
from shared.storage.service import table_service


class Health:
    """Checks what every request will need."""

    def __init__(self, settings: Settings) -> None:
        self._tables = table_service(settings.storage)
        self._queues = queue_service(settings.storage)
        self._checks: dict[str, Callable[[], object]] = {
            "tables": lambda: next(self._tables.list_tables(results_per_page=1), None),
            "queues": lambda: next(self._queues.list_queues(DIRECTORY_SYNC), None),
            "credential": lambda: msal_credential(settings.microsoft.credential),
        }

    def failing(self) -> list[str]:
        """The names of checks that fail."""
        return [name for name, check in self._checks.items() if not _passes(check)]


def _passes(check: Callable[[], object]) -> bool:
    try:
        check()
    except (AzureError, CredentialRejected):
        return False
    return True
