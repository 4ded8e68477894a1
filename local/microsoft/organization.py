"""The scheduling platform's side: organisations and their members, as its roster would send them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Member:
    """One user of the platform."""

    id: str
    name: str
    addresses: tuple[str, ...]
    time_zone: str
    """IANA name."""
    role: Literal["owner", "admin", "user"] = "user"
    expected: str = "connected"
    """The connection state this member ends in once the whole tenant is connected."""
    because: str = ""
    """Why, when it is not `connected` or not plain."""


@dataclass(frozen=True)
class Organization:
    """One customer of the platform."""

    id: str
    name: str
    plan: str
    features: tuple[str, ...]
    tenant_id: str
    """The Microsoft 365 tenant its people are in."""
    members: tuple[Member, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)
