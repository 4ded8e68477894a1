"""What callers send and get: the definitions that validate requests and shape answers.

Every time in an answer is UTC (RFC 3339, `Z`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from shared.errors import InvalidInput, TooLarge
from shared.model import Window

T = TypeVar("T")

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,63}$(?!\n)", description="A platform id.")]
Address = Annotated[
    str, Meta(pattern=r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,255}$(?!\n)", description="A mail address.")
]
Domain = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{1,252}$(?!\n)", description="A domain, e.g. contoso.com.")
]

MOST_MEMBERS = 50_000
LARGEST_BODY = 20 * 1024 * 1024
"""Bytes; the largest roster fits."""
LONGEST_SPAN = timedelta(days=92)
"""Of one question about somebody's time."""


class MemberInput(Struct, forbid_unknown_fields=True):
    """A person on the platform's roster."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    addresses: Annotated[list[Address], Meta(min_length=1, max_length=20)]
    time_zone: Annotated[str, Meta(max_length=64)] | None = None
    """IANA name, e.g. Europe/Berlin."""


class RosterMember(MemberInput, forbid_unknown_fields=True):
    """A person in a whole roster."""

    id: Identifier = msgspec.field(default="")


class RosterInput(Struct, forbid_unknown_fields=True):
    """The whole roster: whoever is not in it is no member any more."""

    members: Annotated[list[RosterMember], Meta(max_length=MOST_MEMBERS)]


class LinkInput(Struct, forbid_unknown_fields=True):
    """What an activation link shall be."""

    expires_in_days: Annotated[int, Meta(ge=1, le=30)] = 7
    expected_domains: Annotated[list[Domain], Meta(max_length=20)] = []


class LinkOutput(Struct, omit_defaults=True):
    """An activation link; `url` is there only in the answer that created it."""

    id: str
    step: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    is_open: bool
    expected_domains: tuple[str, ...] = ()
    reason: str | None = None
    tenant: str | None = None
    url: str | None = None


class LinkList(Struct):
    """All of an organization's activation links, newest first."""

    activation_links: list[LinkOutput]


class TenantOutput(Struct):
    """A connected tenant."""

    id: str
    status: str
    status_text: str
    next_step: str
    reason: str | None
    domains: tuple[str, ...]
    consented_by: str
    consented_at: datetime
    synced_at: datetime | None
    missed_pushes: int = 0
    """Calendars with a change that Microsoft did not tell of lately."""
    push_text: str | None = None
    """What that means, where there are any."""


class TenantList(Struct):
    """All of an organization's tenants."""

    tenants: list[TenantOutput]


class MemberOutput(Struct):
    """A member and the state of their Outlook connection."""

    id: str
    name: str
    addresses: tuple[str, ...]
    state: str
    state_text: str
    next_step: str
    detail: str | None = None
    tenant: str | None = None
    mailbox: str | None = None
    changed_at: datetime | None = None


class MemberList(Struct):
    """A page of members; `next` is the cursor of the following page."""

    members: list[MemberOutput]
    next: str | None


class RosterOutput(Struct):
    """What a roster change did."""

    added: int
    changed: int
    removed: int
    unchanged: int


class BlockOutput(Struct):
    """A span in which the member is not known to be free."""

    start: datetime
    end: datetime
    status: str


class BusyOutput(Struct):
    """A member's busy times; free is only what no block covers."""

    member: str
    start: datetime
    end: datetime
    freshness: str
    read_at: datetime | None
    busy: list[BlockOutput]


class DeadLetterOutput(Struct):
    """Work that failed for good: why, and whose it was."""

    queue: str
    id: str
    reason: str
    first_at: datetime
    last_at: datetime
    times: int
    is_replayable: bool
    org: str | None = None
    tenant: str | None = None
    mailboxes: tuple[str, ...] = ()
    """Object ids."""


class DeadLetterList(Struct):
    """All dead letters, the latest first."""

    dead_letters: list[DeadLetterOutput]


class ReplayOutput(Struct):
    """How many dead letters were put back into their queues, and how many cannot be."""

    replayed: int
    kept: int


def parse_body(body: bytes, kind: type[T]) -> T:
    """The request's JSON as its definition. Raises `TooLarge`, or `InvalidInput` naming the field."""
    if len(body) > LARGEST_BODY:
        raise TooLarge(f"Send at most {LARGEST_BODY // 1024 // 1024} MiB.")
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except msgspec.ValidationError as problem:
        raise _named(str(problem)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("The body is not valid JSON.") from None


def _named(message: str) -> InvalidInput:
    """msgspec says `Expected ... - at `$.members[0].name``; the path becomes the field."""
    detail, _, path = message.partition(" - at ")
    missing = re.search(r"field `(\w+)`", detail)
    names = [path.strip("`").removeprefix("$").lstrip(".")] + ([missing[1]] if missing else [])
    return InvalidInput(f"{detail}.", field=".".join(filter(None, names)) or None)


def span_from(start: str | None, end: str | None) -> Window:
    """The asked span. Raises `InvalidInput` naming the parameter and the fix."""
    span = Window(_moment(start, "start"), _moment(end, "end"))
    if span.start >= span.end:
        raise InvalidInput("The end must be after the start.", field="end")
    if span.end - span.start > LONGEST_SPAN:
        raise InvalidInput(f"Ask for at most {LONGEST_SPAN.days} days at once.", field="end")
    return span


def _moment(text: str | None, field: str) -> datetime:
    """RFC 3339 with an offset. A + that a query string turned into a blank is put back."""
    example = f"Give {field} as a time with an offset, e.g. {field}=2026-12-01T09:00:00Z."
    try:
        moment = datetime.fromisoformat((text or "").strip().replace(" ", "+"))
        if moment.tzinfo is None or not 1970 <= moment.year <= 9000:
            raise InvalidInput(example, field=field)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(example, field=field) from None
