"""The platform's token, with one thing wrong at a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.callers import Caller
from shared.errors import TryLater, Unauthenticated
from shared.model import Role
from shared.platform_tokens import PlatformTokens, caller_from
from shared.settings import PlatformSettings
from shared.signing_keys import LEEWAY_SECONDS, key_set
from tests.properties import given

ISSUER, AUDIENCE = "https://platform.example.com", "outlook-connection"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PSS_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk(key: Any, kid: str, **more: str) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


KEYS = {"keys": [jwk(RSA_KEY, "rsa"), jwk(PSS_KEY, "pss", alg="PS256"), jwk(EC_KEY, "ec")]}


class JwksServer(ThreadingHTTPServer):
    """The platform's keys, fetched over a real socket."""

    daemon_threads = True
    fetched = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/jwks.json"


class JwksHandler(BaseHTTPRequestHandler):
    server: JwksServer

    def do_GET(self) -> None:
        self.server.fetched += 1
        body = json.dumps(KEYS).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[JwksServer]:
    with JwksServer(("127.0.0.1", 0), JwksHandler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


def platform(jwks_url: str = "https://unused.example") -> PlatformSettings:
    return PlatformSettings(
        "Calendly", ISSUER, ISSUER, AUDIENCE, jwks_url, frozenset({"enterprise"}), "outlook-admin"
    )


@pytest.fixture(scope="module")
def tokens(server: JwksServer) -> PlatformTokens:
    return PlatformTokens(platform(server.url), key_set(server.url))


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "m-1",
        "iat": now,
        "exp": now + 300,
        "org": "acme",
        "org_name": "Acme Inc.",
        "role": "admin",
        "plan": "enterprise",
        "features": ["outlook-admin"],
        **changed,
    }


def token(
    given: dict[str, Any] | None = None, key: Any = RSA_KEY, kid: str | None = "rsa", alg: str = "RS256"
) -> str:
    payload = json.dumps(claims() if given is None else given).encode()
    return jwt.PyJWS().encode(payload, key, alg, headers={"kid": kid} if kid else {})


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in claims().items() if key not in names}


