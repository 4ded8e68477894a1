"""Graph's JSON read strictly: an answer of another shape is no answer, whatever its status said."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from shared.errors import TryLater

T = TypeVar("T")


def read(content: Any, kind: type[T]) -> T:
    """The decoded JSON as a struct that names the properties we rely on. Raises `TryLater` for any other shape."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError:
        raise TryLater(f"an answer that is no {kind.__name__.strip('_')}") from None


def decode(body: bytes) -> Any:
    """The body's JSON; None where it is none, for example an HTML page of a gateway."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
