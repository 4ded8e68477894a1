"""Which directory user is which member: the rules of promise P5, as pure functions.

1. Addresses are compared normalised. A directory user is reached by the user principal name and SMTP proxy
   addresses, which a tenant can only hold in domains it has proven; and by `mail`, which anybody can fill in, only
   inside a domain the tenant is seen to own.
2. Guests are never matched: their mailbox is somewhere else.
3. One candidate is a match, two are `ambiguous`, none is `not_matched`. An address that two members claim leads
   to `ambiguous` too: it does not say whose mailbox it is.
4. Identity is (tenant id, object id). A member who is bound stays bound while that user exists and the roster
   still lists the address the match rests on, or the user still has one of the member's addresses.
5. A reassigned address inherits nothing: a member whose bound user is gone is not bound to whoever got the address.
6. Whom an admin chose is who the member is, whatever the addresses say.
7. Of several tenants in which a member is found, the one that found them first keeps them, for as long as the user is
   there; in the others it is only noted. An admin can choose another one.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.model import Connection, ConnectionStatus, DirectoryUser, MailboxKey, Member

REASSIGNED = "address_reassigned"
REMOVED = "user_removed"
GUEST_ONLY = "guest_only"
SEVERAL_USERS = "several_users"
SEVERAL_MEMBERS = "several_members"
CHOSEN_REMOVED = "chosen_user_removed"
"""Details: why a status is what it is."""


@dataclass(frozen=True)
class Match:
    """The outcome for one member."""

    status: ConnectionStatus
    """`CONNECTING` for a match; otherwise why there is none."""
    user: DirectoryUser | None = None
    address: str | None = None
    """The roster address the match rests on."""
    detail: str | None = None
    candidates: tuple[str, ...] = ()
    """Object ids of the users an ambiguous member could be."""


def normalise(address: str) -> str:
    """An address as it is compared: trimmed, Unicode-composed, in small letters. Nothing that joins two domains."""
    return unicodedata.normalize("NFC", address).strip().lower()


def domain_of(address: str) -> str:
    """The part after the last @, or nothing."""
    return address.rpartition("@")[2] if "@" in address else ""


def owned_domains(users: Iterable[DirectoryUser]) -> frozenset[str]:
    """Domains the tenant is seen to own: those of its members' principal names, which Microsoft has verified.

    SMTP addresses do not prove as much: mail users carry addresses of elsewhere.
    """
    return frozenset(domain_of(normalise(user.user_principal_name)) for user in users if not user.is_guest) - {""}


def provable_addresses(user: DirectoryUser, owned: frozenset[str]) -> frozenset[str]:
    """The normalised addresses a match with this user may rest on."""
    addresses = {normalise(user.user_principal_name), *map(normalise, user.smtp_addresses)}
    if user.mail and domain_of(normalise(user.mail)) in owned:
        addresses.add(normalise(user.mail))
    return frozenset(addresses)


def contested_addresses(members: Iterable[Member]) -> frozenset[str]:
    """Addresses that more than one member claims."""
    claims = Counter(address for member in members for address in set(member.addresses))
    return frozenset(address for address, count in claims.items() if count > 1)


class Directory:
    """Directory users indexed by what a match may rest on."""

    def __init__(self, users: Iterable[DirectoryUser], owned: frozenset[str]) -> None:
        self.by_id: dict[str, DirectoryUser] = {user.id: user for user in users}
        self.owned = owned
        self._by_address: defaultdict[str, list[DirectoryUser]] = defaultdict(list)
        for user in self.by_id.values():
            for address in provable_addresses(user, owned):
                self._by_address[address].append(user)

    def candidates(self, addresses: Iterable[str]) -> list[tuple[str, DirectoryUser]]:
        """Each user any of the addresses leads to, once, with the address that does."""
        found: dict[str, tuple[str, DirectoryUser]] = {}
        for address in addresses:
            for user in self._by_address.get(address, ()):
                found.setdefault(user.id, (address, user))
        return list(found.values())


def match(
    member: Member,
    directory: Directory,
    bound: Connection | None,
    contested: frozenset[str] = frozenset(),
    chosen: MailboxKey | None = None,
) -> Match:
    """Which user of the directory this member is.

    `bound` is the member's connection in this tenant, if any; `contested` are addresses that several members claim;
    `chosen` is the user of this tenant whom an admin named.
    """
    if chosen is not None:
        return _named(directory.by_id.get(chosen.object_id))
    if bound is not None and bound.object_id is not None:
        return _rematch(member, directory, bound, contested)
    # An address of one's own says more than one that others claim too.
    everyone = directory.candidates(sorted(member.addresses, key=lambda address: address in contested))
    people = [(address, user) for address, user in everyone if not user.is_guest]
    if not people:
        return Match(ConnectionStatus.NOT_MATCHED, detail=GUEST_ONLY if everyone else None)
    candidates = tuple(sorted(user.id for _, user in people))
    if len(people) > 1:
        return Match(ConnectionStatus.AMBIGUOUS, detail=SEVERAL_USERS, candidates=candidates)
    if any(address in contested for address, _ in people):
        return Match(ConnectionStatus.AMBIGUOUS, detail=SEVERAL_MEMBERS, candidates=candidates)
    return _outcome(*people[0])


def _named(user: DirectoryUser | None) -> Match:
    if user is None:
        return Match(ConnectionStatus.NOT_MATCHED, detail=CHOSEN_REMOVED)
    return Match(ConnectionStatus.NOT_MATCHED, detail=GUEST_ONLY) if user.is_guest else _outcome(None, user)


def _rematch(member: Member, directory: Directory, bound: Connection, contested: frozenset[str]) -> Match:
    user = directory.by_id.get(bound.object_id or "")
    reaches = dict((u.id, a) for a, u in directory.candidates(member.addresses))  # noqa: C402 - pairs are swapped
    if bound.matched_address not in member.addresses and bound.object_id not in reaches:
        return match(member, directory, None, contested)
    if user is None:
        detail = REASSIGNED if reaches else REMOVED
        return Match(ConnectionStatus.NOT_MATCHED, detail=detail, address=bound.matched_address)
    if user.is_guest:
        return Match(ConnectionStatus.NOT_MATCHED, detail=GUEST_ONLY, address=bound.matched_address)
    return _outcome(reaches.get(user.id, bound.matched_address or ""), user)


def _outcome(address: str | None, user: DirectoryUser) -> Match:
    if not user.is_enabled:
        return Match(ConnectionStatus.DISABLED_IN_DIRECTORY, user, address)
    return Match(ConnectionStatus.CONNECTING, user, address)


def connection_after(
    member: Member,
    outcome: Match,
    tenant_id: str,
    before: Connection | None,
    now: datetime,
    chosen: MailboxKey | None = None,
) -> Connection:
    """The member's connection once the outcome is recorded.

    A bound identity is kept through `not_matched` and `disabled_in_directory`, so that rule 5 holds tomorrow too.
    A match that only confirms what is being read keeps its status.
    """
    base = before or Connection(member.id, outcome.status, now)
    looked = replace(_considered(base, member, tenant_id), candidates=outcome.candidates, chosen=chosen)
    bound = _bound(looked, outcome, tenant_id)
    confirmed = before is not None and before.active_mailbox is not None and before.mailbox == bound.mailbox
    if outcome.status is ConnectionStatus.CONNECTING and confirmed:
        return bound
    same = base.status is outcome.status and base.mailbox in (None, bound.mailbox)
    changed_at = base.changed_at if same else now
    return replace(bound, status=outcome.status, detail=outcome.detail, changed_at=changed_at)


def noted_elsewhere(connection: Connection, member: Member, outcome: Match, tenant_id: str) -> Connection:
    """The connection of a member whom another tenant keeps, knowing whether this one would have them too."""
    others = set(elsewhere(connection, tenant_id))
    if outcome.status is ConnectionStatus.CONNECTING and outcome.user is not None:
        others.add(MailboxKey(tenant_id, outcome.user.id))
    return replace(_considered(connection, member, tenant_id), also_found=tuple(sorted(others)))


def elsewhere(connection: Connection, tenant_id: str) -> tuple[MailboxKey, ...]:
    """Users of other tenants than this one who would be the member too."""
    return tuple(key for key in connection.also_found if key.tenant_id != tenant_id)


def _considered(base: Connection, member: Member, tenant_id: str) -> Connection:
    """The connection, remembering that these addresses were looked for in this tenant."""
    elsewhere = base.considered_in if base.considered == member.addresses else ()
    return replace(base, considered=member.addresses, considered_in=tuple(sorted({*elsewhere, tenant_id})))


def _bound(base: Connection, outcome: Match, tenant_id: str) -> Connection:
    """The connection with the identity the outcome leaves it."""
    if outcome.user is not None:
        return replace(
            base,
            tenant_id=tenant_id,
            object_id=outcome.user.id,
            mailbox_address=outcome.user.user_principal_name,
            matched_address=outcome.address,
            also_found=elsewhere(base, tenant_id),
        )
    if outcome.address is not None:
        return base
    return replace(base, tenant_id=None, object_id=None, mailbox_address=None, matched_address=None)
