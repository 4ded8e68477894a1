"""The audit trail of an organization."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shared.contract.fields import Cursor
from shared.contract.times import Moment

Code = Annotated[str, Meta(max_length=100)]


class AuditQuery(Struct, forbid_unknown_fields=True):
    """Which entries to list: all, or those that meet everything that is given."""

    cursor: Cursor | None = None
    since: Moment | None = None
    """Not before this."""
    until: Moment | None = None
    """Before this."""
    actor: Code | None = None
    """Who did it, exactly as in `actor` of an entry."""
    action: Code | None = None
    """What was done, exactly as in `action` of an entry."""


class AuditEntryOutput(Struct):
    """One thing somebody did, or was refused."""

    at: datetime
    actor: str
    """A platform member id, `microsoft:` and an object id, `microsoft` for somebody unproven, or `system`."""
    action: str
    """A stable code."""
    subject: str
    """The id of what it was done to."""
    detail: str | None
    """A stable code, count or id."""
    text: str
    """A sentence that says it."""


class AuditPage(Struct):
    """A page of entries, newest first. It may hold few or none and still have a `next`: go on until there is none."""

    entries: list[AuditEntryOutput]
    next: str | None