def b64(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


ADMIN = Caller("m-1", "acme", "Acme Inc.", Role.ADMIN, "enterprise", frozenset({"outlook-admin"}))


def test_a_valid_token_is_the_caller_it_names(tokens: PlatformTokens) -> None:
    assert tokens.identify(f"Bearer {token()}") == ADMIN
    assert tokens.identify(f"bearer {token()}") == ADMIN


@pytest.mark.parametrize(
    ("key", "kid", "alg"), [(RSA_KEY, "rsa", "RS256"), (PSS_KEY, "pss", "PS256"), (EC_KEY, "ec", "ES256")]
)
def test_each_asymmetric_algorithm_is_taken(tokens: PlatformTokens, key: Any, kid: str, alg: str) -> None:
    assert tokens.identify(f"Bearer {token(key=key, kid=kid, alg=alg)}") == ADMIN


def test_an_rsa_key_that_names_no_algorithm_is_one_for_rs256(tokens: PlatformTokens) -> None:
    """RFC 7517 makes `alg` optional; PyJWT then takes the most common one. PS256 keys must name theirs."""
    with pytest.raises(Unauthenticated):
        tokens.identify(f"Bearer {token(alg='PS256')}")


ACCEPTED = {
    "expired within the leeway": lambda now: {"exp": now - LEEWAY_SECONDS + 20},
    "issued by a clock ahead within the leeway": lambda now: {"iat": now + LEEWAY_SECONDS - 20},
    "not before within the leeway": lambda now: {"nbf": now + LEEWAY_SECONDS - 20},
    "no organization name": lambda now: {"org_name": None},
    "no features": lambda now: {"features": []},
    "further claims": lambda now: {"scope": "x", "jti": "y"},
}


@pytest.mark.parametrize("changed_at", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(tokens: PlatformTokens, changed_at: Any) -> None:
    assert tokens.identify(f"Bearer {token(claims(**changed_at(time.time())))}").subject == "m-1"


def hs256_with_the_public_key() -> str:
    """The classic confusion, a public key taken for a shared secret; PyJWT refuses to make one."""
    signed = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa'})}.{b64(claims())}"
    return f"{signed}.{b64(hmac.digest(PUBLIC_PEM, signed.encode(), hashlib.sha256))}"


def retold(header: Any, payload: Any) -> str:
    """A genuine token whose header or payload was exchanged afterwards."""
    first, second, third = token().split(".")
    return f"{b64(header) if header is not None else first}.{b64(payload) if payload is not None else second}.{third}"


DEEP = b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
REFUSED = {
    "expired": lambda: token(claims(exp=int(time.time()) - LEEWAY_SECONDS - 5)),
    "issued in the future": lambda: token(claims(iat=int(time.time()) + LEEWAY_SECONDS + 30)),
    "not valid yet": lambda: token(claims(nbf=int(time.time()) + LEEWAY_SECONDS + 30)),
    "another issuer": lambda: token(claims(iss="https://evil.example")),
    "the issuer with a slash": lambda: token(claims(iss=ISSUER + "/")),
    "an issuer that is a list": lambda: token(claims(iss=[ISSUER])),
    "another audience": lambda: token(claims(aud="another-service")),
    "a list of audiences": lambda: token(claims(aud=[AUDIENCE])),
    "an empty audience": lambda: token(claims(aud="")),
    "an expiry that is a text": lambda: token(claims(exp="tomorrow")),
    "an expiry that is infinite": lambda: token(claims(exp=float("inf"))),
    "a time of issue that is infinite": lambda: token(claims(iat=float("inf"))),
    "an expiry that is null": lambda: token(claims(exp=None)),
    **{
        f"no {name}": lambda name=name: token(without(name))
        for name in ("iss", "aud", "sub", "iat", "exp", "org", "role")
    },
    "a subject that is a number": lambda: token(claims(sub=7)),
    "a subject with a slash": lambda: token(claims(sub="a/b")),
    "a subject with a line break": lambda: token(claims(sub="m-1\n")),
    "an empty subject": lambda: token(claims(sub="")),
    "a subject of 65 characters": lambda: token(claims(sub="m" * 65)),
    "an organization with a separator": lambda: token(claims(org="acme|m-1")),
    "an organization with a tilde": lambda: token(claims(org="acme~x")),
    "an organization that begins with a dot": lambda: token(claims(org="..")),
    "an organization that is not ASCII": lambda: token(claims(org="acmé")),
    "an organization that is a list": lambda: token(claims(org=["acme"])),
    "an unknown role": lambda: token(claims(role="root")),
    "a role in capitals": lambda: token(claims(role="ADMIN")),
    "a role that is a list": lambda: token(claims(role=["admin"])),
    "features that are a text": lambda: token(claims(features="outlook-admin")),
    "features that are null": lambda: token(claims(features=None)),
    "signed by a foreign key": lambda: token(key=FOREIGN_KEY),
    "signed by another of the platform's keys": lambda: token(key=PSS_KEY),
    "an unknown key id": lambda: token(kid="nobody"),
    "no key id": lambda: token(kid=None),
    "an algorithm the key is not for": lambda: token(key=PSS_KEY, kid="pss", alg="RS256"),
    "a longer hash than agreed": lambda: token(alg="RS512"),
    "no signature": lambda: f"{b64({'alg': 'none', 'kid': 'rsa'})}.{b64(claims())}.",
    "no signature, and the genuine one behind": lambda: retold({"alg": "none", "kid": "rsa"}, None),
    "HS256 with the public key as secret": hs256_with_the_public_key,
    "another payload under a genuine signature": lambda: retold(None, claims(org="other")),
    "another header over a genuine signature": lambda: retold({"alg": "RS256", "kid": "rsa", "x": 1}, None),
    "an unknown critical header": lambda: jwt.encode(
        claims(), RSA_KEY, "RS256", headers={"kid": "rsa", "crit": ["x"]}
    ),
    "a payload that is a list": lambda: retold(None, [1]),
    "a payload that is no JSON": lambda: retold(None, b"\xff\xfe"),
    "a payload nested deeply": lambda: retold(None, DEEP),
    "a header nested deeply": lambda: retold(DEEP, None),
    "a header that is a list": lambda: retold([1], None),
    "a key id that is an object": lambda: retold({"alg": "RS256", "kid": {}}, None),
    "an algorithm that is a list": lambda: retold({"alg": ["RS256"], "kid": "rsa"}, None),
    "two parts": lambda: token().rpartition(".")[0],
    "four parts": lambda: token() + ".x",
    "not ASCII": lambda: "é.é.é",
    "half a surrogate": lambda: "\ud800.\ud800.\ud800",
    "a word": lambda: "secret",
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_with_one_thing_wrong_is_refused_without_saying_what(tokens: PlatformTokens, make: Any) -> None:
    with pytest.raises(Unauthenticated, match=r"^The token is not valid for this service\.$"):
        tokens.identify(f"Bearer {make()}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Token x", "bearer:x"])
def test_without_a_bearer_token_the_caller_is_told_how_to_send_one(
    tokens: PlatformTokens, header: str | None
) -> None:
    with pytest.raises(Unauthenticated, match="Authorization: Bearer"):
        tokens.identify(header)


UNUSED = PlatformTokens(platform(), key_set("https://unused.example"))


@given(st.text())
def test_no_header_makes_it_raise_anything_else(header: str) -> None:
    with pytest.raises(Unauthenticated):
        UNUSED.identify(header)


def test_unknown_key_ids_do_not_make_the_service_fetch_keys_each_time(server: JwksServer) -> None:
    fresh = PlatformTokens(platform(server.url), key_set(server.url))
    fresh.identify(f"Bearer {token()}")
    before = server.fetched
    for number in range(20):
        with pytest.raises(Unauthenticated):
            fresh.identify(f"Bearer {token(kid=f'guess-{number}')}")
    assert server.fetched - before <= 1


def test_while_the_keys_cannot_be_fetched_the_caller_may_try_later() -> None:
    nobody = "http://127.0.0.1:1/jwks.json"
    with pytest.raises(TryLater):
        PlatformTokens(platform(nobody), key_set(nobody)).identify(f"Bearer {token()}")


@pytest.mark.parametrize(
    "changed",
    [{"org": None}, {"org": {}}, {"features": {}}, {"role": None}, {"role": "x"}],
)
def test_claims_of_another_shape_are_a_value_error(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        caller_from(claims(**changed))
