"""The templates say something Azure can understand, as far as that shows without its compiler."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from lark.exceptions import UnexpectedInput
from template import INFRA, ROOT, Template, call_faults, templates

EVERY_TEMPLATE = sorted(templates())

CALLED = Template("app/part.bicep", "param needed string\nparam spare string = ''\noutput made string = needed\n")

DEFAULTED = re.compile(r"\$\{(\w+)(?:=(.*))?\}")
"""azd replaces ${NAME} and ${NAME=default} in the parameters file."""


def parameter_faults(main: Template, values: dict[str, dict[str, Any]]) -> list[str]:
    """Where the file and Bicep differ. azd passes an empty text on, even over a default: the file repeats it."""
    parameters = main.declared("parameters")
    faults = [f"{name} is in one place only" for name in sorted(set(parameters) ^ set(values))]
    for name in sorted(set(parameters) & set(values)):
        match = DEFAULTED.fullmatch(values[name]["value"])
        default = parameters[name]["default"]
        if match is None or (match[2] or "") != str("" if default is None else default):
            faults.append(f"{name} does not default to {default!r}")
    return faults


def test_every_file_of_infra_is_looked_at() -> None:
    assert "main.bicep" in EVERY_TEMPLATE
    assert len(EVERY_TEMPLATE) == len(list(INFRA.rglob("*.bicep"))) > 5


@pytest.mark.parametrize("path", EVERY_TEMPLATE)
def test_template_is_bicep_and_uses_what_it_declares_and_nothing_else(path: str) -> None:
    template = templates()[path]
    assert template.undeclared == set()
    assert template.unused == set()


@pytest.mark.parametrize("path", EVERY_TEMPLATE)
def test_modules_are_called_with_exactly_their_parameters(path: str) -> None:
    assert call_faults(templates()[path], templates()) == []


def test_every_module_file_is_called() -> None:
    called = {module["detail"]["path"] for module in templates()["main.bicep"].declared("modules").values()}
    assert called == {path for path in EVERY_TEMPLATE if path != "main.bicep"}


def test_parameters_file_gives_exactly_the_parameters_with_their_defaults() -> None:
    file = json.loads((INFRA / "main.parameters.json").read_text())
    assert parameter_faults(templates()["main.bicep"], file["parameters"]) == []


def test_azd_finds_the_site_of_its_service() -> None:
    service = re.search(r"^services:\n  (\w+):", (ROOT / "azure.yaml").read_text(), re.MULTILINE)
    assert service is not None
    assert f"'azd-service-name': '{service[1]}'" in templates()["app/service.bicep"].text


def test_roles_exist_before_the_service_starts() -> None:
    assert templates()["main.bicep"].declared("modules")["service"]["config"]["dependsOn"] == ["access"]


def test_text_that_is_not_bicep_is_noticed() -> None:
    with pytest.raises(UnexpectedInput):
        _ = Template("broken.bicep", "resource = {").content


@pytest.mark.parametrize(
    ("text", "undeclared"),
    [
        ("output o string = a", {"a"}),
        ("output o string = 'x${a.b.c}y'", {"a"}),
        ("output o string = a.b.c == d && e[f].g ? h : i", {"a", "d", "e", "f", "h", "i"}),
        ("var v = { key: a, '${b}': 'text' }\noutput o object = v", {"a", "b"}),
        ("var v = [for (row, i) in rows: '${row}${i}${a}']\noutput o array = v", {"rows", "a"}),
        ("var v = [for row in ['x']: { row: row }]\noutput o string = row", {"row"}),
        ("output o string = empty(a) ? guid('a', b) : ''", {"a", "b"}),
    ],
)
def test_names_that_nobody_declared_are_found(text: str, undeclared: set[str]) -> None:
    assert Template("t.bicep", text + "\n").undeclared == undeclared


def test_parameters_that_nobody_reads_are_found() -> None:
    assert Template("t.bicep", "param a string\nparam b string\noutput o string = 'a${b}'\n").unused == {"a"}


@pytest.mark.parametrize(
    ("file", "params", "read", "fault"),
    [
        ("part.bicep", "needed: 'x'", "made", None),
        ("part.bicep", "spare: 'x'", "made", "part: needed is not given"),
        ("part.bicep", "needed: 'x'\n    extra: 'y'", "made", "part: extra is not a parameter"),
        ("part.bicep", "needed: 'x'", "other", "part: other is not an output"),
        ("gone.bicep", "needed: 'x'", "made", "part: no such file"),
    ],
)
def test_module_calls_that_do_not_fit_are_found(file: str, params: str, read: str, fault: str | None) -> None:
    text = f"module part 'app/{file}' = {{\n  name: 'part'\n  params: {{\n    {params}\n  }}\n}}\n"
    caller = Template("main.bicep", f"{text}output o string = part.outputs.{read}\n")
    assert call_faults(caller, {CALLED.path: CALLED}) == ([fault] if fault else [])


def test_parameters_that_do_not_fit_are_found() -> None:
    main = Template("main.bicep", "param a string\nparam b string = 'x'\nparam c string = ''\nparam d int = 1\n")
    values = {"a": {"value": "${A}"}, "b": {"value": "${B}"}, "c": {"value": "${C=y}"}, "z": {"value": "${Z}"}}
    assert parameter_faults(main, values) == [
        "d is in one place only",
        "z is in one place only",
        "b does not default to 'x'",
        "c does not default to ''",
    ]
