"""Calls of the control API, and the addresses of its tenants, people and events."""

from __future__ import annotations

from urllib.parse import quote

import requests

from local.microsoft.world import Json


class ControlError(Exception):
    """The control API refused; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class RemoteControl:
    """The control API at `http_url`."""

    def __init__(self, http_url: str) -> None:
        self.http_url = http_url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _call(self, method: str, path: str, body: Json | None = None, query: Json | None = None) -> Json:
        address = f"{self.http_url}/control{path}"
        response = self._session.request(method, address, json=body, params=query, timeout=60)
        answer: Json = response.json()
        if response.status_code >= 400:
            raise ControlError(response.status_code, str(answer.get("error")))
        return answer


def control_path(*segments: str) -> str:
    """A path below `/control`."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def user_path(tenant: str, user: str) -> str:
    """Where a user is."""
    return control_path("tenants", tenant, "users", user)


def event_path(tenant: str, user: str, event: str) -> str:
    """Where an event is."""
    return control_path("tenants", tenant, "users", user, "events", event)
