"""What a round of directory changes means for an organization's members: pure decisions for `directory_sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from shared.graph.users import DirectoryPage
from shared.matching import SEVERAL_MEMBERS, contested_addresses, domain_of, normalise, owned_domains
from shared.model import Choice, Connection, DirectoryUser, MailboxKey, Member, Policy
from shared.policy import KEPT_OUT, KeptOut, kept_out
from shared.storage.table import Row


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
    choices: Mapping[str, Choice] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)

    def connection(self, member_id: str) -> Connection | None:
        """The member's connection, wherever it is bound."""
        row = self.connections.get(member_id)
        return row.value if row else None

    def bound(self, member_id: str) -> Connection | None:
        """The member's connection, if it is bound in this tenant or in none."""
        connection = self.connection(member_id)
        return connection if connection and connection.tenant_id in (self.tenant_id, None) else None

    def kept_out(self, member_id: str) -> KeptOut | None:
        """Why people do not want the member connected, if they do not."""
        return kept_out(self.members[member_id], self.choices.get(member_id), self.policy)

    def chosen(self, member_id: str) -> MailboxKey | None:
        """The directory user who an admin said the member is."""
        choice = self.choices.get(member_id)
        return choice.mailbox if choice else None

    def is_elsewhere(self, member_id: str) -> bool:
        """Whether another tenant connects the member: one they are bound in, or that an admin chose."""
        chosen = self.chosen(member_id)
        if chosen is not None:
            return chosen.tenant_id != self.tenant_id
        connection = self.connection(member_id)
        return connection is not None and connection.tenant_id not in (self.tenant_id, None)

    def wanted(self) -> dict[str, Member]:
        """Members whom nobody keeps out."""
        return {m.id: m for m in self.members.values() if self.kept_out(m.id) is None}

    def known_ids(self) -> set[str]:
        """Object ids of users whose changes concern somebody: bound and chosen ones, candidates of the ambiguous."""
        connections = [row.value for row in self.connections.values()]
        chosen = {choice.mailbox.object_id for choice in self.choices.values() if choice.mailbox}
        found = {key.object_id for connection in connections for key in connection.also_found}
        return chosen | found | {i for c in connections for i in (c.object_id, *c.candidates) if i}

    def unconsidered(self, new_domains: set[str] | frozenset[str] = frozenset()) -> set[str]:
        """Members to look for though no user of theirs changed.

        Nobody has looked for them in this tenant under the addresses they have now, or since they were kept out, or
        since an admin said who they are; or another member claimed their addresses, and one of these is claimed by
        nobody else any more; or their `mail` counts now that its domain is seen to be owned.
        """
        contested = contested_addresses(self.members.values())
        return {
            m.id
            for m in self.wanted().values()
            if not self._is_considered(m)
            or self._is_free_again(m, contested)
            or any(domain_of(address) in new_domains for address in m.addresses)
        }

    def affected(self, found: Round) -> set[str]:
        """Members whose match may change because of the round."""
        users = found.users.values()
        addresses = {normalise(a) for u in users for a in (u.user_principal_name, u.mail or "", *u.smtp_addresses)}
        ids = set(found.users) | found.removed
        return {m.id for m in self.wanted().values() if addresses.intersection(m.addresses) or self.ids(m.id) & ids}

    def ids(self, member_id: str) -> set[str]:
        """Object ids of the users of this tenant who are the member, or could be."""
        connection, bound, chosen = self.connection(member_id), self.bound(member_id), self.chosen(member_id)
        keys = {*(connection.also_found if connection else ()), *((chosen,) if chosen else ())}
        ids = {bound.object_id, *bound.candidates} if bound else set()
        return {i for i in ids if i} | {key.object_id for key in keys if key.tenant_id == self.tenant_id}

    def _is_considered(self, member: Member) -> bool:
        connection, chosen = self.connection(member.id), self.chosen(member.id)
        if connection is None or connection.status in KEPT_OUT:
            return False
        is_told = connection.chosen == chosen or (chosen is not None and chosen.tenant_id != self.tenant_id)
        return is_told and connection.considered == member.addresses and self.tenant_id in connection.considered_in

    def _is_free_again(self, member: Member, contested: frozenset[str]) -> bool:
        bound = self.bound(member.id)
        return bound is not None and bound.detail == SEVERAL_MEMBERS and not contested.issuperset(member.addresses)


def concerns(roster: Roster) -> Callable[[DirectoryUser], bool]:
    """Which directory users anything must be remembered of, for as long as the round is worked on."""
    wanted = {address for member in roster.members.values() for address in member.addresses}
    known = roster.known_ids()

    def decide(user: DirectoryUser) -> bool:
        names: Iterable[str] = (user.user_principal_name, user.mail or "", *user.smtp_addresses)
        return user.id in known or any(normalise(name) in wanted for name in names)

    return decide
