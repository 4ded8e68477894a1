"""An ID token is believed only if every single check holds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from shared.errors import Refusal
from shared.graph.id_token import PERSONAL_ACCOUNTS, SignedIn, read_id_token, wire_nonce
from shared.settings import CredentialSettings, MicrosoftSettings
from shared.signing_keys import LEEWAY_SECONDS
from tests.properties import given

LOGIN = "https://login.microsoftonline.com"
CLIENT = "11111111-0000-4000-8000-000000000001"
TENANT, OTHER = "7c5f0000-0000-4000-8000-00000000abcd", "7c5f0000-0000-4000-8000-00000000dcba"
PERSON = "aaaa0000-0000-4000-8000-000000000001"
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
SETTINGS = MicrosoftSettings(CLIENT, CredentialSettings(), LOGIN, LOGIN, "https://graph.microsoft.com", None)
NONCE = wire_nonce("n")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
JWK = jwt.PyJWK({**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1"})


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "ver": "2.0",
        "iss": f"{LOGIN}/{TENANT}/v2.0",
        "aud": CLIENT,
        "sub": "pairwise",
        "oid": PERSON,
        "tid": TENANT,
        "preferred_username": "adele@contoso.com",
        "name": "Adele",
        "nonce": NONCE,
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "wids": [ADMINISTRATOR, "b79fbf4d-3ef9-4689-8143-76b194e85509"],
        **changed,
    }


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in claims().items() if key != name}


def token(payload: Any = None, key: Any = KEY, alg: str = "RS256") -> str:
    text = json.dumps(claims() if payload is None else payload).encode()
    return jwt.PyJWS().encode(text, key, alg, headers={"kid": "k1"})


def read(id_token: str, nonce: str = NONCE) -> SignedIn:
    return read_id_token(id_token, JWK, SETTINGS, nonce)


ADELE = SignedIn(
    TENANT,
    PERSON,
    "Adele",
    "adele@contoso.com",
    False,
    frozenset({ADMINISTRATOR, "b79fbf4d-3ef9-4689-8143-76b194e85509"}),
)


def test_a_valid_token_proves_the_person() -> None:
    assert read(token()) == ADELE
    assert ADELE.may_consent


ACCEPTED = {
    "expired within the leeway": lambda now: {"exp": now - LEEWAY_SECONDS + 20},
    "not before, within the leeway": lambda now: {"nbf": now + LEEWAY_SECONDS - 20},
    "issued by a clock ahead, within the leeway": lambda now: {"iat": now + LEEWAY_SECONDS - 20},
    "times as fractions": lambda now: {"iat": now, "nbf": now, "exp": now + 60.5},
    "tenant and person in capitals": lambda now: {"tid": TENANT.upper(), "oid": PERSON.upper()},
    "further claims": lambda now: {"uti": "x", "rh": "y", "email": "somebody@else.example"},
}


@pytest.mark.parametrize("changed_at", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_believed(changed_at: Any) -> None:
    assert read(token(claims(**changed_at(time.time())))) == ADELE


def b64(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def hs256_with_the_public_key() -> str:
    signed = f"{b64({'alg': 'HS256', 'kid': 'k1'})}.{b64(claims())}"
    return f"{signed}.{b64(hmac.digest(PUBLIC_PEM, signed.encode(), hashlib.sha256))}"


def retold(header: Any = None, payload: Any = None) -> str:
    first, second, third = token().split(".")
    return ".".join((first if header is None else b64(header), second if payload is None else b64(payload), third))


NOW = int(time.time())
PAST, FUTURE = NOW - LEEWAY_SECONDS - 30, NOW + 24 * 3600
REQUIRED = ("exp", "iat", "nbf", "iss", "aud", "tid", "oid", "nonce")
REFUSED = {
    "signed by another key": lambda: token(key=FOREIGN),
    "not signed": lambda: f"{b64({'alg': 'none', 'kid': 'k1'})}.{b64(claims())}.",
    "not signed, with the genuine signature": lambda: retold(header={"alg": "none", "kid": "k1"}),
    "HS256 with the public key as secret": hs256_with_the_public_key,
    "PS256": lambda: token(alg="PS256"),
    "RS512": lambda: token(alg="RS512"),
    "another payload under a genuine signature": lambda: retold(payload=claims(name="Eve")),
    "another header over a genuine signature": lambda: retold(header={"alg": "RS256", "kid": "k1", "typ": "x"}),
    "a payload that is a list": lambda: token([1]),
    "a payload that is no JSON": lambda: jwt.PyJWS().encode(b"\xff", KEY, "RS256"),
    "no token": lambda: "",
    "a word": lambda: "token",
    "two parts": lambda: token().rpartition(".")[0],
    "half a surrogate": lambda: "\ud800",
    **{f"no {name}": lambda name=name: token(without(name)) for name in REQUIRED},
    **{f"{name} is null": lambda name=name: token(claims(**{name: None})) for name in REQUIRED},
    **{f"{name} is a list": lambda name=name: token(claims(**{name: [claims()[name]]})) for name in REQUIRED},
    **{f"{name} is an object": lambda name=name: token(claims(**{name: {}})) for name in REQUIRED},
    **{f"{name} is infinite": lambda name=name: token(claims(**{name: float("inf")})) for name in REQUIRED},
    **{f"{name} is a word": lambda name=name: token(claims(**{name: "word"})) for name in REQUIRED},
    "expired": lambda: token(claims(exp=PAST)),
    "not valid yet": lambda: token(claims(nbf=FUTURE)),
    "issued in the future": lambda: token(claims(iat=FUTURE)),
    "the issuer is another tenant's": lambda: token(claims(iss=f"{LOGIN}/{OTHER}/v2.0")),
    "the tenant is not the issuer's": lambda: token(claims(tid=OTHER)),
    "the issuer is another host": lambda: token(claims(iss=f"https://login.evil.example/{TENANT}/v2.0")),
    "the issuer's host only begins alike": lambda: token(claims(iss=f"{LOGIN}.evil.example/{TENANT}/v2.0")),
    "the issuer is of version 1": lambda: token(claims(iss=f"https://sts.windows.net/{TENANT}/")),
    "the issuer has a slash more": lambda: token(claims(iss=f"{LOGIN}/{TENANT}/v2.0/")),
    "the issuer is the template": lambda: token(claims(iss=f"{LOGIN}/{{tenantid}}/v2.0")),
    "the issuer is common's": lambda: token(claims(iss=f"{LOGIN}/common/v2.0", tid="common")),
    "for another app": lambda: token(claims(aud=OTHER)),
    "for this app among others": lambda: token(claims(aud=[CLIENT, OTHER])),
    "for nobody": lambda: token(claims(aud="")),
    "for Graph": lambda: token(claims(aud="00000003-0000-0000-c000-000000000000")),
    "a tenant that is a domain": lambda: token(claims(tid="contoso.com", iss=f"{LOGIN}/contoso.com/v2.0")),
    "a tenant that is a number": lambda: token(claims(tid=7)),
    "a person that is no GUID": lambda: token(claims(oid="adele@contoso.com")),
    "the nonce of another attempt": lambda: token(claims(nonce=wire_nonce("m"))),
    "the nonce before it was hashed": lambda: token(claims(nonce="n")),
    "the nonce in capitals": lambda: token(claims(nonce=NONCE.upper())),
    "an empty nonce": lambda: token(claims(nonce="")),
    "a nonce that is a number": lambda: token(claims(nonce=7)),
    "a nonce that is half a surrogate": lambda: token(claims(nonce="\ud800")),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_with_one_thing_wrong_proves_nobody(make: Any) -> None:
    with pytest.raises(Refusal, match=r"^sign_in_invalid$"):
        read(make())


@given(st.text())
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    with pytest.raises(Refusal):
        read(text)


@given(st.text())
def test_no_other_nonce_will_do(nonce: str) -> None:
    with pytest.raises(Refusal):
        read(token(claims(nonce=nonce)))


def test_a_personal_account_is_read_and_left_to_the_caller_to_refuse() -> None:
    personal = token(claims(tid=PERSONAL_ACCOUNTS, iss=f"{LOGIN}/{PERSONAL_ACCOUNTS}/v2.0"))
    assert read(personal) == replace(ADELE, tenant_id=PERSONAL_ACCOUNTS)


CONSUMERS = f"{LOGIN}/{PERSONAL_ACCOUNTS}/v2.0"
MAY_SIGN = {
    "a key of every tenant": (f"{LOGIN}/{{tenantid}}/v2.0", TENANT, True),
    "a key of every tenant, for a consumer": (f"{LOGIN}/{{tenantid}}/v2.0", PERSONAL_ACCOUNTS, True),
    "a key of the tenant": (f"{LOGIN}/{TENANT}/v2.0", TENANT, True),
    "a key whose set says nothing": (None, TENANT, True),
    "a key whose set says nonsense": (7, TENANT, True),
    "a key of consumers, for one": (CONSUMERS, PERSONAL_ACCOUNTS, True),
    "a key of consumers, for a company": (CONSUMERS, TENANT, False),
    "a key of another tenant": (f"{LOGIN}/{OTHER}/v2.0", TENANT, False),
    "a key of another host": ("https://login.evil.example/{tenantid}/v2.0", TENANT, False),
}


@pytest.mark.parametrize(("issuer", "tenant", "may"), MAY_SIGN.values(), ids=MAY_SIGN.keys())
def test_a_key_signs_only_for_whom_the_key_set_lets_it(issuer: Any, tenant: str, may: bool) -> None:
    told = {} if issuer is None else {"issuer": issuer}
    key = jwt.PyJWK({**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k1", **told})
    text = token(claims(tid=tenant, iss=f"{LOGIN}/{tenant}/v2.0"))
    if may:
        assert read_id_token(text, key, SETTINGS, NONCE).tenant_id == tenant
    else:
        with pytest.raises(Refusal, match=r"^sign_in_invalid$"):
            read_id_token(text, key, SETTINGS, NONCE)


GUESTS = {
    "a member": ({}, False),
    "acct 0": ({"acct": 0}, False),
    "acct 1": ({"acct": 1}, True),
    "another tenant's identity provider": ({"idp": f"https://sts.windows.net/{OTHER}/"}, True),
    "a social identity provider": ({"idp": "live.com"}, True),
    "the token's own issuer as identity provider": ({"idp": f"{LOGIN}/{TENANT}/v2.0"}, False),
    "an external user's name": ({"preferred_username": "adele_fabrikam.com#EXT#@contoso.onmicrosoft.com"}, True),
    "an external user's name in small letters": ({"preferred_username": "a_b.com#ext#@c.onmicrosoft.com"}, True),
}


@pytest.mark.parametrize(("changed", "guest"), GUESTS.values(), ids=GUESTS.keys())
def test_who_is_a_guest(changed: dict[str, Any], guest: bool) -> None:
    found = read(token(claims(**changed)))
    assert found.is_guest is guest
    assert found.may_consent is not guest


ROLES = {
    "global administrator": ([ADMINISTRATOR], True),
    "privileged role administrator": (["e8611ab8-c189-46e8-94e1-60213ab1f814"], True),
    "application administrator": (["9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"], False),
    "an ordinary user": (["b79fbf4d-3ef9-4689-8143-76b194e85509"], False),
    "none": ([], False),
    "null": (None, False),
    "a text": (ADMINISTRATOR, False),
    "an object": ({ADMINISTRATOR: True}, False),
    "a list in a list": ([[ADMINISTRATOR]], False),
    "a part of the id": ([ADMINISTRATOR[:-1]], False),
    "numbers": ([1, 2], False),
}


@pytest.mark.parametrize(("wids", "may"), ROLES.values(), ids=ROLES.keys())
def test_who_may_consent(wids: Any, may: bool) -> None:
    assert read(token(claims(wids=wids))).may_consent is may


def test_without_the_claim_nobody_may_consent() -> None:
    assert not read(token(without("wids"))).may_consent


@pytest.mark.parametrize(
    ("changed", "name", "username"),
    [
        ({"name": None}, "adele@contoso.com", "adele@contoso.com"),
        ({"name": "", "preferred_username": None}, "", ""),
        ({"name": 7}, "7", "adele@contoso.com"),
    ],
)
def test_a_missing_name_is_the_user_name(changed: dict[str, Any], name: str, username: str) -> None:
    found = read(token(claims(**changed)))
    assert (found.name, found.username) == (name, username)
