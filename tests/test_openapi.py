"""The API's document is whole: everything in it is explained, has an example and leads somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from shared.bootstrap import Services
from shared.contract.examples import CSV, DETAILS, EXAMPLES
from shared.functions.app import api_of
from shared.functions.openapi import document
from shared.functions.openapi_problems import problems
from shared.pages.documentation import groups
from shared.settings import Settings
from shared.version import VERSION
from tests.test_import_rules import ENVIRON, ROOT, loaded_after

ENDPOINTS = api_of(Services(Settings.from_env(ENVIRON))).endpoints
DOCUMENT = document(ENDPOINTS, "https://outlook.example.com")
OPERATIONS = {call["operationId"]: call for path in DOCUMENT["paths"].values() for call in path.values()}
SPOKEN = {kind for one in ENDPOINTS for kind in (one.body, *one.answers.values()) if kind}
ASKED = {one.query for one in ENDPOINTS if msgspec.structs.fields(one.query)}


class Told(Struct):
    """Something happened."""

    member: str
    """Whom it is about."""


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(part)


@pytest.mark.parametrize("kind", sorted(SPOKEN | ASKED, key=lambda kind: kind.__name__))
def test_every_definition_has_an_example_that_keeps_to_it(kind: type[Struct]) -> None:
    example = EXAMPLES[kind]
    assert msgspec.json.decode(msgspec.json.encode(example), type=kind) == example


def test_every_problem_and_table_has_an_example() -> None:
    assert {kind for one in ENDPOINTS for kinds in problems(one) for kind in kinds} <= {*DETAILS}
    assert {one.name for one in ENDPOINTS if one.csv} == {*CSV}


def test_every_endpoint_is_in_the_document_once() -> None:
    assert sorted(OPERATIONS) == sorted(one.name for one in ENDPOINTS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_explains_itself(name: str) -> None:
    call = OPERATIONS[name]
    assert call["summary"].endswith(".")
    assert "For: " in call["description"]
    assert all(one["description"] and one["example"] is not None for one in call["parameters"] if one["required"])
    assert all(one["description"] for one in call["parameters"])
    assert call["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}


def test_every_reference_leads_somewhere() -> None:
    references = [part["$ref"] for part in parts(DOCUMENT) if "$ref" in part]
    assert len(references) > 50
    for reference in references:
        _, kind, name = reference.removeprefix("#/").split("/")
        assert name in DOCUMENT["components"][kind]


def test_problems_say_their_codes_and_headers() -> None:
    responses = DOCUMENT["components"]["responses"]
    codes = responses["ForbiddenOrNotEntitled"]["content"]["application/problem+json"]["schema"]["allOf"][1]
    assert codes["properties"]["type"]["enum"] == [
        "urn:outlook-connection:problem:forbidden", "urn:outlook-connection:problem:not-entitled",
    ]  # fmt: skip
    assert responses["Unavailable"]["headers"]["Retry-After"]["required"]
    assert responses["Unauthenticated"]["headers"]["WWW-Authenticate"]["schema"]["const"] == "Bearer"


EXPECTED = {
    "create_activation_link": "201 400 401 403 413 503",
    "revoke_activation_link": "204 400 401 403 404 409 503",
    "put_member": "200 201 400 401 403 404 409 413 503",
    "busy_times": "200 400 401 404 503",
    "put_booking": "200 201 400 401 403 404 409 412 413 503",
    "read_booking": "200 400 401 403 404 503",
    "cancel_booking": "200 400 401 403 404 409 412 413 503",
    "discard_dead_letter": "204 400 401 404 503",
    "health": "200",
    "ready": "200 503",
    "openapi": "200 304",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_status_is_named(name: str) -> None:
    assert " ".join(sorted(OPERATIONS[name]["responses"])) == EXPECTED[name]


def test_versions_are_in_the_document_where_they_are_answered_and_heeded() -> None:
    heeding = {name for name, one in OPERATIONS.items() if "If-Match" in {each["name"] for each in one["parameters"]}}
    good = {name: one["responses"].get("200", {}) for name, one in OPERATIONS.items()}
    answering = {name for name, one in good.items() if "ETag" in one.get("headers", ())}
    assert (heeding, answering - heeding) == ({"put_booking", "cancel_booking"}, {"read_booking"})
    assert not OPERATIONS["cancel_booking"]["requestBody"]["required"]


def test_a_key_that_is_missing_is_answered_without_a_body() -> None:
    assert "content" not in OPERATIONS["list_dead_letters"]["responses"]["401"]


def test_fields_are_described_by_what_stands_under_them_and_times_are_times() -> None:
    fields = DOCUMENT["components"]["schemas"]["TenantOutput"]["properties"]
    assert fields["missed_pushes"]["description"].startswith("Calendars with a change")
    assert fields["consented_at"]["format"] == "date-time"
    assert fields["synced_at"]["anyOf"][0]["format"] == "date-time"


def test_events_have_a_place_in_the_document_and_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXAMPLES, Told, Told("alice"))  # type: ignore[arg-type]
    made = document(ENDPOINTS, "https://outlook.example.com", {"member.connected": Told})
    body = made["webhooks"]["member.connected"]["post"]["requestBody"]["content"]["application/json"]
    assert body == {"schema": {"$ref": "#/components/schemas/Told"}, "example": {"member": "alice"}}
    assert made["components"]["schemas"]["Told"]["properties"]["member"]["description"] == "Whom it is about."
    assert groups(made)[-1].operations[0].path == "member.connected"
    assert DOCUMENT["webhooks"] == {}


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert DOCUMENT["info"]["version"] == VERSION == project["version"]


def test_calls_to_copy_hold_the_examples() -> None:
    shown = {call.id: call.curl for group in groups(DOCUMENT) for call in group.operations}
    assert shown["busy_times"].startswith('curl "$URL/api/members/alice/busy?start=2026-12-07T00%3A00%3A00Z&end=')
    assert '-H "x-functions-key: $KEY"' in shown["list_dead_letters"]
    (sent,) = re.findall(r"-d '(.*)'", shown["put_member"])
    assert json.loads(sent)["name"] == "Alice Admin"


def test_a_cold_start_loads_nothing_of_the_document() -> None:
    loaded = loaded_after("import function_app")
    assert "shared.functions.documentation" in loaded
    assert not {name for name in loaded if re.search("openapi|examples|docstrings|pages", name) and "shared" in name}
