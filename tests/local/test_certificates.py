from __future__ import annotations

import http.client
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from local import certificates
from local.certificates import Certificates, prepare


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return prepare(tmp_path_factory.mktemp("certificates"))


def test_private_files_are_readable_by_their_owner_only(made: Certificates) -> None:
    private = [made.ca_key, made.server, made.client, made.platform_key]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}


def test_public_files_hold_no_private_key(made: Certificates) -> None:
    for path in (made.ca, made.client_public):
        assert b"PRIVATE KEY" not in path.read_bytes()


def test_the_second_time_everything_is_used_again(made: Certificates) -> None:
    before = {path.name: path.read_bytes() for path in made.folder.iterdir()}
    prepare(made.folder)
    assert {path.name: path.read_bytes() for path in made.folder.iterdir()} == before


def test_certificates_about_to_expire_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "LIFETIME", timedelta(days=3))
    old = prepare(tmp_path)
    key, texts = old.platform_key.read_bytes(), [path.read_bytes() for path in (old.ca, old.server, old.client)]
    monkeypatch.setattr(certificates, "LIFETIME", timedelta(days=365))
    new = prepare(tmp_path)
    assert [path.read_bytes() for path in (new.ca, new.server, new.client)] != texts
    assert new.platform_key.read_bytes() == key
    assert certificates.x509.load_pem_x509_certificate(new.ca.read_bytes()).not_valid_after_utc > datetime.now(UTC)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_strict_tls_clients_trust_the_server_by_the_ca(made: Certificates, host: str) -> None:
    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(made.server)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.handle_request, daemon=True).start()
        trust = ssl.create_default_context(cafile=str(made.ca))
        trust.verify_flags |= ssl.VERIFY_X509_STRICT
        connection = http.client.HTTPSConnection(host, server.server_port, context=trust, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().status == 204
        connection.close()
