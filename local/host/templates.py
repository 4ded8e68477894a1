"""The grammar of route templates: `orders/{id:int}/{view=summary}/{*rest}`.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local.host.constraints import Constraint, parse_constraint

_PARAMETER = re.compile(
    r"(?P<stars>\*{0,2})(?P<name>[^:=?*/{}]+)"
    r"(?P<constraints>(?::\w+(?:\(.*?\))?(?=[:=?]|$))*)"
    r"(?P<end>\?|=.*)?",
)
_CONSTRAINT = re.compile(r":(\w+)(?:\((.*?)\))?(?=:|$)")
_INSIDE = r"(?:[^{}]|\{\{|\}\})*"
_BRACES = re.compile(rf"\{{({_INSIDE})\}}")
_PARTS = re.compile(rf"(?:\{{{_INSIDE}\}}|[^/])+")


@dataclass(frozen=True)
class Parameter:
    """One `{name:constraint=default}`."""

    name: str
    constraints: Sequence[Constraint] = ()
    optional: bool = False
    default: str | None = None
    catch_all: bool = False

    def accept(self, value: str | None, values: dict[str, str]) -> bool:
        """Store the value if it may stand here; an absent one gives the default or, if optional, nothing."""
        if not value:
            if self.default is not None:
                values[self.name] = self.default
            return self.optional or self.catch_all or self.default is not None
        if not all(allows(value) for allows in self.constraints):
            return False
        values[self.name] = value
        return True


@dataclass(frozen=True)
class Literal:
    """A fixed part, compared without regard to case."""

    text: str
    rank: int = 1

    def take(self, part: str | None, values: dict[str, str]) -> bool:  # noqa: ARG002 - one signature for all kinds
        """Whether the path's part is this text."""
        return part is not None and part.lower() == self.text


@dataclass(frozen=True)
class Single:
    """A part that is one parameter."""

    parameter: Parameter

    @property
    def rank(self) -> int:
        """A constrained parameter goes before a plain one."""
        return 2 if self.parameter.constraints else 3

    def take(self, part: str | None, values: dict[str, str]) -> bool:
        """Store the path's part as the parameter's value."""
        return self.parameter.accept(part, values)


@dataclass(frozen=True)
class Mixed:
    """A part of text and parameters, such as `{name}.{extension}`."""

    pattern: re.Pattern[str]
    parameters: Sequence[Parameter]
    rank: int = 2

    def take(self, part: str | None, values: dict[str, str]) -> bool:
        """Split the path's part at the fixed text and store each parameter's value."""
        found = self.pattern.fullmatch(part or "")
        return found is not None and all(
            parameter.accept(value, values) for parameter, value in zip(self.parameters, found.groups(), strict=True)
        )


@dataclass(frozen=True)
class CatchAll:
    """The last part, `{*rest}`: everything that is left, nothing included."""

    parameter: Parameter

    @property
    def rank(self) -> int:
        """Catch-alls come last."""
        return 4 if self.parameter.constraints else 5

    def take_rest(self, parts: Sequence[str], values: dict[str, str]) -> dict[str, str] | None:
        """Store the remaining path as the parameter's value."""
        return values if self.parameter.accept("/".join(parts), values) else None


Segment = Literal | Single | Mixed | CatchAll


def parse_template(template: str) -> list[Segment]:
    """Compile a template; raises ValueError when it is malformed."""
    text = template.strip("/")
    segments = [_segment(part, template) for part in _PARTS.findall(text)]
    if any(isinstance(segment, CatchAll) for segment in segments[:-1]):
        raise ValueError(f"a catch-all parameter must be the last part of the route {template!r}")
    names = [name.lower() for segment in segments for name in _names(segment)]
    if len(names) != len(set(names)):
        raise ValueError(f"the route {template!r} names a parameter twice")
    return segments


def _names(segment: Segment) -> list[str]:
    if isinstance(segment, Literal):
        return []
    return [p.name for p in (segment.parameters if isinstance(segment, Mixed) else [segment.parameter])]


def _segment(part: str, template: str) -> Segment:
    texts = _BRACES.split(part)
    fixed, parameters = texts[::2], [_parameter(text, template) for text in texts[1::2]]
    if any("{" in text or "}" in text for text in fixed):
        raise ValueError(f"the braces of the route {template!r} do not pair")
    if not parameters:
        return Literal(part.lower())
    if len(parameters) == 1 and fixed == ["", ""]:
        return CatchAll(parameters[0]) if parameters[0].catch_all else Single(parameters[0])
    pattern = "(.+)".join(re.escape(text) for text in fixed)
    return Mixed(re.compile(pattern, re.IGNORECASE | re.DOTALL), parameters)


def _parameter(text: str, template: str) -> Parameter:
    form = _PARAMETER.fullmatch(text.replace("{{", "{").replace("}}", "}"))
    if form is None:
        raise ValueError(f"the parameter {{{text}}} of the route {template!r} is malformed")
    end = form["end"] or ""
    return Parameter(
        name=form["name"].strip(),
        constraints=tuple(parse_constraint(*found) for found in _CONSTRAINT.findall(form["constraints"])),
        optional=end == "?",
        default=end[1:] if end.startswith("=") else None,
        catch_all=bool(form["stars"]),
    )
