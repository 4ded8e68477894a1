"""The identity endpoint that Azure Functions offers to code with a managed identity.

GET $IDENTITY_ENDPOINT?api-version=2019-08-01&resource=...&client_id=... with header X-IDENTITY-HEADER.
The issuer is Entra's real one, so that a registered federated credential does not depend on the simulator's port.
https://learn.microsoft.com/en-us/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from uuid import uuid4

from local.microsoft.entra.tokens import token_time
from local.microsoft.world import Json, ManagedIdentity, World

TOKEN_SECONDS = 86_400


def answer_identity_request(world: World, header: str | None, query: Mapping[str, str]) -> tuple[int, Json]:
    """HTTP status and body."""
    if not hmac.compare_digest((header or "").encode(), world.identity_header.encode()):
        return 401, _error("unauthorized", "The X-IDENTITY-HEADER is missing or wrong.")
    if not query.get("api-version") or not query.get("resource"):
        return 400, _error("invalid_request", "api-version and resource are required.")
    identity = world.managed_identities.get(query.get("client_id", ""))
    if identity is None:
        return 400, _error("invalid_request", "No managed identity found for the specified client_id.")
    return 200, _token(world, identity, query["resource"])


def _token(world: World, identity: ManagedIdentity, resource: str) -> Json:
    now = int(token_time(world))
    claims = {
        "iss": f"https://login.microsoftonline.com/{identity.tenant_id}/v2.0",
        "sub": identity.principal_id,
        "oid": identity.principal_id,
        "aud": resource,
        "tid": identity.tenant_id,
        "iat": now,
        "nbf": now,
        "exp": now + TOKEN_SECONDS,
        "uti": uuid4().hex,
    }
    return {
        "access_token": world.keys.current.sign(claims),
        "expires_on": str(claims["exp"]),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": identity.client_id,
    }


def _error(code: str, message: str) -> Json:
    return {"statusCode": 400, "error": code, "error_description": message, "message": message}
