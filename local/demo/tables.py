"""Everything that lies in the tables, as text."""

from __future__ import annotations

from collections.abc import Iterator

from azure.data.tables import TableServiceClient


def contents(connection_string: str) -> Iterator[tuple[str, str]]:
    """Each entity of each table: the table's name, and the entity with all its properties."""
    service = TableServiceClient.from_connection_string(connection_string)
    for table in service.list_tables():
        for entity in service.get_table_client(table.name).list_entities():
            yield table.name, str(dict(entity))
