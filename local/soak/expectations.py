"""What a member's state must be, by the rules of decisions and of matching."""

from __future__ import annotations

from local.microsoft.world import User
from local.soak.organizations import Side, standing_of
from shared.model import Connection, ConnectionStatus


def expected(side: Side, connection: Connection) -> ConnectionStatus:
    """What the member's state must be, by the rules of matching and what the mailbox would answer."""
    addresses, standing = side.roster[connection.member], standing_of(side)
    reason = standing.keeps_out(connection.member, addresses)
    if reason is not None:
        return reason.status
    choice = standing.choices.get(connection.member)
    if choice is not None and choice.mailbox is not None:
        named = side.outlook.tenant.users.get(choice.mailbox.object_id)
        return ConnectionStatus.NOT_MATCHED if is_nobody(named) else state_of(side, named)  # type: ignore[arg-type]
    claimed = set(addresses)
    bound = side.outlook.tenant.users.get(connection.object_id or "")
    reached = bound is not None and bound.deleted_at is None and addresses_of(bound) & claimed
    if connection.object_id is not None and (connection.matched_address in claimed or reached):
        return ConnectionStatus.NOT_MATCHED if is_nobody(bound) else state_of(side, bound)  # type: ignore[arg-type]
    users = [u for u in side.outlook.tenant.users.values() if not is_nobody(u) and addresses_of(u) & claimed]
    if len(users) != 1:
        return ConnectionStatus.AMBIGUOUS if users else ConnectionStatus.NOT_MATCHED
    others = {a for name, addresses in side.roster.items() if name != connection.member for a in addresses}
    if addresses_of(users[0]) & claimed <= others:
        return ConnectionStatus.AMBIGUOUS
    return state_of(side, users[0])


def is_nobody(user: User | None) -> bool:
    """Whether a directory user is gone, or a guest, whose mailbox is elsewhere."""
    return user is None or user.deleted_at is not None or user.user_type == "Guest"


def addresses_of(user: User) -> set[str]:
    """Every address of a directory user."""
    return {user.user_principal_name, *(proxy.partition(":")[2] for proxy in user.proxy_addresses)}


def state_of(side: Side, user: User) -> ConnectionStatus:
    """What reading this user's calendar comes to."""
    if not user.account_enabled:
        return ConnectionStatus.DISABLED_IN_DIRECTORY
    if user.id in side.outlook.tenant.denied_mailboxes:
        return ConnectionStatus.OUT_OF_SCOPE
    return ConnectionStatus.CONNECTED if has_calendar(user) else ConnectionStatus.NO_MAILBOX


def has_calendar(user: User) -> bool:
    """Whether somebody has a mailbox in the cloud."""
    return user.mailbox is not None and user.mailbox.hosted != "on_premises"
