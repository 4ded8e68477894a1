"""Snapshots in Table Storage: one row per calendar, in a partition per member, never replaced by an older read.

Beside them lie the member's agenda (the time that bookings take, decided by compare-and-swap of one row) and what the
member selected of their calendars. So one request answers for a member, and what is selected and what is known of it
change together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from azure.data.tables import TableServiceClient

from shared.errors import EntityChanged, EntityExists, EntityUnreadable
from shared.model import (
    DEFAULT,
    Agenda,
    CalendarKey,
    Claim,
    ConnectionStatus,
    Kept,
    MailboxKey,
    MemberKey,
    Selections,
    Snapshot,
)
from shared.storage.packed import StoredSnapshot, newer, pack, unpack, unreadable
from shared.storage.table import MOST_PARTS, Row, Table

AGENDA, SELECTIONS = "agenda", "selections"
"""The rows beside the snapshots, whose keys are two ids and perhaps a name with bars between."""
_BESIDE: Mapping[str, msgspec.json.Decoder[Any]] = {
    AGENDA: msgspec.json.Decoder(Agenda),
    SELECTIONS: msgspec.json.Decoder(Selections),
}


class Replaced(NamedTuple):
    """What new snapshots met."""

    before: Mapping[str, Snapshot]
    """By calendar."""
    claims: tuple[Claim, ...]
    """What bookings took when they were put in place."""


class _Partition(Table[Any]):
    """A member's snapshots, agenda and selections, side by side so that one request reads all of them."""

    def _value(self, key: str, text: str) -> Any:
        if key not in _BESIDE:
            return super()._value(key, text)
        try:
            return _BESIDE[key].decode(text)
        except msgspec.DecodeError:
            raise EntityUnreadable(key) from None


