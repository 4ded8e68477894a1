"""Our multi-tenant app as its home tenant registered it, and the identity of the machine it runs on."""

from __future__ import annotations

from local.microsoft.identifiers import stable_id
from local.microsoft.world import AppRegistration, FederatedCredential, ManagedIdentity, World

CLIENT_ID = "3f1a7c52-8a5e-4f0b-9b76-2d1c5e0f9a41"
DISPLAY_NAME = "Outlook connection"
PUBLIC_URL = "http://localhost:7071"
HOME_TENANT_ID = stable_id("tenant", "platform")
IDENTITY_CLIENT_ID = stable_id("managed identity", "client")
IDENTITY_PRINCIPAL_ID = stable_id("managed identity", "principal")
CALLBACKS = ("/callback/sign-in", "/callback/consent", "/callback/personal")


def register_app(world: World, client_certificate: bytes = b"", public_url: str = PUBLIC_URL) -> AppRegistration:
    """Register the app with its certificate (PEM) and with a managed identity's federated credential."""
    issuer = f"https://login.microsoftonline.com/{HOME_TENANT_ID}/v2.0"
    app = AppRegistration(
        client_id=CLIENT_ID,
        display_name=DISPLAY_NAME,
        redirect_uris={public_url.rstrip("/") + path for path in CALLBACKS},
        certificates=[client_certificate] if client_certificate else [],
        federated_credentials=[FederatedCredential(issuer, IDENTITY_PRINCIPAL_ID)],
    )
    world.apps[app.client_id] = app
    world.managed_identities[IDENTITY_CLIENT_ID] = ManagedIdentity(
        IDENTITY_CLIENT_ID, IDENTITY_PRINCIPAL_ID, HOME_TENANT_ID
    )
    return app
