"""Bicep templates as data.

There is no Bicep compiler to install offline. pycep parses the language but knows no scopes and takes any
name, so what a compiler would refuse is looked for here: undeclared names, module calls that do not fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pycep
from lark import Token, Tree

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"

_parser = pycep.BicepParser()
_interpolation = re.compile(r"\$\{([^}]*)\}")
_module_output = re.compile(r"\b(\w+)\.outputs\.(\w+)")


@dataclass(frozen=True)
class Template:
    """One .bicep file; `path` is relative to infra/."""

    path: str
    text: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """What the file declares. Raises where the text is not Bicep."""
        return dict(_parser.parse(text=self.text))

    def declared(self, kind: str) -> dict[str, dict[str, Any]]:
        """The declarations of one kind: parameters, variables, resources, modules or outputs."""
        return self.content.get(kind) or {}

    def resources(self, resource_type: str) -> list[dict[str, Any]]:
        """Bodies of the resources of this type that the file creates, loops and conditions unwrapped."""
        created = [r for r in self.declared("resources").values() if not r["existing"]]
        return [_body(r["config"]) for r in created if r["type"] == resource_type]

    @property
    def undeclared(self) -> set[str]:
        """Names that are used and declared nowhere in the file."""
        kinds = ("parameters", "variables", "resources", "modules")
        known = {name for kind in kinds for name in self.declared(kind)}
        return set(_names(_parser.lark_parser.parse(self.text))) - known

    @property
    def unused(self) -> set[str]:
        """Parameters and variables that nothing reads."""
        own = {name for kind in ("parameters", "variables") for name in self.declared(kind)}
        return own - set(_names(_parser.lark_parser.parse(self.text)))


def templates() -> dict[str, Template]:
    """Every template of the project by path."""
    paths = (path.relative_to(INFRA).as_posix() for path in sorted(INFRA.rglob("*.bicep")))
    return {path: Template(path, (INFRA / path).read_text()) for path in paths}


def call_faults(caller: Template, called: dict[str, Template]) -> list[str]:
    """What is wrong with the caller's modules: files, parameters and outputs that are missing or unknown."""
    faults = []
    for name, module in caller.declared("modules").items():
        target = called.get((Path(caller.path).parent / module["detail"]["path"]).as_posix())
        if target is None:
            faults.append(f"{name}: no such file")
            continue
        given = set(_body(module["config"]).get("params", {}))
        parameters = target.declared("parameters")
        required = {key for key, parameter in parameters.items() if parameter["default"] is None}
        faults += [f"{name}: {key} is not given" for key in sorted(required - given)]
        faults += [f"{name}: {key} is not a parameter" for key in sorted(given - set(parameters))]
        read = {output for module_name, output in _module_output.findall(caller.text) if module_name == name}
        faults += [f"{name}: {key} is not an output" for key in sorted(read - set(target.declared("outputs")))]
    return faults


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every object at any depth."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from mappings(item)


def _body(config: dict[str, Any]) -> dict[str, Any]:
    """pycep wraps the body of a loop or a condition into another `config`."""
    return dict(config.get("config", config))


def _names(tree: Tree[Token], *, after_dot: bool = False, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """The variables that a syntax tree reads, without the loop variables it binds itself.

    In `a.b.c` only `a` is one. pycep ranks `.` below all other operators, so `a.b == c` arrives as
    `a . (b == c)`: what follows a dot is the *first* name of the right side, whatever operator stands there.
    """
    children = [child for child in tree.children if child is not None]
    if tree.data == "loop":
        bound |= _loop_variables(children[0])
    for position, child in enumerate(children):
        first = after_dot and position == 0
        member = tree.data == "property_accessor" and position == 1
        if isinstance(child, Tree):
            yield from _names(child, after_dot=first or member, bound=bound)
        elif child.type == "QUOTED_INTERPOLATION":
            yield from _interpolated(child, bound)
        elif tree.data == "string" and not after_dot and child not in bound:
            yield str(child)


def _loop_variables(head: Tree[Token] | Token) -> frozenset[str]:
    """`row` of `for row in rows`, `row` and `index` of `for (row, index) in rows`."""
    return frozenset(str(token) for token in getattr(head, "children", []) if isinstance(token, Token))


def _interpolated(text: str, bound: frozenset[str]) -> Iterator[str]:
    for expression in _interpolation.findall(text):
        yield from _names(_parser.lark_parser.parse(f"var x = {expression}"), bound=bound)
