"""The API's own document."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class OpenApi(Struct):
    """An OpenAPI document (https://spec.openapis.org/oas/v3.1.1.html)."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
