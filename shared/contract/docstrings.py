"""What stands under the fields of a class, for the API's document; Python itself keeps no such docstring."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def field_docstrings(kind: type) -> dict[str, str]:
    """The docstring of each field of a class, its parents' fields included, by name."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        if one.__module__.partition(".")[0] not in ("builtins", "enum", "msgspec"):
            found |= _own(one)
    return found


def _own(kind: type) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    statements = definition.body if isinstance(definition, ast.ClassDef) else []
    texts = {_name(field): _text(under) for field, under in pairwise(statements)}
    return {name: text for name, text in texts.items() if name and text}


def _name(field: ast.stmt) -> str | None:
    match field:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return None


def _text(statement: ast.stmt) -> str | None:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
        return None
    return " ".join(str(statement.value.value).split())
