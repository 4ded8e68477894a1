from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from azure.data.tables import TableServiceClient

from local.azurite import Azurite
from shared.settings import StorageSettings
from shared.storage.service import table_service


@pytest.fixture(scope="session")
def storage(azurite: Azurite) -> StorageSettings:
    return StorageSettings(azurite.connection_string)


@pytest.fixture(scope="session")
def service(storage: StorageSettings) -> Iterator[TableServiceClient]:
    with table_service(storage) as client:
        yield client


@pytest.fixture
def fresh() -> str:
    """A name nobody used: for a table that is not there yet, an organization, a tenant."""
    return f"T{uuid.uuid4().hex}"
