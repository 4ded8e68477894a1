"""Keys and certificates for local use, made once in a folder and used again while they are valid.

A private CA signs the TLS certificate of localhost, because MSAL insists on https. The client certificate is our
app registration's credential. The platform key signs the tokens of the local scheduling platform.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LIFETIME = timedelta(days=365)
MARGIN = timedelta(days=7)
"""A certificate this close to its end is made anew."""


@dataclass(frozen=True)
class Certificates:
    """Where everything lies; `.pem` files with a private key are readable by their owner only."""

    folder: Path

    @property
    def ca(self) -> Path:
        """Certificate of the private CA: what `verify=` and REQUESTS_CA_BUNDLE point at."""
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The CA's private key."""
        return self.folder / "ca-key.pem"

    @property
    def server(self) -> Path:
        """TLS certificate and key for localhost and the loopback addresses."""
        return self.folder / "server.pem"

    @property
    def client(self) -> Path:
        """Our app's credential: certificate and private key."""
        return self.folder / "client.pem"

    @property
    def client_public(self) -> Path:
        """The certificate alone, as the app registration holds it."""
        return self.folder / "client-public.pem"

    @property
    def platform_key(self) -> Path:
        """The local platform's private RSA key."""
        return self.folder / "platform-key.pem"


def prepare(folder: Path | str = ".local") -> Certificates:
    """Make what is missing or about to expire in `folder`, and say where everything is."""
    made = Certificates(Path(folder).resolve())
    made.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (made.folder / "certificates.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may start at once
        _complete(made)
    return made


def _complete(made: Certificates) -> None:
    if not (_valid(made.ca) and made.ca_key.exists()):
        _make_ca(made)
        made.server.unlink(missing_ok=True)
    if not _valid(made.server):
        _make_server(made)
    if not (_valid(made.client) and made.client_public.exists()):
        _make_client(made)
    if not made.platform_key.exists():
        _write(made.platform_key, _pem(_rsa_key()))


def _valid(path: Path) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_after_utc > datetime.now(UTC) + MARGIN


def _make_ca(made: Certificates) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Local development CA")
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    builder = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    _write(made.ca, _certificate(builder.sign(key, hashes.SHA256())), mode=0o644)
    _write(made.ca_key, _pem(key))


def _make_server(made: Certificates) -> None:
    ca = x509.load_pem_x509_certificate(made.ca.read_bytes())
    ca_key = load_pem_private_key(made.ca_key.read_bytes(), None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{made.ca_key} is not the CA key this module makes")
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ip_address(address)) for address in ("127.0.0.1", "::1")]
    builder = (
        _builder(_name("localhost"), ca.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    _write(made.server, _certificate(builder.sign(ca_key, hashes.SHA256())) + _pem(key))


def _make_client(made: Certificates) -> None:
    key = _rsa_key()
    name = _name("Outlook connection (local)")
    public = _certificate(_builder(name, name, key).sign(key, hashes.SHA256()))
    _write(made.client, public + _pem(key))
    _write(made.client_public, public, mode=0o644)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace the file in one step, never readable by others on the way."""
    draft = path.with_suffix(".new")
    opener: Callable[[str, int], int] = lambda name, flags: os.open(name, flags, mode)  # noqa: E731
    with open(draft, "wb", opener=opener) as file:
        file.write(content)
    draft.replace(path)
