"""docs/faults.md names a test for every fault that this version meets, and that test exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (F\d+) \|(.*)\|$", (ROOT / "docs/faults.md").read_text(), re.MULTILINE)
LATER = {"F15", "F19"}
"""About events we write and people's own sign-ins, which there are none of yet."""


def test_every_fault_has_a_row() -> None:
    assert [number for number, _ in ROWS] == [f"F{number}" for number in range(1, 21)]


def test_every_row_names_a_test_that_exists() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tests = {number: re.findall(r"`(test_\w+)`", row) for number, row in ROWS}
    assert {number for number, named in tests.items() if not named} == LATER
    missing = [name for named in tests.values() for name in named if f"def {name}(" not in sources]
    assert missing == []
