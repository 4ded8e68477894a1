"""Organizations as the checks look at them: the one whose history it is, and another in the same tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from local.soak.host import Host
from local.soak.outlook import ZONE, Outlook
from local.soak.platform import Platform
from local.soak.process import Process
from shared.model import Choice, ConnectionStatus, Member, MemberKey, OwnConnection, Policy, Tenant, TenantStatus
from shared.policy import KeptOut, kept_out


class Side(Protocol):
    """An organization with its roster, at the Microsoft and the service of the history."""

    org: str
    roster: dict[str, tuple[str, ...]]
    outlook: Outlook
    host: Host
    observer: Process
    platform: Platform

    def own_connections(self) -> dict[str, OwnConnection]:
        """Members' own connections that are there."""


@dataclass
class Neighbour:
    """Another organization, in which nobody decides anything: it stays true whatever the first one does (P8)."""

    outlook: Outlook
    host: Host
    observer: Process
    org: str = field(default_factory=lambda: f"beta-{uuid4().hex}")
    roster: dict[str, tuple[str, ...]] = field(default_factory=dict)
    platform: Platform = field(default_factory=Platform)

    def own_connections(self) -> dict[str, OwnConnection]:
        """Nobody has one."""
        return {}


@dataclass(frozen=True)
class Standing:
    """What was decided in an organization, and whether it is connected, as storage has it."""

    tenant: Tenant | None
    """None where it is not connected, or nothing is left of it but to tell so."""
    policy: Policy
    choices: dict[str, Choice]

    @property
    def is_leaving(self) -> bool:
        """Whether the tenant is being disconnected."""
        return self.tenant is not None and self.tenant.status is TenantStatus.DISCONNECTING

    def keeps_out(self, name: str, addresses: tuple[str, ...]) -> KeptOut | None:
        """Why somebody on the roster is not to be connected."""
        return kept_out(Member(name, name, addresses, ZONE), self.choices.get(name), self.policy)


def standing_of(side: Side) -> Standing:
    """How an organization stands now."""
    tables = side.observer.tables
    row = tables.tenants.get(side.org, side.outlook.tenant.id)
    there = row.value if row is not None and row.value.status is not TenantStatus.DISCONNECTED else None
    choices = {row.key: row.value for row in tables.choices.rows(side.org)}
    return Standing(there, tables.policies.of(side.org), choices)


def says_nothing_of(status: ConnectionStatus, reason: KeptOut | None) -> bool:
    """Whether a member's state is one there is without a tenant: what was decided, or that nobody looked."""
    return status is ConnectionStatus.NOT_MATCHED or reason is None or status is reason.status


def owner(side: Side, name: str) -> MemberKey:
    """A member's key."""
    return MemberKey(side.org, name)
