"""What an organization allows."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.contract.fields import Domain, Identifier
from shared.model import BusyStatus, UnknownRule

Statuses = Annotated[
    list[BusyStatus], Meta(min_length=1, max_length=5, description="What counts as busy; something must.")
]


class ScopeInput(Struct, forbid_unknown_fields=True):
    """Who takes part: members with an address in one of the domains, and those named."""

    domains: Annotated[list[Domain], Meta(max_length=100)] = []
    members: Annotated[list[Identifier], Meta(max_length=2000)] = []


class PolicyChange(Struct, forbid_unknown_fields=True):
    """What shall be different; whatever is left out stays as it is."""

    members_may_disconnect: bool | UnsetType = UNSET
    members_may_connect_personal: bool | UnsetType = UNSET
    busy_statuses: Statuses | UnsetType = UNSET
    members_may_choose_busy: bool | UnsetType = UNSET
    unknown_time: UnknownRule | UnsetType = UNSET
    scope: ScopeInput | UnsetType | None = UNSET


class ScopeOutput(Struct):
    """Who takes part in the roll-out."""

    domains: tuple[str, ...]
    members: tuple[str, ...]


class PolicyOutput(Struct):
    """An organization's policy."""

    members_may_disconnect: bool
    members_may_connect_personal: bool
    busy_statuses: tuple[BusyStatus, ...]
    members_may_choose_busy: bool
    unknown_time: UnknownRule
    scope: ScopeOutput | None


class EffectOutput(Struct):
    """How many members a change touches."""

    disconnected: int
    looked_for: int
    busy_times: int
    held: int
    freed: int
    staying_out: int
    own_staying: int
    """Members who keep an account of their own though the policy lets members connect no more."""
    sentences: list[str]
    """The same in words, without what concerns nobody."""


class PolicyPreview(Struct):
    """A policy as it would be, or has just become, and whom the change touches."""

    policy: PolicyOutput
    effect: EffectOutput
