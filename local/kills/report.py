"""What a run under kills prints at its end: its counts, then that all is well or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

MOST_FINDINGS = 20


def print_report(rows: Iterable[tuple[str, str]], findings: Sequence[str], well: str, seed: int, log: Path) -> int:
    """Print it; returns the exit status. `well` is what there is to say where nothing was found."""
    print()
    for name, value in rows:
        print(f"  {name:<52}{value:>9}")
    if not findings:
        print(f"\n{well}")
        return 0
    print(f"\nWRONG (seed {seed}; the service's log: {log}):")
    print("\n".join(f"  {finding}" for finding in findings[:MOST_FINDINGS]))
    print(f"  {len(findings)} findings in all")
    return 1
