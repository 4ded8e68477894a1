"""Members' connections and the mailboxes behind them, kept in step.

A mailbox is read while at least one active connection is bound to it. Whoever loses the connection loses the
cached calendar with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from shared.errors import EntityChanged, EntityUnreadable
from shared.model import Connection, ConnectionStatus, Mailbox, MailboxKey, MemberKey, OwnConnection, is_own
from shared.storage.table import Row
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

FEW = 20
"""Up to as many mailboxes are looked up one by one."""

C = TypeVar("C", Connection, OwnConnection)
Change = tuple[Row[Connection] | None, Connection]
"""A connection as it was read (or None for a first one), and as it shall be."""


class Connections:
    """Writes connections, and tells mailboxes who they belong to."""

    def __init__(self, tables: Tables, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._now = now

    def save(self, org: str, changes: Iterable[Change], orphans: Iterable[Row[Connection]]) -> set[MailboxKey]:
        """Save changed connections and remove those of people who left the roster.

        Returns the mailboxes that somebody joined or left: their calendars are due. First mailboxes list who joins
        and calendars of who leaves are forgotten, then connections say so, then mailboxes forget who left: a
        connection never points at a mailbox that does not list its member, the other way round is put right when the
        mailbox is next read, and nobody is answered with a calendar that is no longer theirs. Raises
        `EntityChanged` when somebody else wrote in between; doing it all again is right then.
        """
        changes, orphans = list(changes), list(orphans)
        joined, left = moves(org, changes, orphans)
        self._join(joined)
        for key, owner in left:
            self._loosen(key, owner)
        self._tables.connections.save_all(org, ((row, c.member, c) for row, c in changes))
        for key, owner in left:
            self.leave(key, owner)
        self._tables.connections.delete_all(org, (row.key for row in orphans))
        return {key for key, _ in (*joined, *left)}

    def finish_leaving(self, org: str, connection: Connection | None) -> None:
        """Have the mailbox of whoever is kept out forget them, where the call that kept them out was cut short."""
        if connection is not None and connection.mailbox is not None and connection.active_mailbox is None:
            self.leave(connection.mailbox, MemberKey(org, connection.member))

    def of(self, tenant_id: str, owner: MemberKey) -> Connection | OwnConnection | None:
        """The member's connection by which mailboxes of this "tenant" are theirs."""
        if is_own(tenant_id):
            return self._tables.own_connection(owner)
        row = self._tables.connections.get(*owner)
        return row.value if row else None

    def tell(
        self,
        key: MailboxKey,
        members: Iterable[MemberKey],
        status: ConnectionStatus,
        detail: str | None,
        generation: int | None = None,
    ) -> None:
        """Let members of the mailbox see what reading it came to.

        `generation` is the sign-in that it came of: who has signed in again since is not told.
        """

        def told_own(own: OwnConnection | None) -> OwnConnection | None:
            is_anew = own is not None and generation not in (None, own.generation)
            return None if is_anew else self._told(own, key, status, detail)

        for owner in members:
            if is_own(key.tenant_id):
                self._tables.own_connections.change(*owner, told_own)
            else:
                self._tables.connections.change(*owner, lambda known: self._told(known, key, status, detail))

    def welcome(self, key: MailboxKey, members: Iterable[MemberKey]) -> None:
        """Let members of a mailbox that is read by now know, who may have been connected since."""
        for owner in members:
            known = self.of(key.tenant_id, owner)
            if known is not None and known.status is not ConnectionStatus.CONNECTED:
                self.tell(key, [owner], ConnectionStatus.CONNECTED, None)

    def _told(self, connection: C | None, key: MailboxKey, status: ConnectionStatus, detail: str | None) -> C | None:
        if connection is None or connection.active_mailbox != key:
            return None
        if (connection.status, connection.detail) == (status, detail):
            return None
        changed_at = self._now() if connection.status is not status else connection.changed_at
        return replace(connection, status=status, detail=detail, changed_at=changed_at)

    def _join(self, joined: list[tuple[MailboxKey, MemberKey]]) -> None:
        """Add the members to their mailboxes; new mailboxes of a tenant are written together."""
        new: dict[MailboxKey, Mailbox] = {}
        known = self._known({key for key, _ in joined})
        for key, owner in joined:
            if key in known:
                self._tables.mailboxes.change(key, lambda mailbox, owner=owner: self._with(mailbox, owner))  # type: ignore[misc]
            else:
                before = new.get(key) or Mailbox(key, due_at=self._now())
                new[key] = replace(before, members=(*before.members, owner))
        for tenant_id in {key.tenant_id for key in new}:
            self._tables.mailboxes.insert_all(tenant_id, (m for key, m in new.items() if key.tenant_id == tenant_id))

    def _known(self, keys: set[MailboxKey]) -> set[MailboxKey]:
        """Which of the mailboxes are somebody's already; many are found faster by reading the whole tenant."""
        if len(keys) <= FEW:
            return {key for key in keys if self._tables.mailboxes.row(key)}
        tenants = {key.tenant_id for key in keys}
        return keys & {mailbox.key for tenant in tenants for mailbox in self._tables.mailboxes.of_tenant(tenant)}

    def _with(self, mailbox: Mailbox | None, owner: MemberKey) -> Mailbox | None:
        if mailbox is None:
            raise EntityChanged(owner.member)
        members = tuple(dict.fromkeys((*mailbox.members, owner)))
        return replace(mailbox, members=members, read_at=None, due_at=self._now())

    def _loosen(self, key: MailboxKey, owner: MemberKey) -> None:
        """Forget what was read for who is about to leave; if they stay after all, it is read again at once."""
        anew = lambda mailbox: mailbox and replace(mailbox, read_at=None, due_at=self._now())  # noqa: E731
        self._change(key, anew)
        self._tables.calendars.delete(owner, key)

    def _change(self, key: MailboxKey, decide: Callable[[Mailbox | None], Mailbox | None]) -> None:
        """Change a mailbox; one whose row is broken lists nobody usefully, and holds nobody up."""
        try:
            self._tables.mailboxes.change(key, decide)
        except EntityUnreadable as problem:
            log.error("passed over: %s", problem)  # noqa: TRY400 - no trace needed

    def leave(self, key: MailboxKey, owner: MemberKey) -> None:
        """Have the mailbox forget the member, and what was read of it for them."""

        def without_owner(mailbox: Mailbox | None) -> Mailbox | None:
            if mailbox is None or owner not in mailbox.members:
                return None
            members = tuple(member for member in mailbox.members if member != owner)
            left = (*mailbox.left, owner) if mailbox.claimed_at is not None else mailbox.left
            return replace(mailbox, members=members, left=left, due_at=self._now())

        self._change(key, without_owner)
        # Once more, for a read that was under way.
        self._tables.calendars.delete(owner, key)


def moves(
    org: str, changes: Iterable[Change], orphans: Iterable[Row[Connection]]
) -> tuple[list[tuple[MailboxKey, MemberKey]], list[tuple[MailboxKey, MemberKey]]]:
    """Who joins and who leaves which mailbox."""
    joined, left = [], []
    for row, after in changes:
        before = row.value.active_mailbox if row else None
        owner = MemberKey(org, after.member)
        if after.active_mailbox == before:
            continue
        if after.active_mailbox is not None:
            joined.append((after.active_mailbox, owner))
        if before is not None:
            left.append((before, owner))
    left += [(key, MemberKey(org, row.key)) for row in orphans if (key := row.value.active_mailbox)]
    return joined, left
