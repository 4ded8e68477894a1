"""How the app proves itself to Entra ID: a certificate, or a managed identity the app registration trusts.

Both are asymmetric; neither falls back to anything weaker.
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.errors import CredentialRejected, TryLater
from shared.settings import CredentialSettings

EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


def msal_credential(settings: CredentialSettings) -> dict[str, Any]:
    """What MSAL takes as `client_credential`. Raises `CredentialRejected` for an unusable certificate file."""
    if settings.federated_identity:
        return {"client_assertion": _identity_assertion(settings.federated_identity)}
    return _certificate(settings.certificate_pem or _read(settings.certificate_file or ""))


def _certificate(pem: str) -> dict[str, Any]:
    """MSAL signs PS256 with `x5t#S256` when it gets the certificate and no thumbprint."""
    blocks = {match[1]: match[0] for match in _PEM.finditer(pem)}
    key = next((block for kind, block in blocks.items() if kind.endswith("PRIVATE KEY")), None)
    if key is None or "CERTIFICATE" not in blocks:
        raise CredentialRejected("the PEM must hold a private key and a certificate")
    return {"private_key": _rsa_key(key), "public_certificate": blocks["CERTIFICATE"]}


@lru_cache(maxsize=2)  # the one in use, and the next one while certificates are exchanged
def _rsa_key(pem: str) -> RSAPrivateKey:
    """The key, loaded once: checking its numbers takes longer than all the rest of a token request.

    MSAL would do it again for each signature if it were given the text.
    """
    with suppress(ValueError, TypeError):
        key = load_pem_private_key(pem.encode(), None)
        if isinstance(key, RSAPrivateKey):
            return key
    raise CredentialRejected("the private key must be an RSA key without a password")


def _identity_assertion(client_id: str) -> Callable[[], str]:
    """Fetches the managed identity's token when MSAL needs one, which is when the app's own token has run out."""

    def assertion() -> str:
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - needed on Azure only
        from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - needed on Azure only

        try:
            token: str = (
                ManagedIdentityCredential(client_id=client_id).get_token(f"{EXCHANGE_AUDIENCE}/.default").token
            )
        except ClientAuthenticationError:
            raise CredentialRejected("the managed identity gives no token") from None
        except AzureError as problem:
            raise TryLater(f"managed identity: {type(problem).__name__}") from None
        return token

    return assertion


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise CredentialRejected(f"the certificate file {path} cannot be read") from None