class Calendars:
    """The cached calendars of members, the time that bookings take, and what was selected."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = _Partition(service, "Calendars", StoredSnapshot, parts=MOST_PARTS)

    def kept(self, owner: MemberKey) -> Kept:
        """Everything that is kept of the member's time; one read of a small partition."""
        rows = self._rows(owner)
        snapshots = tuple((calendar_of(row), unpack(row.value)) for row in rows.values() if row.key not in _BESIDE)
        return Kept(snapshots, _claims(rows), _selections(rows))

    def of(self, owner: MemberKey) -> list[Snapshot]:
        """The last snapshot of each of the member's calendars."""
        return [snapshot for _, snapshot in self.named(owner)]

    def named(self, owner: MemberKey) -> list[tuple[CalendarKey, Snapshot]]:
        """The same, each with its calendar."""
        return list(self.kept(owner).snapshots)

    def selections(self, owner: MemberKey) -> Selections:
        """What the member selected."""
        row: Row[Any] | None = self._table.get(partition(owner), SELECTIONS)
        return row.value if row else Selections()

    def select(
        self, owner: MemberKey, decide: Callable[[Selections], Selections], unread: Callable[[], Snapshot]
    ) -> Selections:
        """Change what is selected, together with what is known of it: nothing yet of what is new (`unread`).

        So that no time of a calendar just selected is taken for free, not for a moment.
        """
        while True:
            rows = self._rows(owner)
            before = _selections(rows)
            after = decide(before)
            if after == before:
                return before
            named = {one.mailbox for one in (*before.mailboxes, *after.mailboxes)}
            new, gone = _keys(after, named) - _keys(before, named), _keys(before, named) - _keys(after, named)
            try:
                self._save(owner, rows, after, {key: unread() for key in new}, {row_key(*key) for key in gone})
            except EntityChanged:
                continue
            return after

    def begin_anew(self, owner: MemberKey, mailbox: MailboxKey, unread: Snapshot) -> None:
        """Forget what was read of the mailbox and selected of it: of its default calendar nothing is known yet."""
        while True:
            rows, default = self._rows(owner), CalendarKey(mailbox)
            gone = {key for key in rows if _is_of(key, mailbox)} - {row_key(*default)}
            try:
                return self._save(owner, rows, _selections(rows).without(mailbox), {default: unread}, gone)
            except EntityChanged:
                continue

    def _save(
        self,
        owner: MemberKey,
        rows: Mapping[str, Row[Any]],
        after: Selections,
        new: Mapping[CalendarKey, Snapshot],
        gone: Collection[str],
    ) -> None:
        """What is selected, and what is known of it, in one transaction. Raises `EntityChanged`."""
        named = {row_key(*key): pack(snapshot, key.calendar) for key, snapshot in new.items()}
        changes: list[tuple[Row[Any] | None, str, Any]] = [(rows.get(key), key, one) for key, one in named.items()]
        if after != _selections(rows):
            changes.append((rows.get(SELECTIONS), SELECTIONS, after))
        self._table.exchange(partition(owner), changes, [row for key, row in rows.items() if key in gone])

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

    def replace(self, owner: MemberKey, mailbox: MailboxKey, snapshots: Mapping[str, Snapshot]) -> Replaced:
        """Put a mailbox's snapshots in place, by calendar, unless those of a later read are already there.

        What is not selected any more is not kept, whenever it was read.
        """
        rows = self._rows(owner)
        wanted = {key.calendar for key in _selections(rows).of(mailbox).keys}
        before = {
            calendar: seen
            for calendar, snapshot in snapshots.items()
            if calendar in wanted and (seen := self._replace(owner, CalendarKey(mailbox, calendar), snapshot, rows))
        }
        for row in rows.values():
            if _is_of(row.key, mailbox) and row.value.calendar not in wanted:
                # Selected again by now, it is another version.
                with suppress(EntityChanged):
                    self._table.delete_row(row)
        return Replaced(before, _claims(rows))

    def _replace(
        self, owner: MemberKey, key: CalendarKey, snapshot: Snapshot, rows: Mapping[str, Row[Any]]
    ) -> Snapshot | None:
        """Put one in place; what was there."""
        stored, seen = pack(snapshot, key.calendar), list[StoredSnapshot]()

        def decide(before: StoredSnapshot | None) -> StoredSnapshot | None:
            seen[:] = [before] if before else []
            return newer(before, stored)

        self._table.change(partition(owner), row_key(*key), decide, rows.get(row_key(*key)))
        return unpack(seen[0]) if seen else None

    def mark_unreadable(
        self,
        owner: MemberKey,
        mailbox: MailboxKey,
        reason: ConnectionStatus,
        began_at: datetime,
        calendars: Iterable[str] | None = None,
    ) -> None:
        """Record that a read begun at `began_at` failed, of some calendars or all; the last blocks stay.

        Nothing to do where none were read.
        """
        some = None if calendars is None else set(calendars)
        for row in self._rows(owner).values():
            if _is_of(row.key, mailbox) and (some is None or row.value.calendar in some):
                decide = lambda before: unreadable(before, reason, began_at)  # noqa: E731 - reads best here
                self._table.change(row.partition, row.key, decide, row)

    def delete(self, owner: MemberKey, mailbox: MailboxKey) -> None:
        """Forget what was read of this mailbox for the member."""
        self._forget(owner, [key for key, _ in self._table.lazy.keys(partition(owner)) if _is_of(key, mailbox)])

    def forget(self, owner: MemberKey, mailbox: MailboxKey) -> None:
        """Forget what was read of the mailbox for the member, and what was selected of it."""

        def rest(known: Any) -> Selections | None:
            after: Selections | None = known and known.without(mailbox)
            return None if after == known else after

        self.delete(owner, mailbox)
        self._table.change(partition(owner), SELECTIONS, rest)

    def delete_all(self, owner: MemberKey) -> None:
        """Forget everything read of the member's calendars, their agenda, and what they selected."""
        self._forget(owner, [key for key, _ in self._table.lazy.keys(partition(owner))])

    def _rows(self, owner: MemberKey) -> dict[str, Row[Any]]:
        return {row.key: row for row in self._table.rows(partition(owner))}

    def _forget(self, owner: MemberKey, keys: Iterable[str]) -> None:
        for key in keys:
            self._table.delete(partition(owner), key)


def partition(owner: MemberKey) -> str:
    """All calendars of one member of one organization."""
    return f"{owner.org}|{owner.member}"


def row_key(mailbox: MailboxKey, calendar: str = DEFAULT) -> str:
    """A calendar of a mailbox; ids of calendars are too long and too free for a key."""
    name = f"|{hashlib.sha256(calendar.encode()).hexdigest()[:32]}" if calendar else ""
    return f"{mailbox.tenant_id}|{mailbox.object_id}{name}"


def calendar_of(row: Row[StoredSnapshot]) -> CalendarKey:
    """The calendar a row is about."""
    tenant_id, object_id, *_ = row.key.split("|")
    return CalendarKey(MailboxKey(tenant_id, object_id), row.value.calendar)


def _is_of(key: str, mailbox: MailboxKey) -> bool:
    """Whether a row is about a calendar of the mailbox; rows that cannot be read are to be deleted too."""
    return key.split("|")[:2] == list(mailbox)


def _claims(rows: Mapping[str, Row[Any]]) -> tuple[Claim, ...]:
    return rows[AGENDA].value.claims if AGENDA in rows else ()


def _selections(rows: Mapping[str, Row[Any]]) -> Selections:
    return rows[SELECTIONS].value if SELECTIONS in rows else Selections()


def _keys(selections: Selections, mailboxes: Iterable[MailboxKey]) -> set[CalendarKey]:
    return {key for mailbox in mailboxes for key in selections.of(mailbox).keys}
