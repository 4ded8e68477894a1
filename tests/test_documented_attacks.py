"""docs/security.md names a test for every attack; that it exists, `test_documents` checks."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/security.md").read_text()
ATTACKS = TEXT.partition("## Attacks")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (?!Attack|---)(.*) \|(.*)\|$", ATTACKS, re.MULTILINE)


def test_every_attack_has_a_test() -> None:
    assert len(ROWS) > 20
    assert [attack for attack, tests in ROWS if not re.search(r"`test_\w+`", tests)] == []


def test_every_attack_that_is_tested_is_named() -> None:
    tested = re.findall(r"^def (test_\w+)\(", (ROOT / "tests/scenarios/test_attacks.py").read_text(), re.MULTILINE)
    assert [name for name in tested if name not in ATTACKS] == []
