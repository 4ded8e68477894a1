"""What a round of directory changes means for an organization's members: pure decisions for `directory_sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from shared.graph.users import DirectoryPage
from shared.matching import SEVERAL_MEMBERS, contested_addresses, domain_of, normalise, owned_domains
from shared.model import Connection, ConnectionStatus, DirectoryUser, Member
from shared.storage.table import Row

_KEPT_OUT = frozenset({ConnectionStatus.EXCLUDED, ConnectionStatus.USER_DISCONNECTED})
"""Statuses that a person decided; no round changes them."""


@dataclass
class Round:
    """What one delta round said, as far as it concerns members."""

    complete: bool
    """Whether it lists the whole directory rather than changes."""
    users: dict[str, DirectoryUser] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    delta_link: str | None = None
    seen: int = 0

    def add(self, page: DirectoryPage, concerns: Callable[[DirectoryUser], bool]) -> None:
        """Take a page in; the last word about a user counts."""
        for user in page.users:
            self.removed.discard(user.id)
            self.users.pop(user.id, None)
            if concerns(user):
                self.users[user.id] = user
        for user_id in page.removed:
            self.users.pop(user_id, None)
            self.removed.add(user_id)
        self.domains |= owned_domains(page.users)
        self.delta_link = page.delta_link or self.delta_link
        self.seen += len(page.users)


@dataclass(frozen=True)
class Roster:
    """The organization's members with their connections as they stand, seen from one tenant."""

    members: Mapping[str, Member]
    connections: Mapping[str, Row[Connection]]
    tenant_id: str

    def bound(self, member_id: str) -> Connection | None:
        """The member's connection, if it is bound in this tenant or in none."""
        row = self.connections.get(member_id)
        return row.value if row and row.value.tenant_id in (self.tenant_id, None) else None

    def matchable(self) -> dict[str, Member]:
        """Members this tenant may connect: all who are not bound in another one or kept out by a person."""
        return {m.id: m for m in self.members.values() if self._is_matchable(m.id)}

    def known_ids(self) -> set[str]:
        """Object ids of users whose changes concern somebody: bound ones, and candidates of ambiguous members."""
        connections = [row.value for row in self.connections.values()]
        return {i for c in connections for i in (c.object_id, *c.candidates) if i}

    def unconsidered(self, new_domains: set[str] | frozenset[str] = frozenset()) -> set[str]:
        """Members to look for though no user of theirs changed.

        Nobody has looked for them in this tenant under the addresses they have now; or another member claimed
        their addresses, and one of these is claimed by nobody else any more; or their `mail` counts now that its
        domain is seen to be owned.
        """
        contested = contested_addresses(self.members.values())
        return {
            m.id
            for m in self.matchable().values()
            if not self._is_considered(m)
            or self._is_free_again(m, contested)
            or any(domain_of(address) in new_domains for address in m.addresses)
        }

    def affected(self, found: Round) -> set[str]:
        """Members whose match may change because of the round."""
        users = found.users.values()
        addresses = {normalise(a) for u in users for a in (u.user_principal_name, u.mail or "", *u.smtp_addresses)}
        ids = set(found.users) | found.removed
        return {
            m.id for m in self.matchable().values() if addresses.intersection(m.addresses) or self._ids(m.id) & ids
        }

    def _ids(self, member_id: str) -> set[str]:
        bound = self.bound(member_id)
        return {i for i in (bound.object_id, *bound.candidates) if i} if bound else set()

    def _is_considered(self, member: Member) -> bool:
        row = self.connections.get(member.id)
        if row is None:
            return False
        return row.value.considered == member.addresses and self.tenant_id in row.value.considered_in

    def _is_free_again(self, member: Member, contested: frozenset[str]) -> bool:
        bound = self.bound(member.id)
        return bound is not None and bound.detail == SEVERAL_MEMBERS and not contested.issuperset(member.addresses)

    def _is_matchable(self, member_id: str) -> bool:
        row = self.connections.get(member_id)
        return row is None or (row.value.status not in _KEPT_OUT and row.value.tenant_id in (self.tenant_id, None))


def concerns(roster: Roster) -> Callable[[DirectoryUser], bool]:
    """Which directory users anything must be remembered of, for as long as the round is worked on."""
    wanted = {address for member in roster.members.values() for address in member.addresses}
    known = roster.known_ids()

    def decide(user: DirectoryUser) -> bool:
        names: Iterable[str] = (user.user_principal_name, user.mail or "", *user.smtp_addresses)
        return user.id in known or any(normalise(name) in wanted for name in names)

    return decide
