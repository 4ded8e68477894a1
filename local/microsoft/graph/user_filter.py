"""The part of OData `$filter` that the users collection understands.

`eq`, `ne`, `in`, `startswith`, `endswith`, `proxyAddresses/any(p:p eq '...')`, `not`, `and`, `or` and parentheses;
text compares without regard to case. https://learn.microsoft.com/en-us/graph/filter-query-parameter
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.user_resource import DEFAULT_FIELDS, SELECTED_ONLY, user_resource
from local.microsoft.world import User

Predicate = Callable[[User], bool]
_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z][\w/]*|[(),:])")
_FIELDS = {name.lower(): name for name in (*DEFAULT_FIELDS, *SELECTED_ONLY)}


def parse_filter(text: str) -> Predicate:
    """The test that `$filter` asks for, or 400."""
    parser = _Parser(_tokens(text))
    predicate = parser.alternatives()
    if parser.rest:
        raise invalid_filter()
    return predicate


def needs_advanced_query(text: str) -> bool:
    """Whether the filter works only with `ConsistencyLevel: eventual` and `$count=true`."""
    bare = re.sub(r"'(?:[^']|'')*'", "", text.lower())
    return re.search(r"\b(ne|not|endswith)\b", bare) is not None


def invalid_filter() -> GraphError:
    """What Graph says to a filter it cannot read."""
    return GraphError(400, "BadRequest", "Invalid filter clause: syntax error or unsupported property.")


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            raise invalid_filter()
        tokens.append(found[1])
        position = found.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens; `rest` is what is still to be read."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def alternatives(self) -> Predicate:
        tests = [self._all()]
        while self._accept("or"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda user: any(test(user) for test in tests)

    def _all(self) -> Predicate:
        tests = [self._one()]
        while self._accept("and"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda user: all(test(user) for test in tests)

    def _one(self) -> Predicate:
        if self._accept("not"):
            negated = self._one()
            return lambda user: not negated(user)
        if self._accept("("):
            inner = self.alternatives()
            self._expect(")")
            return inner
        word = self._next().lower()
        if word in ("startswith", "endswith"):
            return self._affix(word)
        if word == "proxyaddresses/any":
            return self._any_address()
        return self._comparison(word)

    def _affix(self, function: str) -> Predicate:
        self._expect("(")
        field = self._field(self._next())
        self._expect(",")
        wanted = str(self._literal()).lower()
        self._expect(")")
        method = str.startswith if function == "startswith" else str.endswith
        return lambda user: method(str(_value(user, field) or "").lower(), wanted)

    def _any_address(self) -> Predicate:
        self._expect("(")
        variable = self._next()
        self._expect(":")
        if self._accept("startswith"):
            self._expect("(")
            self._expect(variable)
            self._expect(",")
            start = str(self._literal()).lower()
            self._expect(")")
            self._expect(")")
            return lambda user: any(a.lower().startswith(start) for a in user.proxy_addresses)
        self._expect(variable)
        self._expect("eq")
        wanted = str(self._literal()).lower()
        self._expect(")")
        return lambda user: any(a.lower() == wanted for a in user.proxy_addresses)

    def _comparison(self, word: str) -> Predicate:
        field, operator = self._field(word), self._next().lower()
        if operator == "in":
            wanted = self._list()
            return lambda user: _folded(_value(user, field)) in wanted
        value = _folded(self._literal())
        if operator == "eq":
            return lambda user: bool(_folded(_value(user, field)) == value)
        if operator == "ne":
            return lambda user: bool(_folded(_value(user, field)) != value)
        raise invalid_filter()

    def _list(self) -> list[Any]:
        self._expect("(")
        values = [_folded(self._literal())]
        while self._accept(","):
            values.append(_folded(self._literal()))
        self._expect(")")
        return values

    def _literal(self) -> str | bool | None:
        token = self._next()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        if token.lower() not in words:
            raise invalid_filter()
        return words[token.lower()]

    def _field(self, name: str) -> str:
        if name.lower() not in _FIELDS:
            raise invalid_filter()
        return _FIELDS[name.lower()]

    def _next(self) -> str:
        if not self.rest:
            raise invalid_filter()
        return self.rest.pop(0)

    def _accept(self, token: str) -> bool:
        if self.rest and self.rest[0].lower() == token.lower():
            del self.rest[0]
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise invalid_filter()


def _value(user: User, field: str) -> Any:
    return user_resource(user, [field])[field]


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
