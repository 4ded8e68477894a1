"""docs/faults.md names a test for every fault that this version meets; `test_documents` checks that it exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OF = {
    "managed": {"managed", "new_managed", "customer", "new_customer"},
    "own": {"personal", "new_personal", "short"},
    "both": {"customer", "new_customer", "any_desk", "any_outlook"},
}
"""Fixtures by what the document says of a fault."""
ROWS = re.findall(r"^\| (F\d+) \|(.*)\|$", (ROOT / "docs/faults.md").read_text(), re.MULTILINE)


def test_every_fault_has_a_row() -> None:
    assert [number for number, _ in ROWS] == [f"F{number}" for number in range(1, 21)]


def test_every_row_names_a_test() -> None:
    assert {number for number, row in ROWS if not re.search(r"`test_\w+`", row)} == set()


def test_every_row_says_for_which_connections_and_its_test_is_for_those() -> None:
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for number, row in ROWS:
        kind = [cell.strip() for cell in row.split(" | ")][2]
        named = re.findall(r"`(test_\w+)`", row)
        found = [fixtures_of(name, tests) for name in named if f"def {name}(" in tests]
        assert kind in OF, number
        assert all(OF[kind] & fixtures for fixtures in found), (number, found)


def fixtures_of(test: str, tests: str) -> set[str]:
    """What a test takes."""
    (taken,) = re.findall(rf"def {test}\((.*?)\) -> None:", tests, re.DOTALL)
    return {one.partition(":")[0].strip() for one in taken.split(",")}
