"""Text from outside made fit for a line of a message, and moments in words."""

from __future__ import annotations

import unicodedata
from datetime import datetime

LONGEST_NAME = 120
"""Characters of a name that anybody reads."""


def one_line(text: str, most: int = LONGEST_NAME) -> str:
    """The text without line breaks, control, direction and other invisible characters, and not longer than `most`.

    A name ends up in a subject, a sentence or a command: it must not begin a line of its own there, nor turn round
    what stands behind it.
    """
    blanks = "".join(" " if letter.isspace() else letter for letter in text[: 20 * most])
    shown = "".join(letter for letter in blanks if unicodedata.category(letter)[0] != "C")
    return " ".join(shown.split())[:most].strip()


def moment(at: datetime) -> str:
    """A UTC moment for people: 29 November 2026, 14:05 UTC."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
