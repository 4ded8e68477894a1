"""What a reader sees: a heading per benchmark, tables, a line of progress before anything that takes long."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path


def machine() -> str:
    """Where the numbers come from."""
    return (
        f"{os.cpu_count()} CPUs ({_processor()}), {platform.system()}, CPython {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def heading(text: str) -> None:
    """Begin a benchmark."""
    print(f"\n{text}\n{'=' * len(text)}", flush=True)


def progress(text: str) -> None:
    """Say what is about to take a while; on standard error, so that the tables can be kept alone."""
    print(f"  ... {text}", file=sys.stderr, flush=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns: the first to the left, the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, ["-" * width for width in widths], *rows):
        first, *others = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        print("  " + "  ".join(cells), flush=True)


def note(text: str) -> None:
    """Say what a reader must know to believe the table."""
    print(f"  {text}", flush=True)


def milliseconds(seconds: float) -> str:
    """A duration at a glance."""
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def times(ratio: float) -> str:
    """A ratio at a glance."""
    return f"{ratio:.2f}x"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
