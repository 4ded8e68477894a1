"""The platform's roster as it is sent: checked, and compared with the one before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shared.contract.fields import is_zone
from shared.contract.people import MemberInput, RosterMember
from shared.errors import InvalidInput
from shared.matching import normalise
from shared.model import Member


class Difference(NamedTuple):
    """What must be done to make one roster into another."""

    added: list[Member]
    changed: list[Member]
    removed: list[str]
    unchanged: int


def difference(before: dict[str, Member], after: dict[str, Member]) -> Difference:
    """How the rosters differ."""
    kept = before.keys() & after.keys()
    changed = [after[key] for key in sorted(kept) if before[key] != after[key]]
    return Difference(
        added=[after[key] for key in sorted(after.keys() - before.keys())],
        changed=changed,
        removed=sorted(before.keys() - after.keys()),
        unchanged=len(kept) - len(changed),
    )


def member_from(member_id: str, given: MemberInput, where: str = "") -> Member:
    """A checked member. Raises `InvalidInput` naming the field, behind `where`."""
    if given.time_zone is not None and not is_zone(given.time_zone):
        raise InvalidInput("Use an IANA time zone such as Europe/Berlin.", field=f"{where}time_zone")
    addresses = tuple(dict.fromkeys(map(normalise, given.addresses)))
    return Member(member_id, given.name, addresses, given.time_zone)


def roster_from(given: Iterable[RosterMember]) -> dict[str, Member]:
    """A checked roster by member id. Raises `InvalidInput` naming the entry."""
    members: dict[str, Member] = {}
    for number, entry in enumerate(given):
        where = f"members[{number}]."
        if entry.id in members:
            raise InvalidInput("The same id occurs twice.", field=f"{where}id")
        members[entry.id] = member_from(entry.id, entry, where)
    return members
