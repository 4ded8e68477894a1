"""What the histories were made of, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Census:
    """Counts over all histories of a run."""

    histories: int = 0
    steps: int = 0
    messages: int = 0
    kills: int = 0
    intrusions: int = 0
    """Runs in the middle of which something else happened."""
    failures: int = 0
    """Runs that ended with an exception and were retried."""
    decisions: Counter[str] = field(default_factory=Counter)
    divergences: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """All of it in one line."""
        return (
            f"{self.histories} histories, {self.steps} steps, {self.messages} messages, {self.kills} kills, "
            f"{self.intrusions} intrusions, {self.failures} retries, {sum(self.faults.values())} faults, "
            f"{sum(self.decisions.values())} decisions, "
            f"divergences: {self.divergences}"
        )

    def kinds(self) -> str:
        """The faults by what they were about, a line for each."""
        by_subject: dict[str, list[str]] = {}
        for kind, count in sorted(self.faults.items()):
            subject, _, what = kind.partition(" ")
            by_subject.setdefault(subject, []).append(f"{what} {count}")
        return "\n".join(f"  {subject:<24} {', '.join(found)}" for subject, found in by_subject.items())
