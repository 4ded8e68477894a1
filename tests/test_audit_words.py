"""The audit trail only grows, and says in words whatever it holds."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import shared
from shared.audit_words import OWN_ASTRAY, OWN_REFUSED, REFUSED, SENTENCES, sentence
from shared.functions.audit import table_rows
from shared.model import Entry

SHARED = Path(shared.__file__).parent
ACTION = re.compile(r"[a-z_]+\.(?!csv)[a-z_]+")
NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)


def actions_in(source: str) -> set[str]:
    """Whatever looks like an action in a module that speaks of the audit trail."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return {text for text in texts if "audit" in source and isinstance(text, str) and ACTION.fullmatch(text)}


def test_every_action_in_the_code_has_a_sentence() -> None:
    modules = [path for path in SHARED.rglob("*.py") if path.parent.name != "contract"]
    found = set().union(*(actions_in(path.read_text()) for path in modules)) | {REFUSED, OWN_REFUSED, OWN_ASTRAY}
    assert {"activation_link.created", "member.changed", "tenant.connected"} <= found
    assert set(SENTENCES) == found


@pytest.mark.parametrize("action", [*SENTENCES, "thing.of_tomorrow"])
def test_a_sentence_names_who_and_what(action: str) -> None:
    said = sentence(Entry(NOON, "ann", action, "subject-1", "some_reason"))
    assert said.startswith("ann")
    assert "subject-1" in said
    assert "_" not in said
    assert "{" not in said


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("system", "The service"),
        ("microsoft", "Somebody who signed in with Microsoft"),
        ("microsoft:o-1", "The Microsoft user o-1"),
        ("m-1", "m-1"),
        ("{subject}", "{subject}"),
    ],
)
def test_who_it_was_is_said_in_words(actor: str, words: str) -> None:
    assert sentence(Entry(NOON, actor, "member.added", "x")) == f"{words} added the member x."


def test_a_file_that_does_not_hold_all_says_how_to_go_on() -> None:
    entry = Entry(NOON, "ann", "member.added", "x")
    assert [row[2] for row in table_rows([entry], None)] == ["member.added"]
    assert list(table_rows([entry], "cursor-1"))[-1][2:5] == ("more", None, "cursor-1")


def test_nothing_in_the_code_changes_or_removes_an_entry() -> None:
    """Only the trail's own module touches its table, and that only inserts and reads."""
    inside = (SHARED / "storage" / "audit.py").read_text()
    assert set(re.findall(r"self\._table\.(\w+)", inside)) == {"insert", "rows", "where"}
    outside = {
        used
        for path in SHARED.rglob("*.py")
        for used in re.findall(r"(?:tables|self)\.(?:_)?audit\.(\w+)", path.read_text())
    }
    assert outside <= {"record", "record_once", "between"}
    assert not [path for path in SHARED.rglob("*.py") if '"Audit"' in path.read_text() and path.name != "audit.py"]
