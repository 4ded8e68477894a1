"""A request for tokens, and what every answer to one has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.microsoft.addresses import Addresses
from local.microsoft.entra.authority import Authority
from local.microsoft.world import AppRegistration, Json, World


@dataclass(frozen=True)
class TokenRequest:
    """One POST to a token endpoint."""

    world: World
    addresses: Addresses
    authority: Authority
    app: AppRegistration
    form: Mapping[str, str]

    @property
    def tenant_id(self) -> str:
        """The authority's tenant; empty for `common` and its like."""
        return self.authority.tenant.id if self.authority.tenant else ""


def lifetime(world: World) -> Json:
    """The part of a token answer that says how long it holds."""
    seconds = world.switches.access_token_seconds
    answer: Json = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    if world.switches.refresh_in_seconds is not None:
        answer["refresh_in"] = world.switches.refresh_in_seconds
    return answer
