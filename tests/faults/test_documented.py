"""docs/faults.md names a test for every fault that this version meets; `test_documents` checks that it exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (F\d+) \|(.*)\|$", (ROOT / "docs/faults.md").read_text(), re.MULTILINE)


def test_every_fault_has_a_row() -> None:
    assert [number for number, _ in ROWS] == [f"F{number}" for number in range(1, 21)]


def test_every_row_names_a_test() -> None:
    assert {number for number, row in ROWS if not re.search(r"`test_\w+`", row)} == set()
