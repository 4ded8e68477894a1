"""A setting that the code reads is explained, in the sample, and set on Azure; and nothing else is."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from template import ROOT, Template, templates

from shared.errors import SettingsError
from shared.settings import Settings

APP = ROOT / "function_app.py"
DOCUMENT = ROOT / "docs" / "settings.md"
SAMPLE = ROOT / "local.settings.sample.json"
CREDENTIALS = ("certificate", "federatedIdentity")
VAULT_REFERENCE = "@Microsoft.KeyVault("
FILLED_IN_WHERE_WANTED = {"PLATFORM_EVENTS_URL", "PLATFORM_EVENTS_SECRETS"}
FILLED_IN_BY_PEOPLE = {"SECRET_KEYS", "TOKEN_KEYS", "MICROSOFT_CLIENT_ID", "MICROSOFT_CERTIFICATE_FILE"}


@dataclass(frozen=True)
class Documented:
    """One row of docs/settings.md."""

    name: str
    example: str
    required: str
    secret: bool
    set_by: str


class Asked(dict[str, str]):
    """An environment that remembers which settings were looked up."""

    def __init__(self, values: Mapping[str, str], default: str) -> None:
        super().__init__(values)
        self.names: set[str] = set()
        self._default = default

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, self._default or default)


def documented(text: str) -> dict[str, Documented]:
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("| `")
    ]
    entries = (
        Documented(name.strip("`"), example.strip("`"), required, "yes" in secret, set_by)
        for name, _, example, required, secret, set_by in rows
    )
    return {entry.name: entry for entry in entries}


def deployed(found: Mapping[str, Template], credential: str) -> dict[str, Any]:
    """The app settings that the templates make of one kind of credential."""
    variables = found["app/service.bicep"].declared("variables")
    service = found["main.bicep"].declared("modules")["service"]
    return {
        **variables["platformSettings"]["value"],
        **variables["credentialSettings"]["value"][credential],
        **service["config"]["params"]["productSettings"],
        **variables["eventSettings"]["value"],
    }


def faults(rows: Mapping[str, Documented], set_on_azure: Mapping[str, Any], sample: Mapping[str, str]) -> list[str]:
    """Where document, templates and sample disagree."""
    expected = {name for name, row in rows.items() if row.set_by != "local only"}
    vault = {name for name, value in set_on_azure.items() if str(value).startswith(VAULT_REFERENCE)}
    return [
        *(f"{name} is not set on Azure" for name in sorted(expected - set(set_on_azure))),
        *(f"{name} is not documented for Azure" for name in sorted(set(set_on_azure) - expected)),
        *(f"{name} of the sample is not documented" for name in sorted(set(sample) - set(rows))),
        *(f"{name} must be a vault reference" for name in _from_vault(rows) ^ vault),
    ]


def _from_vault(rows: Mapping[str, Documented]) -> set[str]:
    return {name for name, row in rows.items() if row.set_by == "vault" or (row.secret and row.set_by == "template")}


def read_by_code() -> set[str]:
    """Every setting the code looks up, on its way through an empty and through a full environment."""
    names: set[str] = set()
    for default in ("", "https://localhost"):
        environment = Asked({}, default)
        with pytest.raises(SettingsError):
            Settings.from_env(environment)
        names |= environment.names
    return names


def bound_settings(bindings: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Connections and %SETTINGS% of bindings. A connection may be one setting or a group of `NAME__…`."""
    for binding in bindings:
        for key, value in binding.items():
            yield from [value] if key == "connection" else re.findall(r"%(\w+)%", str(value))


SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "PUBLIC_URL": "https://outlook.example.com",
    "MICROSOFT_CLIENT_ID": "x",
    "MICROSOFT_CERTIFICATE_FILE": "x",
    "PLATFORM_NAME": "x",
    "PLATFORM_SIGN_IN_URL": "https://platform.example.com",
    "PLATFORM_ISSUER": "x",
    "PLATFORM_AUDIENCE": "x",
    "PLATFORM_JWKS_URL": "https://platform.example.com/keys",
    "SECRET_KEYS": base64.b64encode(bytes(32)).decode(),
    "TOKEN_KEYS": base64.b64encode(bytes(32)).decode(),
    "RESYNC_SCHEDULE": "0 */5 * * * *",
}
"""Enough for the app to start."""


