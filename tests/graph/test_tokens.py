"""App-only tokens: what a refusal means, and what must not be taken for one."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from local.certificates import Certificates, prepare
from shared.errors import AccessLost, CredentialRejected, MicrosoftError, TryLater
from shared.graph.credential import msal_credential
from shared.graph.token_errors import token_error
from shared.graph.tokens import REFUSED_FOR, AppTokens
from shared.http import new_session
from shared.model import TenantStatus
from shared.settings import CredentialSettings, MicrosoftSettings
from tests.graph.conftest import Answer, QueuedServer

TENANT, OTHER = "7c5f0000-0000-4000-8000-000000000001", "7c5f0000-0000-4000-8000-000000000002"


def lost(status: TenantStatus) -> tuple[type[MicrosoftError], TenantStatus]:
    return AccessLost, status


CONSENT_MISSING = lost(TenantStatus.CONSENT_MISSING)
NUMBERS = {
    700016: CONSENT_MISSING,
    7000229: CONSENT_MISSING,
    90002: CONSENT_MISSING,
    7000112: lost(TenantStatus.APP_DISABLED),
    53003: lost(TenantStatus.PERMISSION_MISSING),
    501051: lost(TenantStatus.PERMISSION_MISSING),
    700027: (CredentialRejected, None),
    50012: (CredentialRejected, None),
    700024: (CredentialRejected, None),
    7000215: (CredentialRejected, None),
    7000222: (CredentialRejected, None),
    700211: (CredentialRejected, None),
    700212: (CredentialRejected, None),
    700213: (CredentialRejected, None),
    90033: (TryLater, None),
    50196: (TryLater, None),
    1: (TryLater, None),
}


@pytest.mark.parametrize(("number", "expected"), NUMBERS.items(), ids=[f"AADSTS{number}" for number in NUMBERS])
def test_what_a_refusal_means(number: int, expected: tuple[type[MicrosoftError], TenantStatus | None]) -> None:
    problem = token_error({"error": "invalid_client", "error_codes": [number], "error_description": "private"})
    assert (type(problem), getattr(problem, "status", None)) == expected
    assert f"AADSTS{number}" in repr(problem)
    assert "private" not in repr(problem)


@pytest.mark.parametrize(
    "result",
    [
        {"error": "temporarily_unavailable"},
        {"error": "x", "error_codes": None},
        {"error": "x", "error_codes": []},
        {},
    ],
)
def test_a_refusal_without_a_number_is_tried_later(result: dict[str, Any]) -> None:
    assert isinstance(token_error(result), TryLater)


def test_of_several_numbers_the_telling_one_counts() -> None:
    assert isinstance(token_error({"error_codes": [1, 7000229]}), AccessLost)


# Against a server that speaks TLS, as MSAL insists.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return prepare(tmp_path_factory.mktemp("certificates"))


@dataclass
class Entra:
    """Entra ID as a queue of answers, and how to reach it."""

    server: QueuedServer
    session: requests.Session
    certificates: Certificates
    now: datetime = datetime(2026, 12, 9, 12, tzinfo=UTC)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.server_address[1]}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.server.asked]

    def tokens(self, credential: CredentialSettings | None = None) -> AppTokens:
        known = credential or CredentialSettings(certificate_file=str(self.certificates.client))
        settings = MicrosoftSettings("client", known, self.url, self.url, "https://graph", None)
        return AppTokens(settings, self.session, lambda: self.now)

    def discovery(self, tenant: str = TENANT) -> Answer:
        base = f"{self.url}/{tenant}"
        return Answer(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
            }
        )


@pytest.fixture
def entra(certificates: Certificates) -> Iterator[Entra]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server)
    with QueuedServer() as server, new_session(str(certificates.ca)) as session:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield Entra(server, session, certificates)
        server.shutdown()
        thread.join()


def granted(token: str, seconds: int = 3599) -> Answer:
    return Answer({"token_type": "Bearer", "expires_in": seconds, "access_token": token})


def refused(number: int, status: int = 400) -> Answer:
    return Answer(
        {"error": "invalid_client", "error_codes": [number], "error_description": f"AADSTS{number}"}, status
    )


def test_a_token_is_asked_for_once_per_tenant(entra: Entra) -> None:
    entra.server.answers += [entra.discovery(), granted("a"), entra.discovery(OTHER), granted("b")]
    tokens = entra.tokens()
    assert [tokens.token(tenant) for tenant in (TENANT, TENANT, OTHER, TENANT, OTHER)] == ["a", "a", "b", "a", "b"]
    assert entra.paths == [
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
        f"/{TENANT}/oauth2/v2.0/token",
        f"/{OTHER}/v2.0/.well-known/openid-configuration",
        f"/{OTHER}/oauth2/v2.0/token",
    ]


def test_a_forgotten_token_is_asked_for_again(entra: Entra) -> None:
    entra.server.answers += [entra.discovery(), granted("a"), entra.discovery(), granted("b")]
    tokens = entra.tokens()
    assert tokens.token(TENANT) == "a"
    tokens.forget(TENANT)
    assert tokens.token(TENANT) == "b"


def test_a_refusal_is_repeated_from_memory_for_seconds_only(entra: Entra) -> None:
    """MSAL alone would answer for a minute what it was told last."""
    entra.server.answers += [entra.discovery(), refused(7000229), entra.discovery(), granted("a")]
    tokens = entra.tokens()
    for _ in range(3):
        with pytest.raises(AccessLost):
            tokens.token(TENANT)
    assert len(entra.server.asked) == 2
    entra.now += REFUSED_FOR
    assert tokens.token(TENANT) == "a"


def test_a_refusal_that_is_forgotten_is_asked_about_again(entra: Entra) -> None:
    entra.server.answers += [entra.discovery(), refused(7000229), entra.discovery(), granted("a")]
    tokens = entra.tokens()
    with pytest.raises(AccessLost):
        tokens.token(TENANT)
    tokens.forget(TENANT)
    assert tokens.token(TENANT) == "a"


TOKEN_FAILURES = {
    "no service principal": (refused(7000229, 401), AccessLost),
    "an expired certificate": (refused(700027, 401), CredentialRejected),
    "throttled": (Answer({"error": "x"}, 429, {"Retry-After": "5"}), TryLater),
    "away": (Answer(b"<html>", 503), TryLater),
    "a page with status 400": (Answer(b"<html>", 400), TryLater),
    "a page with status 200": (Answer(b"<html>", 200), TryLater),
    "an empty object": (Answer({}, 200), TryLater),
    "a reset connection": (Answer(reset=True), TryLater),
}


@pytest.mark.parametrize(("answer", "kind"), TOKEN_FAILURES.values(), ids=TOKEN_FAILURES.keys())
def test_a_token_endpoint_that_fails(entra: Entra, answer: Answer, kind: type[MicrosoftError]) -> None:
    entra.server.answers += [entra.discovery(), answer]
    with pytest.raises(kind):
        entra.tokens().token(TENANT)


UNKNOWN_TENANT = {"error": "invalid_tenant", "error_codes": [90002], "error_description": "AADSTS90002"}
DISCOVERY_FAILURES = {
    "an unknown tenant": (Answer(UNKNOWN_TENANT, 400), AccessLost),
    "throttled": (Answer({"error": "x"}, 429, {"Retry-After": "5"}), TryLater),
    "away": (Answer(b"<html>", 503), TryLater),
    "a front door's page with status 403": (Answer(b"<html>", 403), TryLater),
    "a page with status 200": (Answer(b"<html>", 200), TryLater),
    "an empty object": (Answer({}, 200), TryLater),
    "a reset connection": (Answer(reset=True), TryLater),
}


@pytest.mark.parametrize(("answer", "kind"), DISCOVERY_FAILURES.values(), ids=DISCOVERY_FAILURES.keys())
def test_a_discovery_document_that_cannot_be_had(entra: Entra, answer: Answer, kind: type[MicrosoftError]) -> None:
    entra.server.answers += [answer] * 3
    with pytest.raises(kind):
        entra.tokens().token(TENANT)


def credentials(tmp_path: Path, certificates: Certificates) -> dict[str, CredentialSettings]:
    public = certificates.client_public.read_text()
    garbage = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
    elliptic = certificates.ca_key.read_text()
    (tmp_path / "binary.pem").write_bytes(b"\xff\xfe\x00")
    return {
        "no such file": CredentialSettings(certificate_file=str(tmp_path / "nowhere.pem")),
        "a folder": CredentialSettings(certificate_file=str(tmp_path)),
        "no text": CredentialSettings(certificate_file=str(tmp_path / "binary.pem")),
        "no key": CredentialSettings(certificate_pem=public),
        "no certificate": CredentialSettings(certificate_pem=garbage),
        "a key that is none": CredentialSettings(certificate_pem=public + garbage),
        "a key of another kind": CredentialSettings(certificate_pem=public + elliptic),
        "a word": CredentialSettings(certificate_pem="secret"),
    }


def test_an_unusable_certificate_is_our_fault_not_the_tenants(
    entra: Entra, tmp_path: Path, certificates: Certificates
) -> None:
    kinds = {}
    for name, credential in credentials(tmp_path, certificates).items():
        entra.server.answers[:] = [entra.discovery()]
        try:
            entra.tokens(credential).token(TENANT)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is shown
            kinds[name] = type(problem)
    assert kinds == dict.fromkeys(kinds, CredentialRejected)
    assert len(kinds) == 8


def test_the_credential_keeps_key_and_certificate_apart(certificates: Certificates) -> None:
    found = msal_credential(CredentialSettings(certificate_pem=certificates.client.read_text()))
    assert isinstance(found["private_key"], RSAPrivateKey)
    assert found["public_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in found["public_certificate"]


def test_the_key_is_loaded_once_for_all_tenants(certificates: Certificates) -> None:
    settings = CredentialSettings(certificate_file=str(certificates.client))
    assert msal_credential(settings)["private_key"] is msal_credential(settings)["private_key"]


def test_one_slow_tenant_keeps_no_other_waiting(entra: Entra) -> None:
    """A token that is in hand is handed out while another tenant's discovery hangs."""
    release = threading.Event()
    held = entra.discovery(OTHER)
    held.after = release
    entra.server.answers += [entra.discovery(), granted("a"), held, granted("b")]
    tokens = entra.tokens()
    tokens.token(TENANT)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(tokens.token, OTHER)
        until = time.monotonic() + 5
        while len(entra.server.asked) < 3:
            assert time.monotonic() < until
            time.sleep(0.01)
        quick = pool.submit(tokens.token, TENANT)
        done, _ = wait([quick], timeout=2)
        release.set()
        assert done == {quick}
        assert (quick.result(), slow.result()) == ("a", "b")


def test_a_managed_identity_stands_in_for_a_key(
    entra: Entra, elsewhere: QueuedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", elsewhere.url)
    monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-host")
    expires = str(int(time.time()) + 3600)
    elsewhere.answers.append(Answer({"access_token": "assertion", "expires_on": expires, "token_type": "Bearer"}))
    entra.server.answers += [entra.discovery(), granted("a")]
    assert entra.tokens(CredentialSettings(federated_identity="identity")).token(TENANT) == "a"
    (asked,) = elsewhere.asked
    assert asked.headers["x-identity-header"] == "secret-of-the-host"
    assert "client_id=identity" in asked.path
    assert "client_assertion=assertion" in entra.server.asked[-1].body


def test_a_managed_identity_that_is_refused_is_our_fault_not_the_tenants(
    entra: Entra, elsewhere: QueuedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", elsewhere.url)
    monkeypatch.setenv("IDENTITY_HEADER", "secret-of-the-host")
    elsewhere.answers += [Answer({"statusCode": 400, "message": "no such identity"}, 400)] * 5
    entra.server.answers.append(entra.discovery())
    with pytest.raises((CredentialRejected, TryLater)):
        entra.tokens(CredentialSettings(federated_identity="identity")).token(TENANT)
