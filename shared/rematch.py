"""Members matched against what a tenant's directory says, and their connections written accordingly.

What people decided comes first, and needs no answer of Microsoft's: whom policy or a choice keeps out is disconnected
before anything is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from shared.connections import Change, Connections
from shared.directory_round import Roster, Round
from shared.graph.users import Users
from shared.matching import (
    Directory,
    connection_after,
    contested_addresses,
    match,
    noted_elsewhere,
    owned_domains,
)
from shared.model import Connection, ConnectionStatus, DirectoryUser, MailboxKey, Member, Tenant
from shared.policy import held_out, says
from shared.storage.table import Row, Table
from shared.storage.tables import Tables

T = TypeVar("T")


class Rematch:
    """Decides for members who they are in a tenant, and saves it."""

    def __init__(self, tables: Tables, users: Users, connections: Connections, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._users = users
        self._connections = connections
        self._now = now

    def roster(self, org: str, tenant_id: str, only: str | None = None) -> Roster:
        """Everybody with what is known and decided of them; of one member `only`, if it is about that one.

        Addresses count of all of them: others may claim the same.

        Policy and choices come last: whoever decides meanwhile writes the connection afterwards, and our write over
        the one that was read before is then refused.
        """
        members = {row.key: row.value for row in self._tables.members.rows(org)}
        connections = {row.key: row for row in _some(self._tables.connections, org, only)}
        policy = self._tables.policies.of(org)
        choices = {row.key: row.value for row in _some(self._tables.choices, org, only)}
        return Roster(members, connections, tenant_id, choices, policy)

    def keep_out(self, org: str, roster: Roster) -> set[MailboxKey] | None:
        """Disconnect whom people decided to keep out, and forget who left the roster.

        The mailboxes they leave; None where there was nothing to do. Raises `EntityChanged`.
        """
        changes: list[Change] = []
        for member_id in roster.members:
            reason, before = roster.kept_out(member_id), roster.connection(member_id)
            if reason is not None and not says(before, reason):
                changes.append((roster.connections.get(member_id), held_out(member_id, before, reason, self._now())))
        orphans = [row for key, row in roster.connections.items() if key not in roster.members]
        return self._connections.save(org, changes, orphans) if changes or orphans else None

    def run(
        self, org: str, roster: Roster, affected: set[str], found: Round, owned: frozenset[str]
    ) -> set[MailboxKey]:
        """Match the affected members again and save what changed; the mailboxes that somebody joined or left."""
        members = [roster.members[member_id] for member_id in sorted(affected)]
        users = dict(found.users) if found.complete else self._look_up(roster, members, found)
        directory = Directory(users.values(), owned | owned_domains(users.values()))
        contested = contested_addresses(roster.members.values())
        changes: list[Change] = []
        for member in members:
            after = self._after(roster, member, directory, contested)
            if after != roster.connection(member.id):
                changes.append((roster.connections.get(member.id), after))
        return self._connections.save(org, changes, ())

    def one(self, org: str, tenant: Tenant, member_id: str) -> set[MailboxKey]:
        """Match a single member, unless they are kept out, against what the tenant's directory says now.

        Raises `MicrosoftError`, `EntityChanged`.
        """
        roster, nothing_told = self.roster(org, tenant.id, member_id), Round(complete=False)
        wanted = {member_id} if member_id in roster.members and roster.kept_out(member_id) is None else set[str]()
        return self.run(org, roster, wanted, nothing_told, frozenset(tenant.domains))

    def _after(self, roster: Roster, member: Member, directory: Directory, contested: frozenset[str]) -> Connection:
        before, tenant_id = roster.connection(member.id), roster.tenant_id
        if roster.is_elsewhere(member.id):
            outcome = match(member, directory, None, contested)
            so_far = before or Connection(member.id, ConnectionStatus.NOT_MATCHED, self._now())
            return noted_elsewhere(so_far, member, outcome, tenant_id)
        chosen, bound = roster.chosen(member.id), roster.bound(member.id)
        # What rested on an admin's word alone ends with it.
        known = bound if bound is not None and bound.chosen is None else None
        outcome = match(member, directory, known, contested, chosen)
        return connection_after(member, outcome, tenant_id, before, self._now(), chosen)

    def _look_up(self, roster: Roster, members: list[Member], found: Round) -> dict[str, DirectoryUser]:
        """What the directory says now of the members' addresses and of the users they are bound to.

        Replicas lag: what the delta round just said about a user wins over what a look-up says.
        """
        if not members:
            return {}
        addresses = sorted({address for member in members for address in member.addresses})
        ids = sorted({user_id for member in members for user_id in roster.ids(member.id)})
        users = {user.id: user for user in self._users.look_up(roster.tenant_id, addresses, ids)}
        return {key: user for key, user in (users | found.users).items() if key not in found.removed}


def _some(table: Table[T], org: str, only: str | None) -> Iterable[Row[T]]:
    """The organization's rows, or the one row of this key."""
    if only is None:
        return table.rows(org)
    row = table.get(org, only)
    return [row] if row else []
