"""What travels through the two queues: ids and times, never contents. At least once, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

DIRECTORY_SYNC = "directory-sync"
CALENDAR_SYNC = "calendar-sync"

GROUP = 20
"""Mailboxes in one calendar message: what one Graph batch takes."""


class DirectorySync(msgspec.Struct, frozen=True):
    """Make one tenant of an organization true: directory, matches, calendars due."""

    org: str
    tenant: str
    since: datetime
    """When the reason for this message arose: a pass that began later makes it redundant."""
    attempt: int = 0
    """How often it was put back because something was not ready."""
    once: bool = False
    """Not to be put back: the schedule that sent it comes again."""


class CalendarSync(msgspec.Struct, frozen=True):
    """Make these mailboxes' snapshots true: everything up to `since` must be in them."""

    tenant: str
    mailboxes: tuple[str, ...]
    """Object ids."""
    since: datetime | None
    """When the reason for this message arose: a read that began later makes it redundant.

    None where there is none but the mailboxes' own: those never read, and those whose time has come.
    """
    attempt: int = 0
    """How often it was put back because Microsoft said to wait."""
    renew: bool = False
    """Whether Graph asked for the subscriptions to be renewed, or said they are gone."""


def encode(message: DirectorySync | CalendarSync) -> str:
    """The message as queue text."""
    return msgspec.json.encode(message).decode()


def calendar_syncs(
    tenant: str, mailboxes: Iterable[str], since: datetime | None, *, renew: bool = False
) -> Iterator[CalendarSync]:
    """Messages that cover the mailboxes, each once, twenty to a message."""
    for group in _groups(list(dict.fromkeys(mailboxes))):
        yield CalendarSync(tenant, tuple(group), since, renew=renew)


def _groups(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), GROUP):
        yield items[start : start + GROUP]
