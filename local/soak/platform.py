"""The platform's webhook in a history: what it has heard, and whether that was all of it and in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from standardwebhooks import Webhook

from shared.model import PERSONAL

SECRETS = "whsec_bmV3ZXN0IHNlY3JldCBvZiBhIGhpc3Rvcnk=,whsec_b2xkZXN0IHNlY3JldCBvZiBhIGhpc3Rvcnk="
ENDS: dict[str | None, str] = {PERSONAL: "user_disconnected", None: "disconnected"}
"""The last state of what is then gone and may begin anew, by an event's source; a tenant's has none."""
SILENCE = 0
"""Instead of a status: the connection ends without an answer."""

Data = dict[str, Any]


@dataclass
class Platform:
    """Takes events as documented: each id once, and nothing older than what was heard of somebody."""

    heard: dict[str, list[Data]] = field(default_factory=dict)
    """By member, by member and source for own connections (`own_of`), by tenant id, or by member and booking with a
    bar between: in the order they came.
    """
    broken: list[str] = field(default_factory=list)
    """What must never happen."""
    removals: Counter[str] = field(default_factory=Counter)
    """How often a member was taken off the roster: their connection begins anew then."""
    refusals: int = 0
    refusal: tuple[int, Mapping[str, str]] = (503, {})
    deaf: bool = True
    """Whether what is refused is not even heard."""
    _ids: set[str] = field(default_factory=set)

    def refuse(self, status: int, times: int, *, deaf: bool = True, **headers: str) -> None:
        """Answer the next posts like this."""
        self.refusal, self.refusals, self.deaf = (status, headers), times, deaf

    def receive(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """Take one post; status and headers of the answer."""
        if not self.refusals:
            self._hear(body, headers)
            return 204, {}
        self.refusals -= 1
        if not self.deaf:
            self._hear(body, headers)
        return self.refusal

    def _hear(self, body: bytes, headers: Mapping[str, str]) -> None:
        event_id, data = headers["webhook-id"], msgspec.json.decode(body)["data"]
        if not _is_genuine(body, headers):
            self.broken.append(f"a signature is wrong: {data}")
        if event_id in self._ids:
            return
        self._ids.add(event_id)
        key = about(data)
        known = self.heard.setdefault(key, [])
        if not known or data["sequence"] > known[-1]["sequence"]:
            known.append(data)
            if not self._continues(key):
                self.broken.append(f"a change of {key} was left out: {known[-2:]}")
        elif not self.removals[key]:
            self.broken.append(f"out of order: {data} after {known[-1]}")

    def _continues(self, key: str) -> bool:
        """Whether the latest event begins where the one before ended, or begins anew where that is possible."""
        *earlier, last = self.heard[key]
        if "booking" in last:
            return True
        if last["previous_state"] is None:
            return not earlier or self.removals[key] > 0 or earlier[-1]["state"] == ENDS.get(last.get("source"))
        return bool(earlier) and earlier[-1]["state"] == last["previous_state"]


def about(data: Data) -> str:
    """Whom or what an event is about."""
    if "booking" in data:
        return f"{data['member']}|{data['booking']}"
    if data.get("source") == PERSONAL:
        return own_of(data["member"])
    return str(data.get("member") or data["tenant"])


def own_of(member: str) -> str:
    """Under what events about a member's own connection are kept."""
    return f"{member}/{PERSONAL}"


def _is_genuine(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether each secret's signature is the one the reference library makes; the clock here is a simulated one."""
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    made = [Webhook(secret).sign(headers["webhook-id"], moment, body.decode()) for secret in SECRETS.split(",")]
    return headers["webhook-signature"].split(" ") == made
