"""One connection to the storage account per process, by connection string or managed identity."""

from __future__ import annotations

import logging
from typing import Any

from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient

from shared.http import new_session
from shared.settings import StorageSettings

logging.getLogger("azure").setLevel(logging.WARNING)  # at INFO it formats a line with the address per request


def table_service(settings: StorageSettings) -> TableServiceClient:
    """The account's table service."""
    if settings.connection_string:
        return TableServiceClient.from_connection_string(settings.connection_string, transport=transport())
    return TableServiceClient(settings.table_uri or "", credential=identity(settings), transport=transport())


def transport() -> RequestsTransport:
    """Our own session: no proxy look-ups, pooled for all threads."""
    return RequestsTransport(session=new_session(), session_owner=False)


def identity(settings: StorageSettings) -> Any:
    """The managed identity that may use the account."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - needed on Azure only

    return ManagedIdentityCredential(client_id=settings.identity_client_id)
