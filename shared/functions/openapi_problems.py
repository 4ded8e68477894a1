"""Which problems a call can end in, for the API's document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec

from shared.contract.examples import problem
from shared.contract.problems import Problem
from shared.contract.schemas import reference
from shared.errors import (
    CallerError,
    Forbidden,
    InvalidInput,
    NotEntitled,
    NotFound,
    OutOfDate,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from shared.functions.endpoints import Anything, Endpoint, Who

Json = dict[str, Any]
Kinds = tuple[type[CallerError], ...]

ADMISSION: Mapping[Who, Kinds] = {
    Who.ADMIN: (Unauthenticated, Forbidden, NotEntitled),
    Who.MEMBER: (Unauthenticated, Forbidden),
    Who.READER: (Unauthenticated, NotFound),
    Who.ASKER: (Unauthenticated, NotFound),
    Who.SERVICE: (Unauthenticated, Forbidden),
    Who.OPERATOR: (),
    Who.ANYONE: (),
}
"""How those are refused whom an endpoint is not for."""
HEADERS: Mapping[int, tuple[str, Json, str]] = {
    401: ("WWW-Authenticate", {"type": "string", "const": "Bearer"}, "How to prove who is calling."),
    503: ("Retry-After", {"type": "integer", "minimum": 0}, "Seconds after which to try again."),
}
KEYLESS = {"description": "The function key is missing or wrong. The host answers, and the body is empty."}


def problems(endpoint: Endpoint) -> list[Kinds]:
    """What the call can end in, by status; of classes that callers cannot tell apart, one."""
    found = [*ADMISSION[endpoint.who], *endpoint.problems]
    found += [InvalidInput] if endpoint.query is not Anything or endpoint.body else []
    found += [NotFound] if endpoint.path_names else []
    found += [TooLarge] if endpoint.body else []
    found += [OutOfDate] if endpoint.heeds_version else []
    found += [Unavailable] if endpoint.query is not Anything else []
    known = {kind.code: kind for kind in sorted(found, key=lambda kind: len(kind.__mro__), reverse=True)}
    by_status = sorted(known.values(), key=lambda kind: (kind.status, kind.code))
    return [tuple(kinds) for _, kinds in groupby(by_status, lambda kind: kind.status)]


def problem_responses(endpoint: Endpoint) -> dict[str, Json]:
    """Each status with a reference to what is answered."""
    keyless = {"401": KEYLESS} if endpoint.who is Who.OPERATOR else {}
    return keyless | {
        str(kinds[0].status): {"$ref": f"#/components/responses/{_name(kinds)}"} for kinds in problems(endpoint)
    }


def response_components(endpoints: Iterable[Endpoint]) -> dict[str, Json]:
    """Every set of problems that some call can end in, once."""
    return {_name(kinds): _response(kinds) for one in endpoints for kinds in problems(one)}


def _name(kinds: Kinds) -> str:
    return "Or".join(kind.__name__ for kind in kinds)


def _response(kinds: Kinds) -> Json:
    narrowed = {
        "type": {"enum": [f"urn:outlook-connection:problem:{kind.code}" for kind in kinds]},
        "status": {"const": kinds[0].status},
    }
    examples = {kind.code: {"value": msgspec.to_builtins(problem(kind))} for kind in kinds}
    schema = {"allOf": [reference(Problem), {"type": "object", "properties": narrowed}]}
    made = {
        "description": "\n\n".join(f"`{kind.code}`: {_meaning(kind)}" for kind in kinds),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    }
    return made | ({"headers": _headers(kinds[0].status)} if kinds[0].status in HEADERS else {})


def _headers(status: int) -> Json:
    name, schema, description = HEADERS[status]
    return {name: {"required": True, "schema": schema, "description": description}}


def _meaning(kind: type[CallerError]) -> str:
    return " ".join((kind.__doc__ or "").split())
