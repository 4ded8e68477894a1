"""What a meeting is about: on its way to Outlook only, never stored and never in a log.

Only digests of it are kept, by which a repeated request and an edit in Outlook are known.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple


class Sensitivity(StrEnum):
    """Who sees more of a meeting than that the time is taken; Graph's words."""

    NORMAL = "normal"
    PERSONAL = "personal"
    PRIVATE = "private"
    CONFIDENTIAL = "confidential"


class Invitee(NamedTuple):
    """Somebody who is invited."""

    address: str
    name: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Content:
    """What a meeting is about. On its way to Outlook only: never stored, never in a log."""

    subject: str = field(repr=False)
    description: str = field(default="", repr=False)
    """Plain text."""
    location: str = field(default="", repr=False)
    invitees: tuple[Invitee, ...] = field(default=(), repr=False)
    online: bool = False
    """Whether it is a Teams meeting."""
    reminder: timedelta | None = None
    """How long before; None for no reminder."""
    sensitivity: Sensitivity = Sensitivity.NORMAL

    def digests(self, salt: str) -> dict[str, str]:
        """A digest of each part, by which a later request is compared with this one."""
        parts = {
            "subject": self.subject,
            "description": self.description,
            "location": self.location,
            "invitees": [list(one) for one in self.invitees],
            "online": self.online,
            "reminder": None if self.reminder is None else self.reminder.total_seconds(),
            "sensitivity": self.sensitivity,
        }
        return {name: digest(salt, json.dumps(part)) for name, part in parts.items()}


def digest(salt: str, text: str) -> str:
    """A short one-way name of a text, another one for every booking."""
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()[:16]
