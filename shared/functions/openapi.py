"""The API's document (OpenAPI 3.1), made of the declarations that validate requests and shape answers.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from shared.contract.examples import CSV, EXAMPLES
from shared.contract.parameters import parameters
from shared.contract.schemas import reference, schemas
from shared.functions.endpoints import Endpoint, Who
from shared.functions.openapi_problems import problem_responses, response_components
from shared.version import VERSION

Json = dict[str, Any]

TOKEN, KEY = "platformToken", "functionKey"
SECURITY: Mapping[str, Json] = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The platform's token of the person or backend that calls.",
    },
    KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A function key of the app, for those who operate this service.",
    },
}
ETAG: Json = {
    "required": True,
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
    "description": "The version that is answered.",
}
INTRODUCTION = (
    "An organization's Outlook calendars, connected once by its Microsoft 365 admin. Times in answers are UTC. "
    "Whatever is not done is answered with a problem document (RFC 9457) that says how to mend it."
)


def document(endpoints: Sequence[Endpoint], url: str, webhooks: Mapping[str, type[Struct]] | None = None) -> Json:
    """The whole document of an API at `url`. `webhooks` are the bodies of what is posted to others, by event."""
    told = webhooks or {}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Outlook connection", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": url}],
        "tags": _tags(endpoints),
        "paths": _paths(endpoints),
        "webhooks": {name: {"post": _webhook(name, body)} for name, body in told.items()},
        "components": {
            "securitySchemes": dict(SECURITY),
            "schemas": schemas([*_spoken(endpoints), *told.values()], {one.query for one in endpoints}),
            "responses": response_components(endpoints),
        },
    }


def _spoken(endpoints: Iterable[Endpoint]) -> list[type[Struct]]:
    """Every definition of a body or an answer."""
    kinds = [kind for one in endpoints for kind in (one.body, *one.answers.values()) if kind]
    return list(dict.fromkeys(kinds))


def _tags(endpoints: Iterable[Endpoint]) -> list[Json]:
    groups = dict.fromkeys(one.group for one in endpoints)
    return [{"name": group.name, "description": group.description} for group in groups]


def _paths(endpoints: Iterable[Endpoint]) -> dict[str, Json]:
    paths: dict[str, Json] = {}
    for one in endpoints:
        paths.setdefault(f"/{one.route}", {})[one.method.lower()] = _operation(one)
    return paths


def _operation(endpoint: Endpoint) -> Json:
    made = {
        "operationId": endpoint.name,
        "tags": [endpoint.group.name],
        "summary": endpoint.summary,
        "description": "\n\n".join(filter(None, (endpoint.description, f"For: {endpoint.who.words}"))),
        "security": _security(endpoint.who),
        "parameters": parameters(endpoint.path_names, endpoint.query, heeds_version=endpoint.heeds_version),
        "responses": {**_good(endpoint), **problem_responses(endpoint)},
    }
    return made | ({"requestBody": _request(endpoint.body)} if endpoint.body else {})


def _security(who: Who) -> list[Json]:
    match who:
        case Who.ANYONE:
            return []
        case Who.OPERATOR:
            return [{KEY: []}]
    return [{TOKEN: []}]


def _request(kind: type[Struct]) -> Json:
    is_needed = any(one.required for one in msgspec.structs.fields(kind))
    return {"required": is_needed, "content": _json(kind)}


def _json(kind: type[Struct]) -> Json:
    example = msgspec.to_builtins(EXAMPLES[kind])
    return {"application/json": {"schema": reference(kind), "example": example}}


def _good(endpoint: Endpoint) -> dict[str, Json]:
    return {str(status): _answer(endpoint, status, kind) for status, kind in endpoint.answers.items()}


def _answer(endpoint: Endpoint, status: int, kind: type[Struct] | None) -> Json:
    if kind is None:
        return {"description": "You have the present one." if status == 304 else "Done; nothing to say."}
    content = _json(kind)
    if endpoint.csv:
        content["text/csv"] = {"schema": {"type": "string"}, "example": CSV.get(endpoint.name, "")}
    made = {"description": (kind.__doc__ or "").partition("\n")[0], "content": content}
    return made | ({"headers": {"ETag": ETAG}} if endpoint.versioned else {})


def _webhook(name: str, kind: type[Struct]) -> Json:
    return {
        "operationId": name,
        "summary": (kind.__doc__ or "").partition("\n")[0],
        "requestBody": _request(kind),
        "responses": {"2XX": {"description": "Received."}},
    }
