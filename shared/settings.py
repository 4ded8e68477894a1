"""The app's settings, read once from the environment and checked together.

A missing or wrong setting stops start-up with one message that names all of them.
Each is explained in docs/settings.md.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.errors import SettingsError

STORAGE = "AzureWebJobsStorage"
"""Name of the connection that bindings and our own clients share."""


@dataclass(frozen=True)
class StorageSettings:
    """Where tables and queues are: a connection string, or service addresses and a managed identity."""

    connection_string: str | None = None
    table_uri: str | None = None
    queue_uri: str | None = None
    identity_client_id: str | None = None


@dataclass(frozen=True)
class CredentialSettings:
    """How the app proves itself to Entra ID; exactly one is set."""

    certificate_pem: str | None = None
    """Private key and certificate."""
    certificate_file: str | None = None
    federated_identity: str | None = None
    """Client id of the user-assigned managed identity the app registration trusts."""


@dataclass(frozen=True)
class MicrosoftSettings:
    """Our app registration and where Microsoft is."""

    client_id: str
    credential: CredentialSettings
    login_url: str
    sign_in_url: str
    """Where browsers are sent; differs from `login_url` only in a simulated world."""
    graph_url: str
    ca_file: str | None


@dataclass(frozen=True)
class PlatformSettings:
    """The scheduling platform: its name for people, and how its tokens are verified."""

    name: str
    sign_in_url: str
    issuer: str
    audience: str
    jwks_url: str
    entitled_plans: frozenset[str]
    entitled_feature: str


@dataclass(frozen=True)
class EventSettings:
    """The platform's webhook."""

    url: str
    secrets: tuple[bytes, ...]
    """Newest first; all sign."""


@dataclass(frozen=True)
class Settings:
    """Everything the app is told from outside."""

    public_url: str
    storage: StorageSettings
    microsoft: MicrosoftSettings
    platform: PlatformSettings
    secret_keys: tuple[bytes, ...]
    """Newest first; the first signs, all verify."""
    token_keys: tuple[bytes, ...] = field(repr=False)
    """Newest first; the first encrypts, all decrypt."""
    events: EventSettings | None = None
    """None where the platform is told of nothing."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check everything. Raises `SettingsError` naming each missing or wrong setting."""
        read = _Reader(environ)
        settings = cls(
            public_url=read.url("PUBLIC_URL", "https://outlook.example.com"),
            storage=_storage(read),
            microsoft=_microsoft(read),
            platform=_platform(read),
            secret_keys=read.keys("SECRET_KEYS"),
            token_keys=read.keys("TOKEN_KEYS"),
            events=_events(read),
        )
        read.text("RESYNC_SCHEDULE", "0 */5 * * * *")
        read.raise_problems()
        return settings


class _Reader:
    """Reads settings and remembers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def optional(self, name: str) -> str | None:
        """The setting without surrounding blanks, or None where it is absent or empty."""
        return self._environ.get(name, "").strip() or None

    def text(self, name: str, example: str) -> str:
        value = self.optional(name)
        if value is None:
            self.problems.append(f"{name} is missing; for example {example}")
        return value or ""

    def url(self, name: str, example: str, default: str | None = None) -> str:
        """An http(s) address without a trailing slash; plain http only on this machine."""
        value = self.optional(name) or default or self.text(name, example)
        if value and not _is_address(value):
            self.problems.append(f"{name} must be an https:// address (http:// only on localhost)")
        return value.rstrip("/")

    def keys(self, name: str) -> tuple[bytes, ...]:
        """Comma-separated base64 keys of at least 32 bytes. A wrong key is never repeated in the message."""
        parts = [part.strip() for part in self.text(name, "the output of: openssl rand -base64 32").split(",")]
        try:
            keys = tuple(base64.b64decode(part, validate=True) for part in parts if part)
        except (binascii.Error, ValueError):
            keys = (b"",)
        if any(len(key) < 32 for key in keys) or (self.optional(name) and not keys):
            self.problems.append(f"{name} must be base64 of at least 32 bytes each, separated by commas")
        return keys

    def raise_problems(self) -> None:
        if self.problems:
            listed = "\n".join(f"  - {problem}" for problem in self.problems)
            raise SettingsError(f"{len(self.problems)} setting(s) need attention (see docs/settings.md):\n{listed}")


def _webhook_secret(text: str) -> bytes | None:
    """The key of a secret as Standard Webhooks writes it: 24 to 64 bytes."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if text.startswith("whsec_") and 24 <= len(key) <= 64 else None


