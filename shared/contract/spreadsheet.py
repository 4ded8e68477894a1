"""Tables for spreadsheets (CSV, RFC 4180) in which no cell is taken for a formula.

https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes UTF-8 for the machine's old code page."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""With one of these first, a spreadsheet computes a cell instead of showing it; full-width ones included."""


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table as text: a line each, quoted where needed, times in UTC, nothing for None."""
    written = io.StringIO()
    written.write(BYTE_ORDER_MARK)
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> str | int | float:
    """A number as it is, anything else as text that starts no formula, not even behind blanks."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = _text(value).replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
