"""What a meeting is about is known again by digests, whatever it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.model import Content, Invitee

PARTS: dict[str, tuple[Any, Any]] = {
    "subject": ("one", "two"),
    "invitees": ((Invitee("a@x.example"),), (Invitee("a@x.example", optional=True),)),
    "online": (False, True),
    "reminder": (timedelta(0), None),
}
"""Two values of a part; a reminder at the start is not none."""


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_differs_has_another_digest_and_no_other_part_has(part: str) -> None:
    one, other = (Content(**{"subject": "same", part: value}).digests("salt") for value in PARTS[part])
    assert {name for name in one if one[name] != other[name]} == {part}
