"""The API's document as people read it: pure functions from OpenAPI to what the page shows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Json = Mapping[str, Any]
Words = list[tuple[str, str | None]]
"""A type in words, each with the name of the definition it leads to, if any."""

_PLAIN = {"integer": "whole number", "boolean": "true or false", "string": "text", "number": "number"}
_PROOFS = {"platformToken": '-H "Authorization: Bearer $TOKEN"', "functionKey": '-H "x-functions-key: $KEY"'}


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    type: Words
    is_required: bool
    description: str
    place: str = "body"


@dataclass(frozen=True)
class Body:
    """What is sent or answered as one media type."""

    media_type: str
    type: Words
    example: str


@dataclass(frozen=True)
class Answer:
    """One status with what comes with it."""

    status: str
    description: str
    bodies: list[Body]
    headers: list[Field] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether the call did what was asked."""
        return self.status < "4"


@dataclass(frozen=True)
class Operation:
    """One call."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    sent: list[Body]
    fields: list[Field]
    """Of what is sent."""
    answers: list[Answer]
    curl: str


@dataclass(frozen=True)
class Group:
    """What belongs together."""

    id: str
    name: str
    description: str
    operations: list[Operation]


@dataclass(frozen=True)
class Definition:
    """A kind of object, or a list of codes."""

    name: str
    description: str
    fields: list[Field]
    codes: list[str]


def groups(document: Json) -> list[Group]:
    """The calls, each under its tag, and what is posted to others, if anything is."""
    calls = [
        (call["tags"][0], _operation(method, path, call, document))
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]
    made = [
        _group(tag["name"], tag["description"], [call for name, call in calls if name == tag["name"]])
        for tag in document["tags"]
    ]
    told = [_operation("post", name, one["post"], document) for name, one in document["webhooks"].items()]
    return [*made, _group("Events", "What is posted to the platform.", told)] if told else made


def definitions(document: Json) -> list[Definition]:
    """What the calls refer to, by name."""
    return [_definition(name, schema) for name, schema in document["components"]["schemas"].items()]


def _group(name: str, description: str, operations: list[Operation]) -> Group:
    return Group(f"group-{name.lower().replace(' ', '-')}", name, description, operations)


def _operation(method: str, path: str, call: Json, document: Json) -> Operation:
    sent = _bodies(call.get("requestBody", {}))
    kinds = [document["components"]["schemas"][name] for body in sent for _, name in body.type if name]
    return Operation(
        id=call["operationId"],
        method=method.upper(),
        path=path,
        summary=call["summary"],
        description=call.get("description", ""),
        parameters=[_parameter(one) for one in call.get("parameters", [])],
        sent=sent,
        fields=[field for kind in kinds for field in _fields(kind)],
        answers=[_answer(status, _resolved(one, document)) for status, one in sorted(call["responses"].items())],
        curl=curl(method.upper(), path, call) if path.startswith("/") else "",
    )


def _resolved(one: Json, document: Json) -> Json:
    """The thing itself where there is a reference to a response."""
    name = one.get("$ref", "").rpartition("/")[2]
    found: Json = document["components"]["responses"][name] if name else one
    return found


def _parameter(one: Json) -> Field:
    return Field(one["name"], words(one["schema"]), one["required"], one["description"], one["in"])


def _answer(status: str, answer: Json) -> Answer:
    headers = [
        Field(name, words(one["schema"]), one.get("required", False), one["description"], "header")
        for name, one in answer.get("headers", {}).items()
    ]
    return Answer(status, answer["description"], _bodies(answer), headers)


def _bodies(holder: Json) -> list[Body]:
    return [
        Body(media_type, words(one["schema"]), _shown(example))
        for media_type, one in holder.get("content", {}).items()
        for example in (
            [one["example"]] if "example" in one else [each["value"] for each in one["examples"].values()]
        )
    ]


def _shown(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _definition(name: str, schema: Json) -> Definition:
    return Definition(name, schema.get("description", ""), _fields(schema), schema.get("enum", []))


def _fields(schema: Json) -> list[Field]:
    required = schema.get("required", [])
    return [
        Field(key, words(one), key in required, one.get("description", "") or _within(one).get("description", ""))
        for key, one in schema.get("properties", {}).items()
    ]


def _within(schema: Json) -> Json:
    """What an optional field holds where it holds something."""
    found: Json = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), {})
    return found


def words(schema: Json) -> Words:
    """A type in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [(name, name)]
    if "allOf" in schema:
        return words(schema["allOf"][0])
    if "anyOf" in schema:
        return [*words(_within(schema)), (" or null", None)]
    if schema.get("type") == "array":
        return [("list of ", None), *words(schema["items"]), (_limits(schema, "Items", ""), None)]
    if "const" in schema or "enum" in schema:
        return [(" or ".join(map(str, schema.get("enum", [schema.get("const")]))), None)]
    return [(_plain(schema), None)]


def _plain(schema: Json) -> str:
    if schema.get("format") == "date-time":
        return "time"
    name = _PLAIN.get(str(schema.get("type")), "object")
    return name + _limits(schema, "Length", " characters") + _limits(schema, "imum", "")


def _limits(schema: Json, of: str, unit: str) -> str:
    least, most = schema.get(f"min{of}"), schema.get(f"max{of}")
    if least is None and most is None:
        return ""
    if most is None:
        return f", at least {least}{unit}"
    return f", {least} to {most}{unit}" if least is not None else f", at most {most}{unit}"


def curl(method: str, path: str, call: Json) -> str:
    """The call with its examples, to be pasted into a shell that knows `$URL` and the caller's proof."""
    given = [one for one in call.get("parameters", []) if "example" in one]
    for one in given:
        path = path.replace(f"{{{one['name']}}}", str(one["example"]))
    query = urlencode({one["name"]: one["example"] for one in given if one["in"] == "query"})
    lines = [f'curl{"" if method == "GET" else f" -X {method}"} "$URL{path}{"?" if query else ""}{query}"']
    lines += [_PROOFS[name] for proof in call.get("security", []) for name in proof]
    for media_type, body in call.get("requestBody", {}).get("content", {}).items():
        lines += [f'-H "Content-Type: {media_type}"', f"-d {shlex.quote(json.dumps(body['example']))}"]
    return " \\\n  ".join(lines)