def _is_address(text: str) -> bool:
    """Whether the text is an address with a host and nothing secret in it."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is none
    except ValueError:
        return False
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    secure = parts.scheme == "https" or (parts.scheme == "http" and local)
    return secure and bool(parts.hostname) and parts.username is None


def _storage(read: _Reader) -> StorageSettings:
    table_uri = read.optional(f"{STORAGE}__tableServiceUri")
    queue_uri = read.optional(f"{STORAGE}__queueServiceUri")
    if table_uri and queue_uri:
        return StorageSettings(None, table_uri, queue_uri, read.optional(f"{STORAGE}__clientId"))
    connection = read.optional(STORAGE)
    if connection is None:
        read.problems.append(
            f"{STORAGE} is missing; a connection string, or {STORAGE}__tableServiceUri and __queueServiceUri"
        )
    return StorageSettings(connection_string=connection)


def _microsoft(read: _Reader) -> MicrosoftSettings:
    login_url = read.url("MICROSOFT_LOGIN_URL", "", "https://login.microsoftonline.com")
    return MicrosoftSettings(
        client_id=read.text("MICROSOFT_CLIENT_ID", "the app registration's application (client) id"),
        credential=_credential(read),
        login_url=login_url,
        sign_in_url=read.url("MICROSOFT_SIGN_IN_URL", "", login_url),
        graph_url=read.url("MICROSOFT_GRAPH_URL", "", "https://graph.microsoft.com"),
        ca_file=read.optional("MICROSOFT_CA_FILE"),
    )


def _credential(read: _Reader) -> CredentialSettings:
    names = ("MICROSOFT_CERTIFICATE", "MICROSOFT_CERTIFICATE_FILE", "MICROSOFT_FEDERATED_IDENTITY")
    values = [read.optional(name) for name in names]
    if sum(value is not None for value in values) != 1:
        read.problems.append(f"exactly one of {', '.join(names)} must be set")
    return CredentialSettings(*values)


def _platform(read: _Reader) -> PlatformSettings:
    plans = (read.optional("ENTITLED_PLANS") or "enterprise").split(",")
    return PlatformSettings(
        name=read.text("PLATFORM_NAME", "Calendly"),
        sign_in_url=read.url("PLATFORM_SIGN_IN_URL", "https://platform.example.com/login"),
        issuer=read.text("PLATFORM_ISSUER", "https://platform.example.com"),
        audience=read.text("PLATFORM_AUDIENCE", "outlook-connection"),
        jwks_url=read.url("PLATFORM_JWKS_URL", "https://platform.example.com/.well-known/jwks.json"),
        entitled_plans=frozenset(plan.strip() for plan in plans if plan.strip()),
        entitled_feature=read.optional("ENTITLED_FEATURE") or "outlook-admin",
    )


def _events(read: _Reader) -> EventSettings | None:
    url, secrets = read.optional("PLATFORM_EVENTS_URL"), read.optional("PLATFORM_EVENTS_SECRETS")
    if url is None and secrets is None:
        return None
    if url is None or secrets is None:
        read.problems.append("PLATFORM_EVENTS_URL and PLATFORM_EVENTS_SECRETS must be set both or neither")
    if url is not None and not _is_address(url):
        read.problems.append("PLATFORM_EVENTS_URL must be an https:// address (http:// only on localhost)")
    keys = [_webhook_secret(part.strip()) for part in (secrets or "").split(",") if part.strip()]
    if None in keys or (secrets and not keys):
        read.problems.append("PLATFORM_EVENTS_SECRETS must be whsec_ and base64 of 24 to 64 bytes, comma separated")
    return EventSettings(url or "", tuple(key for key in keys if key))
