"""Sending to the work queues, at once or after a delay.

https://learn.microsoft.com/azure/storage/queues/storage-quickstart-queues-python
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from math import ceil

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueServiceClient, TextBase64EncodePolicy

from shared.messages import Message, encode, queue_of
from shared.settings import StorageSettings
from shared.storage.service import identity, transport

API_VERSION = "2024-11-04"
"""Older than the SDK's newest, so that emulators know it too."""


class Queues:
    """Puts messages where they belong by their type."""

    def __init__(self, settings: StorageSettings) -> None:
        self._service = queue_service(settings)

    def send(self, message: Message, delay: timedelta = timedelta()) -> None:
        """Enqueue the message, invisible for at least `delay`. Queues are created when first written to."""
        self.send_text(queue_of(message), encode(message), delay)

    def send_text(self, name: str, text: str, delay: timedelta = timedelta()) -> None:
        """Enqueue what was encoded before."""
        queue = self._service.get_queue_client(name, message_encode_policy=TextBase64EncodePolicy())
        seconds = ceil(delay.total_seconds())
        try:
            queue.send_message(text, visibility_timeout=seconds)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(text, visibility_timeout=seconds)


def queue_service(settings: StorageSettings) -> QueueServiceClient:
    """The account's queue service, by connection string or managed identity."""
    if settings.connection_string:
        return QueueServiceClient.from_connection_string(
            settings.connection_string, api_version=API_VERSION, transport=transport()
        )
    return QueueServiceClient(
        settings.queue_uri or "", credential=identity(settings), api_version=API_VERSION, transport=transport()
    )
