"""What an organization's policy and people's choices make of its members' connections (promise P7), as pure rules.

1. Whom an admin excluded is kept out, then whoever is not in the scope of the roll-out, then whoever disconnected.
2. A choice lasts until the one who made it chooses otherwise: no resync, no change of policy takes it back. Where
   members may not disconnect any more, those who did stay so until they come back.
3. Whoever connected an account of their own where no managed calendar was connected gets none until that one ends.
4. An admin's word on which directory user a member is goes before every address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from shared.matching import domain_of
from shared.model import (
    BusyStatus,
    CalendarKey,
    Choice,
    Connection,
    ConnectionStatus,
    Detail,
    MailboxKey,
    Member,
    OwnConnection,
    Policy,
    Selections,
)


class KeptOut(NamedTuple):
    """Why a member is not to be connected."""

    status: ConnectionStatus
    detail: str | None = None


KEPT_OUT = frozenset({ConnectionStatus.EXCLUDED, ConnectionStatus.USER_DISCONNECTED})
"""Statuses that people decided; no look at the directory changes them."""


def kept_out(member: Member, choice: Choice | None, policy: Policy) -> KeptOut | None:
    """Why the member is not to be connected; None if they may be."""
    if choice is not None and choice.excluded is not None:
        return KeptOut(ConnectionStatus.EXCLUDED)
    if not in_scope(member, policy):
        return KeptOut(ConnectionStatus.EXCLUDED, Detail.NOT_IN_ROLLOUT)
    if choice is not None and choice.disconnected is not None:
        return KeptOut(ConnectionStatus.USER_DISCONNECTED)
    if choice is not None and choice.own_instead is not None:
        return KeptOut(ConnectionStatus.USER_DISCONNECTED, Detail.OWN_CONNECTION)
    return None


def says(connection: Connection | None, reason: KeptOut) -> bool:
    """Whether the connection says already that the member is kept out, and why."""
    return connection is not None and (connection.status, connection.detail) == reason


def held_out(member_id: str, before: Connection | None, reason: KeptOut, now: datetime) -> Connection:
    """The connection of a member who is kept out; who they are is remembered for when they come back."""
    known = before or Connection(member_id, reason.status, now)
    changed_at = known.changed_at if known.status is reason.status else now
    return replace(known, status=reason.status, detail=reason.detail, changed_at=changed_at)


def in_scope(member: Member, policy: Policy) -> bool:
    """Whether the member takes part in the roll-out."""
    if policy.scope is None:
        return True
    domains = {domain_of(address) for address in member.addresses}
    return member.id in policy.scope.members or not domains.isdisjoint(policy.scope.domains)


def busy_statuses(policy: Policy, choice: Choice | None) -> frozenset[BusyStatus]:
    """What counts as busy for a member."""
    if policy.members_may_choose_busy and choice is not None and choice.busy_statuses is not None:
        return frozenset(choice.busy_statuses)
    return frozenset(policy.busy_statuses)


@dataclass(frozen=True)
class Effect:
    """How many members a change of policy touches."""

    disconnected: int = 0
    """Whose calendar is read now, and will not be."""
    looked_for: int = 0
    """Who are kept out now, and will be looked for."""
    busy_times: int = 0
    """Whose busy times may become others."""
    held: int = 0
    """Who could disconnect, and cannot any more."""
    freed: int = 0
    """Who could not disconnect, and can."""
    staying_out: int = 0
    """Who disconnected earlier, and stay so though the new policy would not let them."""
    own_staying: int = 0
    """Who connected an account of their own, and keep it though the new policy lets members connect no more."""


def effect(
    before: Policy,
    after: Policy,
    members: Iterable[Member],
    connections: Mapping[str, Connection],
    choices: Mapping[str, Choice],
    own: Collection[str] = (),
) -> Effect:
    """What changing one policy into the other does; `own` are members with an account of their own."""
    people = list(members)
    out = {m.id: kept_out(m, choices.get(m.id), before) for m in people}
    will = {m.id: kept_out(m, choices.get(m.id), after) for m in people}
    read = {m.id for m in people if (c := connections.get(m.id)) and c.has_calendar}
    stays = {member_id for member_id in read if will[member_id] is None}
    barred = before.members_may_disconnect and not after.members_may_disconnect
    closed = before.members_may_connect_personal and not after.members_may_connect_personal
    unbarred = after.members_may_disconnect and not before.members_may_disconnect
    return Effect(
        disconnected=sum(out[member_id] is None for member_id in read - stays),
        looked_for=sum(bool(out[m.id]) and not will[m.id] for m in people),
        busy_times=sum(_answers_differ(before, after, choices.get(member_id)) for member_id in stays),
        held=len(stays) if barred else 0,
        freed=len(stays) if unbarred else 0,
        staying_out=sum(_left(will[m.id]) for m in people) if barred else 0,
        own_staying=sum(m.id in own for m in people) if closed else 0,
    )


def _answers_differ(before: Policy, after: Policy, choice: Choice | None) -> bool:
    rule_differs = before.unknown_time is not after.unknown_time
    return rule_differs or busy_statuses(before, choice) != busy_statuses(after, choice)


def _left(reason: KeptOut | None) -> bool:
    return reason is not None and reason.status is ConnectionStatus.USER_DISCONNECTED


def sentences(touched: Effect) -> list[str]:
    """The effect in words; what concerns nobody is left out."""
    said = {
        "disconnected at once; what was read of their calendars is deleted": touched.disconnected,
        "looked for in Microsoft 365 and connected if they are found": touched.looked_for,
        "answered with other busy times": touched.busy_times,
        "no longer able to disconnect": touched.held,
        "able to disconnect from now on": touched.freed,
        "still disconnected by their own choice": touched.staying_out,
        "still connected with an account of their own, until they disconnect it": touched.own_staying,
    }
    return [f"{_members(count)} {text}." for text, count in said.items() if count] or ["This touches nobody."]


def _members(count: int) -> str:
    return "1 member is" if count == 1 else f"{count} members are"


def receiving(managed: Connection | None, own: OwnConnection | None, selections: Selections) -> MailboxKey | None:
    """The mailbox that takes the member's bookings; None where nothing is connected."""
    known = managed.active_mailbox if managed else None
    mine = own.mailbox if own else None
    if mine is not None and selections.receives == mine:
        return mine
    return known if managed is not None and managed.has_calendar else mine or known


def checked(managed: MailboxKey | None, own: OwnConnection | None, selections: Selections) -> dict[CalendarKey, bool]:
    """The calendars that count for a member, and whether each is somebody else's.

    One account may be connected in both ways, with other calendars selected in each: all of them count, none twice.
    """
    found = _checked(managed, selections) if managed else {}
    if own is None or own.active_mailbox is None:
        return found
    known = {key.calendar for key in found} if own.account == managed else set()
    mine = _checked(own.active_mailbox, selections)
    return found | {key: is_shared for key, is_shared in mine.items() if key.calendar not in known}


def _checked(mailbox: MailboxKey, selections: Selections) -> dict[CalendarKey, bool]:
    return {CalendarKey(mailbox, one.id): one.shared for one in selections.of(mailbox).checked}


def rights(member: Member, choice: Choice, policy: Policy, state: str) -> tuple[bool, bool, str | None]:
    """Whether the member may disconnect, may reconnect, and why neither, if neither."""
    if choice.excluded or not in_scope(member, policy):
        return False, False, "Your organization's admins do not include you."
    if state == ConnectionStatus.USER_DISCONNECTED:
        return False, True, None
    if not policy.members_may_disconnect:
        return False, False, "Your organization's admins do not let members disconnect their calendar."
    return True, False, None
