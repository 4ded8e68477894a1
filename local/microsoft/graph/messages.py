"""What goes in and out of the simulated Graph: requests and responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.microsoft.entra.tokens import AccessToken
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import Json, Tenant, User


class ConnectionReset(Exception):
    """The server must abort the connection instead of answering."""


@dataclass
class GraphResponse:
    """An answer: `body` is JSON, a string for anything that is not JSON (HTML pages), or None for no body."""

    status: int = 200
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The body's bytes."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def content_type(self) -> str:
        """The body's media type."""
        if isinstance(self.body, str):
            return "text/html; charset=utf-8"
        return "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"


class Headers(dict[str, str]):
    """Request headers looked up by lower-case name, whatever case they came in."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__({name.lower(): value for name, value in (headers or {}).items()})

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name` in any case, or `default`."""
        return super().get(name.lower(), default)

    def preferences(self) -> dict[str, str]:
        """The `Prefer` header as lower-case name to unquoted value; several may share one header."""
        parts = [part.strip().partition("=") for part in self.get("prefer", "").split(",") if part.strip()]
        return {name.strip().lower(): value.strip().strip('"') for name, _, value in parts}


@dataclass
class GraphRequest:
    """A call that passed the token check and found its route."""

    method: str
    path: str
    """Without `/v1.0`, percent-decoded."""
    query: dict[str, str]
    headers: Headers
    body: Any
    """Parsed JSON, or None."""
    token: AccessToken
    tenant: Tenant
    params: dict[str, str] = field(default_factory=dict)
    """The values of the path template's `{names}`."""
    base_url: str = "https://graph.microsoft.com/v1.0"
    """Where links in answers must point."""
    target: User | None = None
    """The mailbox owner of a route that works on a mailbox."""

    @property
    def user(self) -> User:
        """The mailbox owner; only routes on a mailbox have one."""
        if self.target is None:
            raise LookupError(f"{self.path} is not a mailbox route")
        return self.target

    def json(self) -> Json:
        """The body as an object, or 400."""
        if not isinstance(self.body, dict):
            raise GraphError(400, "BadRequest", "Unable to read JSON request payload. Please ensure it is valid.")
        return self.body
