"""Directory users an admin may name as a member, where addresses alone do not say who it is.

Only those are shown whom an address leads to: the member's own addresses, or one that the admin types. The directory
itself cannot be leafed through. Nothing is stored but the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import InvalidInput, MicrosoftError, NotFound
from shared.graph.users import Users
from shared.matching import normalise
from shared.model import Connection, DirectoryUser, MailboxKey, Member, MemberKey
from shared.storage.tables import Tables


@dataclass(frozen=True)
class Candidate:
    """A directory user who could be the member."""

    mailbox: MailboxKey
    user: DirectoryUser
    is_chosen: bool
    is_bound: bool
    taken_by: str | None = None
    """Another member of the organization whose calendar the user's is."""

    @property
    def objection(self) -> str | None:
        """Why the user cannot be chosen."""
        if self.user.is_guest:
            return "A guest's mailbox is in another tenant."
        if self.taken_by is not None:
            return f"This is the member {self.taken_by} already."
        return None if self.user.is_enabled else "The account is switched off."


@dataclass(frozen=True)
class Found:
    """Candidates, and the tenants whose directory could not be asked."""

    candidates: tuple[Candidate, ...]
    unanswered: tuple[str, ...]


class Candidates:
    """Looks for directory users who could be a member."""

    def __init__(self, tables: Tables, users: Users) -> None:
        self._tables = tables
        self._users = users

    def of(self, org: str, member_id: str, address: str | None) -> Found:
        """Users of all of the organization's tenants whom the addresses lead to. Raises `NotFound`."""
        member = self._tables.members.get(org, member_id)
        if member is None:
            raise NotFound("There is no such member.")
        row = self._tables.connections.get(org, member_id)
        choice = self._tables.choices.get(org, member_id)
        chosen, known = choice.value.mailbox if choice else None, row.value if row else None
        found: list[Candidate] = []
        unanswered: list[str] = []
        for tenant in self._tables.tenants_of(org):
            if not tenant.value.may_be_searched:
                unanswered.append(tenant.key)
                continue
            try:
                users = self._look_up(tenant.key, member.value, address, known, chosen)
            except MicrosoftError:
                unanswered.append(tenant.key)
                continue
            for user in users:
                key = MailboxKey(tenant.key, user.id)
                is_bound = known is not None and key == known.mailbox
                taken_by = self._taken_by(MemberKey(org, member_id), key)
                found.append(Candidate(key, user, key == chosen, is_bound, taken_by))
        found.sort(key=lambda candidate: (candidate.user.user_principal_name, candidate.mailbox))
        return Found(tuple(found), tuple(unanswered))

    def one(self, org: str, member_id: str, tenant_id: str, user_id: str) -> MailboxKey:
        """The user an admin names, who must be there, have a mailbox of their own, and be no other member.

        Raises `InvalidInput`, `MicrosoftError`.
        """
        row = self._tables.tenants.get(org, tenant_id)
        if row is None or not row.value.may_be_searched:
            raise InvalidInput("Name one of the organization's tenants.", field="tenant")
        users = self._users.look_up(tenant_id, [], [user_id])
        if not users:
            raise InvalidInput("There is no such user in the tenant's directory.", field="user")
        key = MailboxKey(tenant_id, users[0].id)
        taken_by = self._taken_by(MemberKey(org, member_id), key)
        candidate = Candidate(key, users[0], is_chosen=False, is_bound=False, taken_by=taken_by)
        if candidate.objection is not None:
            raise InvalidInput(candidate.objection, field="user")
        return candidate.mailbox

    def _taken_by(self, owner: MemberKey, key: MailboxKey) -> str | None:
        """Another member of the same organization whose mailbox this is."""
        row = self._tables.mailboxes.row(key)
        others = [one.member for one in (row.value.members if row else ()) if one.org == owner.org and one != owner]
        return others[0] if others else None

    def _look_up(
        self,
        tenant_id: str,
        member: Member,
        address: str | None,
        known: Connection | None,
        chosen: MailboxKey | None,
    ) -> list[DirectoryUser]:
        addresses = [*member.addresses, *([normalise(address)] if address else [])]
        ids = set(known.candidates) if known else set()
        if known is not None and known.mailbox is not None and known.tenant_id == tenant_id:
            ids.add(known.mailbox.object_id)
        if chosen is not None and chosen.tenant_id == tenant_id:
            ids.add(chosen.object_id)
        return self._users.look_up(tenant_id, sorted(set(addresses)), sorted(ids))
