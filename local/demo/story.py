"""A story told in the terminal: chapters, what is said, and what must come out right."""

from __future__ import annotations

import os
import sys
import time

_COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_BOLD, _DIM, _RED, _GREEN = 1, 2, 31, 32


class Story:
    """Prints what happens, and remembers what did not come out right."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.failures: list[str] = []

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        print(f"\n{_paint(f'{time.monotonic() - self._began:5.1f} s', _DIM)}  {_paint(title, _BOLD)}", flush=True)

    def check(self, came_out: bool, what: str) -> None:
        """Say what is, and whether it is right."""
        print(f"   {_paint('✓', _GREEN) if came_out else _paint('✗', _RED)} {what}", flush=True)
        if not came_out:
            self.failures.append(what)

    def say(self, what: str) -> None:
        """Say something that needs no checking."""
        print(f"     {what}", flush=True)

    def end(self) -> int:
        """The last line; returns the exit status."""
        seconds = time.monotonic() - self._began
        if self.failures:
            print(f"\n{len(self.failures)} step(s) did not come out right after {seconds:.0f} s:")
            print("\n".join(f"  ✗ {failure}" for failure in self.failures))
            return 1
        print(f"\nEvery step came out right, in {seconds:.0f} s.")
        return 0


def _paint(text: str, code: int) -> str:
    return f"\033[{code}m{text}\033[0m" if _COLOUR else text
