"""Snapshots in Table Storage: one row per calendar, in a partition per member, never replaced by an older read.

Beside them lies the member's agenda: the time that bookings take, decided by compare-and-swap of one row.

Blocks are packed (times as seconds from the window's start, with the status; compressed), so that a full
calendar is one small row.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor
from typing import Any, NamedTuple

import msgspec
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged, EntityExists, EntityUnreadable
from shared.model import (
    Agenda,
    BusyBlock,
    BusyStatus,
    Claim,
    ConnectionStatus,
    Kept,
    MailboxKey,
    MemberKey,
    Snapshot,
    Window,
)
from shared.storage.table import MOST_PARTS, Row, Table

SECOND = timedelta(seconds=1)
_STATUSES = tuple(BusyStatus)
"""Stored by place: new ones go to the end."""


AGENDA = "agenda"
"""The row beside the snapshots, whose keys are two ids with a bar between."""
_AGENDA = msgspec.json.Decoder(Agenda)


class Replaced(NamedTuple):
    """What a new snapshot met."""

    before: Snapshot | None
    claims: tuple[Claim, ...]
    """What bookings took when it was put in place."""


@dataclass(frozen=True)
class StoredSnapshot:
    """A snapshot as it lies in the table."""

    window: Window
    packed: str
    read_at: datetime
    unreadable_since: datetime | None = None
    reason: ConnectionStatus | None = None
    fresh_until: datetime | None = None


class _Partition(Table[Any]):
    """A member's snapshots and agenda, side by side so that one request reads both."""

    def _value(self, key: str, text: str) -> Any:
        if key != AGENDA:
            return super()._value(key, text)
        try:
            return _AGENDA.decode(text)
        except msgspec.DecodeError:
            raise EntityUnreadable("an agenda") from None


class Calendars:
    """The cached calendars of members, and the time that bookings take."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = _Partition(service, "Calendars", StoredSnapshot, parts=MOST_PARTS)

    def kept(self, owner: MemberKey) -> Kept:
        """Everything that is kept of the member's time; one read of a small partition."""
        rows = list(self._table.rows(partition(owner)))
        snapshots = tuple((mailbox_of(row.key), unpack(row.value)) for row in rows if row.key != AGENDA)
        return Kept(snapshots, next((row.value.claims for row in rows if row.key == AGENDA), ()))

    def of(self, owner: MemberKey) -> list[Snapshot]:
        """The last snapshot of each of the member's calendars."""
        return [snapshot for _, snapshot in self.named(owner)]

    def named(self, owner: MemberKey) -> list[tuple[MailboxKey, Snapshot]]:
        """The same, each with its mailbox."""
        return list(self.kept(owner).snapshots)

    def change_agenda(self, owner: MemberKey, decide: Callable[[Agenda], Agenda | None]) -> Agenda:
        """Read, decide, write, and again if somebody wrote in between. Deciding None leaves it as it is.

        An agenda without a booking is no row.
        """
        while True:
            row: Row[Any] | None = self._table.get(partition(owner), AGENDA)
            before = row.value if row else Agenda()
            after = decide(before)
            try:
                return before if after is None else self._saved(owner, row, after)
            except (EntityChanged, EntityExists):
                continue

    def _saved(self, owner: MemberKey, row: Row[Any] | None, agenda: Agenda) -> Agenda:
        if row is not None and not agenda.claims:
            self._table.delete_row(row)
        elif row is not None:
            self._table.replace(row, agenda)
        elif agenda.claims:
            self._table.insert(partition(owner), AGENDA, agenda)
        return agenda

    def replace(self, owner: MemberKey, mailbox: MailboxKey, snapshot: Snapshot) -> Replaced:
        """Put the snapshot in place, unless one of a later read is already there."""
        stored, key = pack(snapshot), row_key(mailbox)
        seen: list[StoredSnapshot] = []

        def decide(before: StoredSnapshot | None) -> StoredSnapshot | None:
            seen[:] = [before] if before else []
            return newer(before, stored)

        rows = {row.key: row for row in self._table.rows(partition(owner))}
        self._table.change(partition(owner), key, decide, rows.get(key))
        claims = rows[AGENDA].value.claims if AGENDA in rows else ()
        return Replaced(unpack(seen[0]) if seen else None, claims)

    def mark_unreadable(
        self, owner: MemberKey, mailbox: MailboxKey, reason: ConnectionStatus, began_at: datetime
    ) -> None:
        """Record that a read begun at `began_at` failed; the last blocks stay. Nothing to do where none were read."""
        self._table.change(partition(owner), row_key(mailbox), lambda before: unreadable(before, reason, began_at))

    def delete(self, owner: MemberKey, mailbox: MailboxKey) -> None:
        """Forget what was read of this mailbox for the member."""
        self._table.delete(partition(owner), row_key(mailbox))

    def delete_all(self, owner: MemberKey) -> None:
        """Forget everything read of the member's calendars, and their agenda."""
        for row in list(self._table.rows(partition(owner))):
            self._table.delete(row.partition, row.key)


def partition(owner: MemberKey) -> str:
    """All calendars of one member of one organization."""
    return f"{owner.org}|{owner.member}"


def row_key(mailbox: MailboxKey) -> str:
    """The default calendar of a mailbox: whoever is bound to another one has another row."""
    return f"{mailbox.tenant_id}|{mailbox.object_id}"


def mailbox_of(key: str) -> MailboxKey:
    """The mailbox a row is about."""
    tenant_id, _, object_id = key.partition("|")
    return MailboxKey(tenant_id, object_id)


def newer(before: StoredSnapshot | None, after: StoredSnapshot) -> StoredSnapshot | None:
    """The snapshot to store, or None where what is stored was read later. A failure later than both stays."""
    if before is None:
        return after
    if before.read_at > after.read_at:
        return None
    if before.unreadable_since is not None and before.unreadable_since > after.read_at:
        return replace(after, unreadable_since=before.unreadable_since, reason=before.reason)
    return after


def unreadable(before: StoredSnapshot | None, reason: ConnectionStatus, began_at: datetime) -> StoredSnapshot | None:
    """What is stored after a failed read; None where nothing is, or a later read succeeded."""
    if before is None or before.read_at > began_at:
        return None
    return replace(before, unreadable_since=before.unreadable_since or began_at, reason=reason)


def pack(snapshot: Snapshot) -> StoredSnapshot:
    """The snapshot in few characters."""
    origin = snapshot.window.start
    numbers = [
        [floor((b.start - origin) / SECOND), ceil((b.end - origin) / SECOND), _STATUSES.index(b.status)]
        for b in snapshot.blocks
    ]
    packed = base64.b64encode(zlib.compress(msgspec.json.encode(numbers))).decode()
    return StoredSnapshot(
        snapshot.window, packed, snapshot.read_at, snapshot.unreadable_since, snapshot.reason, snapshot.fresh_until
    )


def unpack(stored: StoredSnapshot) -> Snapshot:
    """The snapshot as it was packed; blocks are whole seconds, never shorter than they were.

    Raises `EntityUnreadable`.
    """
    origin = stored.window.start
    try:
        text = zlib.decompress(base64.b64decode(stored.packed))
        numbers = msgspec.json.decode(text, type=list[tuple[int, int, int]])
    except (ValueError, zlib.error):
        raise EntityUnreadable("a snapshot") from None
    blocks = tuple(
        BusyBlock(origin + timedelta(seconds=start), origin + timedelta(seconds=end), _STATUSES[status])
        for start, end, status in numbers
    )
    return Snapshot(stored.window, blocks, stored.read_at, stored.unreadable_since, stored.reason, stored.fresh_until)
