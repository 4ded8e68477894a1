"""The platform's side: organizations' members and what a caller may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a caller is to the organization."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"
    SERVICE = "service"


class MemberKey(NamedTuple):
    """A member of an organization, as the platform names them."""

    org: str
    member: str


@dataclass(frozen=True)
class Member:
    """A person on the platform's roster."""

    id: str
    name: str
    addresses: tuple[str, ...]
    """Normalised (see `matching.normalise`)."""
    time_zone: str | None = None
    """IANA name; decides which instants an all-day event blocks."""
