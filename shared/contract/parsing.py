"""Requests read by their definitions; problems name the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from shared.contract.fields import SHAPES
from shared.errors import InvalidInput, TooLarge
from shared.model import Window

T = TypeVar("T")

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt+]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
"""`datetime` alone reads much more, a zero byte at the end included. Blanks have become + before."""

LARGEST_BODY = 20 * 1024 * 1024
"""Bytes; the largest roster fits."""
LONGEST_SPAN = timedelta(days=92)
"""Of one question about somebody's time."""


def parse_body(body: bytes, kind: type[T]) -> T:
    """The request's JSON as its definition. Raises `TooLarge`, or `InvalidInput` naming the field."""
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"Send at most {LARGEST_BODY // 1024 // 1024} MiB.")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as problem:
        raise _named(str(problem)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("The body is not valid JSON.") from None


def parse_query(given: Mapping[str, str], kind: type[T]) -> T:
    """The address's parameters as their definition; an empty one is none. Raises `InvalidInput` naming it."""
    try:
        return msgspec.convert({name: value for name, value in given.items() if value}, kind, strict=False)
    except msgspec.ValidationError as problem:
        raise _named(str(problem)) from None


def _named(message: str) -> InvalidInput:
    """msgspec says `Expected ... - at `$.members[0].name``; the path becomes the field."""
    detail, _, path = message.partition(" - at ")
    named = re.search(r"(unknown )?field `(.+)`", detail)
    if named:
        detail = f"`{named[2]}` is not known here" if named[1] else f"`{named[2]}` is missing"
    # In msgspec's message the expression stands with its backslashes doubled.
    expected = next((text for shape, text in SHAPES.items() if repr(shape)[1:-1] in detail), None)
    if expected is not None:
        detail = f"Expected: {expected.removesuffix('.')}"
    names = [path.strip("`").removeprefix("$").lstrip(".")] + ([named[2]] if named else [])
    return InvalidInput(f"{detail}.", field=".".join(filter(None, names)) or None)


def span_from(start: str | None, end: str | None, longest: timedelta = LONGEST_SPAN) -> Window:
    """The asked span. Raises `InvalidInput` naming the parameter and the fix."""
    span = Window(_moment(start, "start"), _moment(end, "end"))
    if span.start >= span.end:
        raise InvalidInput("The end must be after the start.", field="end")
    if span.end - span.start > longest:
        raise InvalidInput(f"Ask for at most {longest.days} days at once.", field="end")
    return span


def moment_from(text: str | None, field: str) -> datetime | None:
    """A parameter that may be a time. Raises `InvalidInput` naming it."""
    return _moment(text, field) if text else None


def _moment(text: str | None, field: str) -> datetime:
    """RFC 3339 with an offset. A + that a query string turned into a blank is put back."""
    example = f"Give {field} as a time with an offset, e.g. {field}=2026-12-01T09:00:00Z."
    try:
        given = (text or "").strip().replace(" ", "+")
        moment = datetime.fromisoformat(given)
        if not RFC_3339.fullmatch(given) or not 1970 <= moment.year <= 9000:
            raise InvalidInput(example, field=field)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(example, field=field) from None
