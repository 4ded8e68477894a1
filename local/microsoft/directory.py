"""Changes to a tenant's directory, each noted down for users/delta.

https://learn.microsoft.com/en-us/graph/delta-query-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from local.microsoft.world import Mailbox, Tenant, User, World

PROPERTIES = {
    "display_name": "displayName",
    "user_principal_name": "userPrincipalName",
    "mail": "mail",
    "proxy_addresses": "proxyAddresses",
    "user_type": "userType",
    "account_enabled": "accountEnabled",
}
"""Our attribute to Graph's property."""
ALL_PROPERTIES = frozenset(PROPERTIES.values())


def add_user(world: World, tenant: Tenant, user: User) -> User:
    """A new user in the directory."""
    tenant.users[user.id] = user
    _note(world, tenant, user, "changed", ALL_PROPERTIES)
    return user


def change_user(world: World, tenant: Tenant, user: User, changes: dict[str, Any]) -> User:
    """Set attributes (our names); anything but directory properties goes unnoticed by delta."""
    for name, value in changes.items():
        setattr(user, name, value)
    noticed = {PROPERTIES[name] for name in changes if name in PROPERTIES}
    if noticed:
        _note(world, tenant, user, "changed", noticed)
    return user


def remove_license(user: User) -> None:
    """Take the mailbox away; Exchange keeps it for a while."""
    if user.mailbox is not None:
        user.mailbox, user.lost_mailbox = None, user.mailbox


def restore_license(user: User) -> Mailbox:
    """Give the mailbox back with its content, or a new one to who never had one."""
    if user.mailbox is None:
        user.mailbox, user.lost_mailbox = user.lost_mailbox or Mailbox(), None
    return user.mailbox


def soft_delete(world: World, tenant: Tenant, user: User) -> None:
    """Delete restorably."""
    user.deleted_at = world.clock.now()
    _note(world, tenant, user, "deleted", ALL_PROPERTIES)


def restore(world: World, tenant: Tenant, user: User) -> None:
    """Undo a soft deletion; delta shows the user as a new object."""
    user.deleted_at = None
    _note(world, tenant, user, "changed", ALL_PROPERTIES)


def hard_delete(world: World, tenant: Tenant, user: User) -> None:
    """Delete for good."""
    del tenant.users[user.id]
    _note(world, tenant, user, "deleted", ALL_PROPERTIES)


def _note(
    world: World,
    tenant: Tenant,
    user: User,
    kind: Literal["changed", "deleted"],
    properties: Iterable[str],
) -> None:
    sequence = world.next_sequence()
    tenant.directory_changes.append((sequence, user.id, kind))
    tenant.changed_fields[sequence] = frozenset(properties)
