"""CSV that a spreadsheet shows and never computes."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.spreadsheet import FORMULA_STARTS, csv_text


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_each_row_is_a_line_and_each_value_a_cell() -> None:
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    text = csv_text(["at", "name", "count", "addresses"], [[at, 'Zoë, "Z"', 3, ("a@x.com", "b@x.com")], [None] * 4])
    assert read_back(text) == [
        ["at", "name", "count", "addresses"],
        ["2026-12-01T09:00:00Z", 'Zoë, "Z"', "3", "a@x.com, b@x.com"],
        [""] * 4,
    ]


def test_excel_is_told_that_it_is_utf_8() -> None:
    assert csv_text(["a"], []).encode().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("start", FORMULA_STARTS, ids=ascii)
@pytest.mark.parametrize("blanks", ["", "  "], ids=["first", "behind blanks"])
def test_no_text_starts_a_formula(start: str, blanks: str) -> None:
    (cell,) = read_back(csv_text(["name"], [[f'{blanks}{start}HYPERLINK("https://evil.example")']]))[1]
    assert cell.startswith("'")


def test_a_negative_number_stays_a_number() -> None:
    assert read_back(csv_text(["count"], [[-3]]))[1] == ["-3"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1))
def test_whatever_the_text_it_stays_in_its_cell(row: list[str]) -> None:
    (read,) = read_back(csv_text(row, []))
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in row]
