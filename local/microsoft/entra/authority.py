"""The first path segment of every Entra address: one tenant, or one of three names for many tenants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.microsoft.addresses import Addresses
from local.microsoft.entra.errors import unknown_tenant
from local.microsoft.world import Tenant, World

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant in which all personal Microsoft accounts live."""


@dataclass(frozen=True)
class Authority:
    """Who may sign in here: the users of `tenant`, or of every tenant that the name admits."""

    name: str
    tenant: Tenant | None

    def admits(self, tenant_id: str) -> bool:
        """Whether users of this tenant can sign in here."""
        if self.tenant is not None:
            return tenant_id == self.tenant.id
        return self.name == "common" or tenant_id != PERSONAL_TENANT


def find_authority(world: World, name: str) -> Authority:
    """The authority of this name, tenant id or verified domain; EntraError 90002 for any other."""
    lower = name.lower()
    if lower in ("common", "organizations"):
        return Authority(lower, None)
    if lower == "consumers" and PERSONAL_TENANT in world.tenants:
        return Authority(lower, world.tenants[PERSONAL_TENANT])
    tenant = world.tenants.get(lower) or next(
        (t for t in world.tenants.values() if lower in map(str.lower, t.domains)), None
    )
    if tenant is None:
        raise unknown_tenant(name)
    return Authority(tenant.id, tenant)


def discovery_document(authority: Authority, addresses: Addresses) -> dict[str, Any]:
    """OpenID configuration. Browsers are sent to the http address, so that they need no private CA."""
    segment = authority.name
    issuer = authority.tenant.id if authority.tenant else "{tenantid}"
    base = f"{addresses.https}/{segment}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": addresses.issuer(issuer),
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{addresses.http}/{segment}/oauth2/v2.0/authorize",
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }


def instance_discovery(host: str, https: str) -> dict[str, Any]:
    """The list of Entra's host names, with the simulator's own among them."""
    public = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]
    return {
        "tenant_discovery_endpoint": f"{https}/common/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": public[0], "preferred_cache": public[1], "aliases": public},
            {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
        ],
    }
