"""An organization's Outlook connection at a glance."""

from __future__ import annotations

from msgspec import Struct

from shared.contract.tenants import TenantOutput


class Overview(Struct):
    """How many members are in which state, and the one thing to do next."""

    members: int
    """On the roster."""
    states: dict[str, int]
    """Members in each state; every state is there."""
    needing_attention: int
    """Members in a state that stays until somebody acts."""
    next_step: str
    own_states: dict[str, int]
    """Accounts that members connected, in each state that any is in."""
    own_needing_attention: int
    """Of those, how many stay so until their members act."""
    tenants: list[TenantOutput]
