"""What members and admins decide about single connections, and what becomes of the connection then.

A choice is written first, in a row of its own; the connection follows. Whatever stops in between, the next look at
any of the organization's tenants makes the connection follow (`rematch`). The audit trail comes before both: it may
say what was then interrupted, but nothing happens that it does not say.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from shared.callers import Caller
from shared.connections import Connections
from shared.errors import Conflict, EntityChanged, Forbidden, NotFound
from shared.messages import CalendarSync, DirectorySync, Reason
from shared.model import (
    BusyStatus,
    Choice,
    Connection,
    ConnectionStatus,
    Decided,
    MailboxKey,
    Member,
    MemberKey,
    Policy,
)
from shared.policy import KEPT_OUT, held_out, in_scope, kept_out, says
from shared.storage.audit import Entry
from shared.storage.queue import Queues
from shared.storage.table import Row
from shared.storage.tables import Tables


class Standing(NamedTuple):
    """A member with everything that was decided and found out about them."""

    member: Member
    row: Row[Connection] | None
    choice: Choice
    policy: Policy

    @property
    def connection(self) -> Connection | None:
        """The connection as it stands."""
        return self.row.value if self.row else None

    def shown(self, now: datetime) -> Connection | None:
        """The connection as people should see it, also in the moment before it follows what was decided."""
        reason, connection = kept_out(self.member, self.choice, self.policy), self.connection
        if reason is not None:
            return connection if says(connection, reason) else held_out(self.member.id, connection, reason, now)
        if connection is not None and connection.status in KEPT_OUT:
            return replace(connection, status=ConnectionStatus.CONNECTING, detail=None)
        return connection


class Choices:
    """Takes choices and makes connections follow."""

    def __init__(self, tables: Tables, queues: Queues, connections: Connections, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._queues = queues
        self._connections = connections
        self._now = now

    def standing(self, org: str, member_id: str) -> Standing:
        """How the member stands. Raises `NotFound`."""
        member = self._tables.members.get(org, member_id)
        if member is None:
            raise NotFound("There is no such member on the organization's roster.")
        connection = self._tables.connections.get(org, member_id)
        choice = self._tables.choices.get(org, member_id)
        known = choice.value if choice else Choice(member_id)
        return Standing(member.value, connection, known, self._tables.policies.of(org))

    def disconnect(self, caller: Caller) -> Standing:
        """The caller wants their calendar read no more. Raises `Forbidden` where the policy does not let them."""
        before = self.standing(caller.org, caller.subject)
        if not before.policy.members_may_disconnect:
            raise Forbidden("Your organization's admins do not let members disconnect their calendar.", "policy")
        decided = before.choice.disconnected or self._decided(caller)
        self._choose(caller, caller.subject, "connection.disconnected", lambda c: replace(c, disconnected=decided))
        return self._followed(caller.org, caller.subject)

    def reconnect(self, caller: Caller) -> Standing:
        """The caller comes back. Raises `Conflict` where an admin keeps them out."""
        before = self.standing(caller.org, caller.subject)
        if before.choice.excluded or not in_scope(before.member, before.policy):
            raise Conflict("Your organization's admins do not include you; ask them to.")
        self._settle(MemberKey(caller.org, caller.subject))
        self._choose(
            caller,
            caller.subject,
            "connection.reconnected",
            lambda c: replace(c, disconnected=None, own_instead=None),
        )
        return self.let_in(caller.org, caller.subject)

    def exclude(self, caller: Caller, member_id: str) -> Standing:
        """An admin keeps a member out. Raises `NotFound`."""
        decided = self.standing(caller.org, member_id).choice.excluded or self._decided(caller)
        self._choose(caller, member_id, "member.excluded", lambda c: replace(c, excluded=decided))
        return self._followed(caller.org, member_id)

    def include(self, caller: Caller, member_id: str) -> Standing:
        """An admin lets a member in again, who connects by themselves unless they disconnected. Raises `NotFound`."""
        self.standing(caller.org, member_id)
        self._choose(caller, member_id, "member.included", lambda c: replace(c, excluded=None))
        self._followed(caller.org, member_id)
        return self.let_in(caller.org, member_id)

    def name(self, caller: Caller, member_id: str, mailbox: MailboxKey | None) -> Standing:
        """An admin says which directory user the member is, or leaves it to the addresses again (None)."""
        self.standing(caller.org, member_id)
        action = "match.chosen" if mailbox else "match.left_to_addresses"
        detail = f"{mailbox.tenant_id}/{mailbox.object_id}" if mailbox else None
        self._choose(caller, member_id, action, lambda c: replace(c, mailbox=mailbox), detail)
        # The tenant may have gone just now: whom it was to have is then forgotten again.
        return self._looked_for(caller.org, member_id, {mailbox.tenant_id} if mailbox else set())

    def count_as_busy(self, caller: Caller, statuses: tuple[BusyStatus, ...] | None) -> Standing:
        """The caller says what counts as busy for them, or leaves it to the policy. Raises `Forbidden`."""
        before = self.standing(caller.org, caller.subject)
        if not before.policy.members_may_choose_busy and statuses is not None:
            raise Forbidden("Your organization's admins decide what counts as busy.", "policy")
        said = ",".join(statuses) if statuses is not None else "as the organization says"
        change = lambda c: replace(c, busy_statuses=statuses)  # noqa: E731 - reads best here
        self._choose(caller, caller.subject, "busy_statuses.chosen", change, said)
        return self.standing(caller.org, caller.subject)

    def prefer_own(self, owner: MemberKey) -> None:
        """Keep the managed connection out while the member has one of their own; recorded with that.

        The own connection's row said so first. It says last that this is done: whoever stops before is followed by
        the schedule.
        """
        since = self._now()
        change = lambda c: replace(c or Choice(owner.member), own_instead=since)  # noqa: E731 - reads best here
        self._tables.choices.change(*owner, change)
        self._followed(*owner)
        self._settle(owner)

    def _settle(self, owner: MemberKey) -> None:
        """The own connection's row asks for no choice any more."""
        settled = lambda own: replace(own, is_unsettled=False) if own and own.is_unsettled else None  # noqa: E731
        self._tables.own_connections.change(*owner, settled)

    def leave_own(self, owner: MemberKey) -> None:
        """The member's own connection is to end: it keeps nothing out any more. `let_in` comes afterwards."""
        known = lambda c: replace(c, own_instead=None) if c and c.own_instead else None  # noqa: E731 - reads best here
        self._tables.choices.change(*owner, known)

    def _choose(
        self,
        caller: Caller,
        member_id: str,
        action: str,
        change: Callable[[Choice], Choice],
        detail: str | None = None,
    ) -> None:
        """Write the choice; nothing is written or told where it is the same as before."""
        row = self._tables.choices.get(caller.org, member_id)
        before = row.value if row else Choice(member_id)
        if change(before) == before:
            return
        self._tables.audit.record(caller.org, Entry(self._now(), caller.subject, action, member_id, detail))
        self._tables.choices.change(caller.org, member_id, lambda known: change(known or Choice(member_id)), row)

    def _decided(self, caller: Caller) -> Decided:
        return Decided(caller.subject, self._now())

    def _followed(self, org: str, member_id: str) -> Standing:
        """How the member stands once the connection says what was decided."""
        while True:
            standing = self.standing(org, member_id)
            reason = kept_out(standing.member, standing.choice, standing.policy)
            if reason is None or says(standing.connection, reason):
                self._connections.finish_leaving(org, standing.connection)
                return standing
            after = held_out(member_id, standing.connection, reason, self._now())
            try:
                left = self._connections.save(org, [(standing.row, after)], ())
            except EntityChanged:
                continue
            for key in left:
                self._queues.send(CalendarSync(key.tenant_id, (key.object_id,), self._now(), Reason.CHANGED))

    def let_in(self, org: str, member_id: str) -> Standing:
        """How a member stands whom nobody keeps out any more: whose connection does not say so yet is looked for."""
        standing = self.standing(org, member_id)
        connection = standing.connection
        if connection is None or connection.status not in KEPT_OUT:
            return standing
        if kept_out(standing.member, standing.choice, standing.policy) is not None:
            return standing
        if any(self._tables.tenants_of(org)):
            return self._looked_for(org, member_id)
        self._tables.connections.change(org, member_id, lambda c: c and unlooked_for(c, self._now()))
        return self.standing(org, member_id)

    def _looked_for(self, org: str, member_id: str, also: AbstractSet[str] = frozenset()) -> Standing:
        """How the member stands, who is to be looked for in every tenant now."""
        for tenant_id in sorted({row.key for row in self._tables.tenants_of(org)} | also):
            self._queues.send(DirectorySync(org, tenant_id, self._now()))
        return self.standing(org, member_id)


def unlooked_for(connection: Connection, now: datetime) -> Connection | None:
    """The connection of a member who is let in where there is no tenant to look for them in."""
    if connection.status not in KEPT_OUT or connection.mailbox is not None:
        return None
    return replace(connection, status=ConnectionStatus.NOT_MATCHED, detail=None, changed_at=now)
