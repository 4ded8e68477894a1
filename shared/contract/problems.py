"""What is answered when something is not done."""

from __future__ import annotations

from msgspec import Struct

from shared.contract.times import BlockOutput


class Problem(Struct, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: str
    """`urn:outlook-connection:problem:` and a stable code."""
    title: str
    status: int
    detail: str
    """What is wrong, and how to mend it."""
    field: str | None = None
    """The field or parameter that is wrong."""
    reason: str | None = None
    """A stable code for why a known caller is not allowed, or why a calendar takes no meeting."""
    member: str | None = None
    """The member because of whom it is not possible."""
    conflict: BlockOutput | None = None
    """What takes the member's time."""
