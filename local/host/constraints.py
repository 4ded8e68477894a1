"""Conditions on a route value: `{id:int}`, `{name:length(2,20)}`, `{code:regex(^[a-z]+$)}`.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Constraint = Callable[[str], bool]


def parse_constraint(name: str, argument: str) -> Constraint:
    """Turn `name(argument)` into a predicate over the decoded value; raises ValueError for an unknown one."""
    if name in _PLAIN:
        return _PLAIN[name]
    if name == "regex":
        pattern = re.compile(argument, re.IGNORECASE)
        return lambda value: pattern.search(value) is not None
    if name not in _NUMERIC:
        raise ValueError(f"the route constraint {name!r} does not exist")
    return _NUMERIC[name](*(int(number) for number in argument.split(",")))


def _integer(bits: int) -> Constraint:
    limit = 1 << (bits - 1)

    def allows(value: str) -> bool:
        return re.fullmatch(r"[+-]?[0-9]{1,20}", value) is not None and -limit <= int(value) < limit

    return allows


def _read_by(parse: Callable[[str], object]) -> Constraint:
    def allows(value: str) -> bool:
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return allows


def _between(low: int | None, high: int | None) -> Constraint:
    def allows(value: str) -> bool:
        return _integer(64)(value) and (low is None or low <= int(value)) and (high is None or int(value) <= high)

    return allows


def _length(low: int, high: int | None) -> Constraint:
    return lambda value: low <= len(value) and (high is None or len(value) <= high)


_PLAIN: dict[str, Constraint] = {
    "int": _integer(32),
    "long": _integer(64),
    "guid": _read_by(UUID),
    "alpha": lambda value: re.fullmatch("[A-Za-z]*", value) is not None,
    "bool": lambda value: value.lower() in {"true", "false"},
    "datetime": _read_by(datetime.fromisoformat),
    "decimal": _read_by(float),
    "double": _read_by(float),
    "float": _read_by(float),
    "required": bool,
}
_NUMERIC: dict[str, Callable[..., Constraint]] = {
    "min": lambda low: _between(low, None),
    "max": lambda high: _between(None, high),
    "range": _between,
    "minlength": lambda low: _length(low, None),
    "maxlength": lambda high: _length(0, high),
    "length": lambda low, high=None: _length(low, low if high is None else high),
}
