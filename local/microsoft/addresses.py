"""Where the simulator listens, and the keys under which its parts find the world and these addresses."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from local.microsoft.world import World


@dataclass(frozen=True)
class Addresses:
    """Both listeners serve everything: http is for browsers, https for clients that insist on it."""

    http: str
    https: str

    def issuer(self, tenant_id: str) -> str:
        """The issuer of a tenant's ID tokens."""
        return f"{self.https}/{tenant_id}/v2.0"


WORLD = web.AppKey("world", World)
ADDRESSES = web.AppKey("addresses", Addresses)
