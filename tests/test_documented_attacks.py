"""docs/security.md says of every attack what stops it and names a test, which exists (`test_documents`)."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/security.md").read_text()
ATTACKS = TEXT.partition("## Attacks")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line[1:-1].split("|")] for line in re.findall(r"^\|.*\|$", ATTACKS, re.MULTILINE)]
TRIED = sorted(ROOT.glob("tests/**/test_*attacks.py"))
"""The files that hold nothing but attacks."""


def test_every_attack_has_what_stops_it_and_a_test() -> None:
    (heading, _, *attacks) = ROWS
    assert heading == ["Attack", "What stops it", "Test"]
    assert len(attacks) > 20
    assert [row for row in attacks if len(row) != 3 or not all(row) or not re.search(r"`test_\w+`", row[2])] == []


def test_every_attack_that_is_tested_is_named() -> None:
    files = [path for path in TRIED if path.name != Path(__file__).name]
    assert len(files) == 4
    tested = [name for path in files for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)]
    assert [name for name in tested if f"`{name}`" not in ATTACKS] == []
