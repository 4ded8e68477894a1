"""What stands in addresses, as the API's document says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from shared.contract.examples import EXAMPLES, PATHS
from shared.contract.fields import Identifier
from shared.contract.schemas import fields
from shared.contract.versions import IF_MATCH, SHAPE

Json = dict[str, Any]

MEANINGS = {"queue": "The queue it came from.", "id": "The id of the dead letter."}


VERSION = {
    "name": IF_MATCH,
    "in": "header",
    "required": False,
    "description": "The ETag of the version that the request is good for; a star for any that is there.",
    "schema": {"type": "string", "pattern": SHAPE},
}


def parameters(path_names: Iterable[str], query: type[Struct], *, heeds_version: bool = False) -> list[Json]:
    """The parameters in the path, then those behind it, then the one in a header."""
    return [_in_path(name) for name in path_names] + _in_query(query) + ([VERSION] if heeds_version else [])


def _in_path(name: str) -> Json:
    schema = {key: value for key, value in msgspec.json.schema(Identifier).items() if key != "description"}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": MEANINGS.get(name, f"The id of the {name}."),
        "schema": schema,
        "example": PATHS[name],
    }


def _in_query(query: type[Struct]) -> list[Json]:
    schema = fields(query)
    examples = msgspec.to_builtins(EXAMPLES[query]) if schema["properties"] else {}
    return [
        _parameter(name, field, examples.get(name), is_needed=name in schema["required"])
        for name, field in schema["properties"].items()
    ]


def _parameter(name: str, field: Json, example: Any, *, is_needed: bool) -> Json:
    """Nothing is said by leaving a parameter out, so that null is no value of one."""
    (schema,) = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    description = field.get("description") or schema.get("description")
    made = {
        "name": name,
        "in": "query",
        "required": is_needed,
        "description": description,
        "schema": {key: value for key, value in schema.items() if key != "description"},
    }
    return made | ({} if example is None else {"example": example})