@cache
def bindings_of(module: Path) -> list[dict[str, Any]]:
    """All bindings of the app, read in a process of its own: an app gives its functions away only once."""
    code = (
        f"import json, {module.stem} as main\n"
        "found = [b.get_dict_repr() for f in main.app.get_functions() for b in f.get_bindings()]\n"
        "print(json.dumps(found, default=str))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=module.parent, env=SETTINGS, capture_output=True, check=True
    )
    return list(json.loads(answer.stdout))


def is_set(name: str, values: Mapping[str, Any]) -> bool:
    return any(key == name or key.startswith(f"{name}__") for key in values)


CLOCK = """
import azure.functions as func

app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="%PULSE%")
@app.queue_output(arg_name="out", queue_name="work", connection="Elsewhere")
def tick(timer: func.TimerRequest, out: func.Out[str]) -> None: ...
"""

ROWS = documented(DOCUMENT.read_text())
FILE = json.loads(SAMPLE.read_text())
VALUES: dict[str, str] = FILE["Values"]
ON_AZURE = {name: value for credential in CREDENTIALS for name, value in deployed(templates(), credential).items()}


def test_document_templates_and_sample_agree() -> None:
    assert faults(ROWS, ON_AZURE, VALUES) == []


def test_everything_the_code_reads_is_documented() -> None:
    assert len(read_by_code()) > 15
    assert read_by_code() - set(ROWS) == set()


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_code_accepts_what_the_templates_set(credential: str) -> None:
    key = "A" * 43 + "="
    environment = {name: ROWS[name].example for name in deployed(templates(), credential)}
    Settings.from_env({**environment, "SECRET_KEYS": key, "TOKEN_KEYS": key})


def test_sample_lacks_only_what_people_must_fill_in() -> None:
    assert {name for name, value in VALUES.items() if not value} == FILLED_IN_BY_PEOPLE | FILLED_IN_WHERE_WANTED
    keys = dict.fromkeys(("SECRET_KEYS", "TOKEN_KEYS"), "A" * 43 + "=")
    Settings.from_env({**VALUES, **keys, "MICROSOFT_CLIENT_ID": "id", "MICROSOFT_CERTIFICATE_FILE": "app.pem"})


def test_sample_is_a_file_core_tools_can_read() -> None:
    """Values must be text: https://learn.microsoft.com/azure/azure-functions/functions-develop-local"""
    assert FILE["IsEncrypted"] is False
    assert {type(value) for value in VALUES.values()} == {str}
    assert VALUES["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert VALUES["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"


def test_every_binding_finds_its_setting() -> None:
    names = set(bound_settings(bindings_of(APP)))
    assert {"AzureWebJobsStorage", "RESYNC_SCHEDULE"} <= names
    assert [name for name in sorted(names) if not is_set(name, VALUES)] == []
    assert [name for name in sorted(names) if not is_set(name, ON_AZURE)] == []


def test_every_queue_of_a_binding_is_deployed() -> None:
    queues = {binding["queueName"] for binding in bindings_of(APP) if "queueName" in binding}
    deployed = templates()["app/storage.bicep"].declared("variables")["queues"]["value"]
    assert queues == {name for queue in deployed for name in (queue, f"{queue}-poison")}


@pytest.mark.parametrize(
    ("row", "on_azure", "sample", "fault"),
    [
        ("| `A` | m | e | required | no | template |", {}, {}, "A is not set on Azure"),
        ("| `A` | m | e | required | no | local only |", {"A": "x"}, {}, "A is not documented for Azure"),
        ("| `A` | m | e | required | no | local only |", {}, {"B": "x"}, "B of the sample is not documented"),
        ("| `A` | m | e | required | **yes** | vault |", {"A": "plain"}, {}, "A must be a vault reference"),
        ("| `A` | m | e | required | **yes** | template |", {"A": "plain"}, {}, "A must be a vault reference"),
        (
            "| `A` | m | e | required | no | template |",
            {"A": f"{VAULT_REFERENCE}x)"},
            {},
            "A must be a vault reference",
        ),
    ],
)
def test_disagreement_is_noticed(row: str, on_azure: dict[str, str], sample: dict[str, str], fault: str) -> None:
    assert faults(documented(row), on_azure, sample) == [fault]


def test_missing_binding_settings_are_noticed(tmp_path: Path) -> None:
    module = tmp_path / "clock.py"
    module.write_text(CLOCK)
    assert set(bound_settings(bindings_of(module))) == {"PULSE", "Elsewhere"}
    assert is_set("Elsewhere", {"Elsewhere__queueServiceUri": "x"})
    assert not is_set("Elsewhere", {"ElsewhereToo": "x"})
