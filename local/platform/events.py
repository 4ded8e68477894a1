"""The platform's webhook as its developers would write it: verified by the reference library, each event once."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Json = dict[str, Any]


class Events:
    """What the platform has heard; safe to call from every thread."""

    def __init__(self) -> None:
        self.secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        self.forged = 0
        """Posts that nobody with the secret had signed."""
        self.deliveries = 0
        """Genuine posts, repeated and refused ones included."""
        self._webhook = Webhook(self.secret)
        self._lock = threading.Lock()
        self._heard: dict[str, Json] = {}
        self._refusal: tuple[int, Mapping[str, str]] = (503, {})
        self._refusals = 0

    def refuse(self, status: int, times: int, **headers: str) -> None:
        """Answer the next genuine posts like this instead of taking them."""
        with self._lock:
            self._refusal, self._refusals = (status, headers), times

    def receive(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """Take one post; status and headers of the answer."""
        try:
            event = self._webhook.verify(body, dict(headers))
        except WebhookVerificationError:
            with self._lock:
                self.forged += 1
            return 401, {}
        return self._take(headers["webhook-id"], event)

    def of(self, org: str, member: str | None = None) -> list[Json]:
        """The organization's events in the order they came, or a member's."""
        with self._lock:
            data = [event for event in self._heard.values() if event["data"]["organization"] == org]
        return [event for event in data if member is None or event["data"].get("member") == member]

    def states(self, org: str, member: str | None = None) -> list[str]:
        """The states of managed connections they told of; of a tenant where no member is given."""
        told = [event["data"] for event in self.of(org, member) if event["type"] != "booking.changed"]
        ours = (data for data in told if data.get("source") != "personal")
        return [data["state"] for data in ours if data.get("member") == member]

    def know(self, org: str, members: Iterable[Json]) -> bool:
        """Whether everybody's state was heard, as the service lists them, and nothing was forged."""
        return not self.forged and all(self.states(org, m["id"])[-1:] == [m["state"]] for m in members)

    def _take(self, event_id: str, event: Json) -> tuple[int, Mapping[str, str]]:
        with self._lock:
            self.deliveries += 1
            if self._refusals:
                self._refusals -= 1
                return self._refusal
            self._heard.setdefault(event_id, event)
            return 204, {}
