"""Definitions as JSON Schema, with what stands under their fields as descriptions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from shared.contract.docstrings import field_docstrings
from shared.contract.problems import Problem

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"


def reference(kind: type[Struct]) -> Json:
    """Where the document has the definition."""
    return {"$ref": _REF.format(name=kind.__name__)}


def schemas(kinds: Iterable[type[Struct]], queries: Iterable[type[Struct]]) -> Json:
    """Every definition used, by name. Queries are not in it themselves, only what they refer to."""
    asked = list(queries)
    _, found = msgspec.json.schema_components([Problem, *kinds, *asked], ref_template=_REF)
    for kind in _within([Problem, *kinds]):
        _describe(found[kind.__name__], kind)
    return {name: schema for name, schema in sorted(found.items()) if name not in {kind.__name__ for kind in asked}}


def fields(kind: type[Struct]) -> Json:
    """The definition of a query alone, with what it refers to by reference."""
    _, found = msgspec.json.schema_components([kind], ref_template=_REF)
    _describe(found[kind.__name__], kind)
    made: Json = found[kind.__name__]
    return made


def _describe(schema: Json, kind: type[Struct | Enum]) -> None:
    texts = field_docstrings(kind)
    if issubclass(kind, Enum):
        schema["enum"] = [one.value for one in kind]
        meanings = [f"`{one.value}`: {texts[one.name]}" for one in kind if one.name in texts]
        schema["description"] = "\n\n".join([schema.get("description", ""), *meanings])
        return
    hints = get_type_hints(kind)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    for name, field in schema.get("properties", {}).items():
        if text := texts.get(names[name]):
            field["description"] = text
        if datetime in _parts(hints[names[name]]):
            _mark_as_time(field)


def _mark_as_time(field: Json) -> None:
    """msgspec says so only of times whose zone is part of their type."""
    for one in field.get("anyOf", [field]):
        if one.get("type") == "string":
            one["format"] = "date-time"


def _within(kinds: Iterable[type[Struct]]) -> set[type[Struct | Enum]]:
    """The classes and those in their fields, at any depth."""
    found: set[type[Struct | Enum]] = set()
    ahead: list[Any] = list(kinds)
    while ahead:
        kind = ahead.pop()
        if not isinstance(kind, type) or not issubclass(kind, (Struct, Enum)) or kind in found:
            continue
        found.add(kind)
        if issubclass(kind, Struct):
            ahead += [part for hint in get_type_hints(kind).values() for part in _parts(hint)]
    return found


def _parts(hint: Any) -> list[Any]:
    """A type and everything it is made of."""
    return [hint, *(part for inner in get_args(hint) for part in _parts(inner))]
