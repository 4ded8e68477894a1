"""Settings: everything that is missing or wrong is named at once, and nothing secret is repeated."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.errors import SettingsError
from shared.settings import Settings, StorageSettings
from tests.properties import given

KEY = base64.b64encode(b"k" * 32).decode()
OTHER_KEY = base64.b64encode(b"o" * 48).decode()
PEM = "-----BEGIN PRIVATE KEY-----\nMIIsecret\n-----END PRIVATE KEY-----"
VALID = {
    "PUBLIC_URL": "https://outlook.example.com",
    "SECRET_KEYS": KEY,
    "TOKEN_KEYS": KEY,
    "RESYNC_SCHEDULE": "0 */5 * * * *",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "MICROSOFT_CLIENT_ID": "11111111-0000-4000-8000-000000000001",
    "MICROSOFT_CERTIFICATE": PEM,
    "PLATFORM_NAME": "Calendly",
    "PLATFORM_SIGN_IN_URL": "https://platform.example.com/login",
    "PLATFORM_ISSUER": "https://platform.example.com",
    "PLATFORM_AUDIENCE": "outlook-connection",
    "PLATFORM_JWKS_URL": "https://platform.example.com/.well-known/jwks.json",
}
REQUIRED = sorted(VALID)


def problems(**changed: str | None) -> str:
    """What is said about the valid settings with these changes (None removes one)."""
    environ = {key: value for key, value in {**VALID, **changed}.items() if value is not None}
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value)


def test_valid_settings_are_read() -> None:
    settings = Settings.from_env(VALID)
    assert settings.secret_keys == (b"k" * 32,)
    assert settings.platform.entitled_plans == {"enterprise"}
    assert settings.microsoft.login_url == "https://login.microsoftonline.com"
    assert settings.microsoft.sign_in_url == settings.microsoft.login_url
    assert settings.microsoft.graph_url == "https://graph.microsoft.com"
    assert settings.storage == StorageSettings("UseDevelopmentStorage=true")


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "  ", "\n"], ids=["absent", "empty", "blanks", "line break"])
def test_a_missing_setting_is_named_and_nothing_else(name: str, value: str | None) -> None:
    said = problems(**{name: value})
    assert name in said
    assert said.startswith("1 setting(s)")


WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = "https://platform.example.com/hooks/?a=1"


def test_events_are_off_where_nothing_is_said_of_them() -> None:
    assert Settings.from_env(VALID).events is None


def test_events_have_an_address_and_secrets_newest_first() -> None:
    other = f"whsec_{base64.b64encode(b'o' * 64).decode()}"
    read = Settings.from_env(
        {**VALID, "PLATFORM_EVENTS_URL": HOOK, "PLATFORM_EVENTS_SECRETS": f"{WHSEC}, {other}"}
    ).events
    assert read is not None
    assert (read.url, len(read.secrets[0]), read.secrets[1]) == (HOOK, 24, b"o" * 64)


@pytest.mark.parametrize(
    ("url", "secrets", "name"),
    [
        (HOOK, None, "both or neither"),
        (None, WHSEC, "both or neither"),
        ("http://platform.example.com", WHSEC, "PLATFORM_EVENTS_URL must be"),
        (HOOK, KEY, "PLATFORM_EVENTS_SECRETS must be"),
        (HOOK, "whsec_c2hvcnQ=", "PLATFORM_EVENTS_SECRETS must be"),
        (HOOK, f"{WHSEC},x", "PLATFORM_EVENTS_SECRETS must be"),
        (HOOK, ",", "PLATFORM_EVENTS_SECRETS must be"),
    ],
)
def test_a_wrong_webhook_is_named_and_its_secret_is_not(url: str | None, secrets: str | None, name: str) -> None:
    said = problems(PLATFORM_EVENTS_URL=url, PLATFORM_EVENTS_SECRETS=secrets)
    assert name in said
    assert said.startswith("1 setting(s)")
    assert not secrets or len(secrets) < 5 or secrets not in said


def test_everything_missing_is_named_in_one_message() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({})
    assert all(name in str(raised.value) for name in REQUIRED)


URLS = ["PUBLIC_URL", "PLATFORM_SIGN_IN_URL", "PLATFORM_JWKS_URL", "MICROSOFT_LOGIN_URL", "MICROSOFT_GRAPH_URL"]
WRONG_URLS = {
    "no scheme": "outlook.example.com",
    "http": "http://outlook.example.com",
    "http on a host that begins like this machine": "http://localhost.example.com",
    "http with this machine as user": "http://localhost@example.com",
    "ftp": "ftp://outlook.example.com",
    "no host": "https://",
    "no host but a path": "https:///x",
    "a user but no host": "https://user@",
    "script": "javascript:alert(1)",
    "half an IPv6 address": "https://[::1",
    "no IPv6 address": "https://[zz]/",
    "a port that is none": "https://outlook.example.com:none",
    "a port out of range": "https://outlook.example.com:99999",
}


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("value", WRONG_URLS.values(), ids=WRONG_URLS.keys())
def test_a_wrong_address_is_named(name: str, value: str) -> None:
    assert f"{name} must be an https:// address" in problems(**{name: value})


RIGHT_URLS = {
    "https://outlook.example.com/": "https://outlook.example.com",
    " https://outlook.example.com ": "https://outlook.example.com",
    "https://outlook.example.com/base/": "https://outlook.example.com/base",
    "http://localhost:7071": "http://localhost:7071",
    "http://127.0.0.1:7071/": "http://127.0.0.1:7071",
    "http://[::1]:7071": "http://[::1]:7071",
}


@pytest.mark.parametrize(("value", "expected"), RIGHT_URLS.items())
def test_an_address_loses_its_last_slash(value: str, expected: str) -> None:
    assert Settings.from_env({**VALID, "PUBLIC_URL": value}).public_url == expected


WRONG_KEYS = {
    "not base64": "!" * 44,
    "too short": base64.b64encode(b"k" * 31).decode(),
    "the second too short": f"{KEY},c2hvcnQ=",
    "url-safe letters": base64.urlsafe_b64encode(b"\xff" * 32).decode(),
    "padding lost": KEY.rstrip("="),
    "not ASCII": "é" * 44,
    "commas only": ",",
    "commas and blanks only": " , ,",
}


@pytest.mark.parametrize("value", WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
@pytest.mark.parametrize("name", ["SECRET_KEYS", "TOKEN_KEYS"])
def test_a_wrong_key_is_named_and_never_repeated(name: str, value: str) -> None:
    said = problems(**{name: value})
    assert f"{name} must be" in said
    assert value.strip(" ,") == "" or value not in said


@pytest.mark.parametrize("value", [f"{KEY},{OTHER_KEY}", f" {KEY} , {OTHER_KEY} ", f"{KEY},{OTHER_KEY},"])
def test_keys_are_read_newest_first(value: str) -> None:
    settings = Settings.from_env({**VALID, "SECRET_KEYS": value, "TOKEN_KEYS": value})
    assert settings.secret_keys == settings.token_keys == (b"k" * 32, b"o" * 48)


def test_keys_that_decrypt_tokens_show_in_no_repr() -> None:
    assert "token_keys" not in repr(Settings.from_env(VALID))


CREDENTIALS = {
    "none": {"MICROSOFT_CERTIFICATE": None},
    "a certificate twice": {"MICROSOFT_CERTIFICATE_FILE": "client.pem"},
    "a certificate and an identity": {"MICROSOFT_FEDERATED_IDENTITY": "22222222-0000-4000-8000-000000000002"},
    "all three": {"MICROSOFT_CERTIFICATE_FILE": "client.pem", "MICROSOFT_FEDERATED_IDENTITY": "x"},
}


@pytest.mark.parametrize("changed", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_there_is_exactly_one_credential(changed: dict[str, Any]) -> None:
    said = problems(**changed)
    assert "exactly one of MICROSOFT_CERTIFICATE, MICROSOFT_CERTIFICATE_FILE, MICROSOFT_FEDERATED_IDENTITY" in said


TABLES, QUEUES = "AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__queueServiceUri"
ACCOUNT = {TABLES: "https://a.table.core.windows.net", QUEUES: "https://a.queue.core.windows.net"}


def test_storage_may_be_reached_by_identity() -> None:
    environ = {**VALID, **ACCOUNT, "AzureWebJobsStorage__clientId": "id"}
    del environ["AzureWebJobsStorage"]
    expected = StorageSettings(None, ACCOUNT[TABLES], ACCOUNT[QUEUES], "id")
    assert Settings.from_env(environ).storage == expected


@pytest.mark.parametrize("present", [TABLES, QUEUES])
def test_half_an_account_is_none(present: str) -> None:
    assert "AzureWebJobsStorage is missing" in problems(AzureWebJobsStorage=None, **{present: ACCOUNT[present]})


def test_all_wrong_settings_stand_in_one_message() -> None:
    said = problems(PUBLIC_URL="http://x.example", SECRET_KEYS="!", MICROSOFT_CERTIFICATE=None, PLATFORM_NAME=" ")
    assert said.startswith("4 setting(s)")
    assert all(name in said for name in ("PUBLIC_URL", "SECRET_KEYS", "MICROSOFT_CERTIFICATE", "PLATFORM_NAME"))


SECRETS = {
    "a key": {"SECRET_KEYS": f"{KEY},c2VjcmV0"},
    "a private key": {"MICROSOFT_CERTIFICATE": PEM + "secret", "MICROSOFT_CERTIFICATE_FILE": "client.pem"},
    "an account key": {"AzureWebJobsStorage": "AccountName=a;AccountKey=secret", "PLATFORM_NAME": None},
    "a password in an address": {"PUBLIC_URL": "http://user:secret@outlook.example.com"},
    "a key in a query": {"PLATFORM_JWKS_URL": "http://platform.example.com/keys?code=secret"},
}


@pytest.mark.parametrize("changed", SECRETS.values(), ids=SECRETS.keys())
def test_the_message_repeats_no_secret(changed: dict[str, Any]) -> None:
    said = problems(**changed)
    assert all(secret not in said for secret in ("secret", KEY, "c2VjcmV0"))


def test_plans_are_read_as_a_list() -> None:
    settings = Settings.from_env({**VALID, "ENTITLED_PLANS": " enterprise, teams ,"})
    assert settings.platform.entitled_plans == {"enterprise", "teams"}


@given(st.sampled_from([*REQUIRED, *URLS]), st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_no_value_makes_it_raise_anything_else(name: str, value: str) -> None:
    with suppress(SettingsError):
        Settings.from_env({**VALID, name: value})
