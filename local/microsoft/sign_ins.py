"""What becomes of a user's sign-ins and subscriptions when the account changes.

An app with credentials of its own keeps its refresh tokens when users change their passwords; subscriptions made with
a user's token end with the password, the account and the consent.
https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

from typing import Literal

from local.microsoft.entra.consent import withdraw_user
from local.microsoft.graph.subscriptions import remove_subscription
from local.microsoft.world import Tenant, User, World


def revoke(world: World, user: User) -> int:
    """Revoke all sign-ins; how many refresh tokens there were."""
    if world.switches.revocation_reaches_graph:
        world.grants.ended_sessions |= world.grants.sessions_of(user.id)
    return world.grants.revoke(user.id)


def disable(world: World, user: User) -> None:
    """What follows from a disabled or deleted account; its refresh tokens come back when it does."""
    end_subscriptions(world, user)
    if world.switches.revocation_reaches_graph:
        world.grants.ended_sessions |= world.grants.sessions_of(user.id)


def change_password(world: World, user: User, by: Literal["user", "admin"]) -> int:
    """A new password; how many refresh tokens it revoked."""
    end_subscriptions(world, user)
    revokes = by == "admin" or world.switches.password_change_revokes == "any"  # noqa: S105 - not a password
    return revoke(world, user) if revokes else 0


def withdraw_consent(world: World, tenant: Tenant, user: User, client_id: str) -> bool:
    """The user takes the app's permissions back, as on myapps.microsoft.com; False if there were none."""
    end_subscriptions(world, user, client_id)
    return withdraw_user(world, tenant, user.id, client_id)


def end_subscriptions(world: World, user: User, client_id: str | None = None) -> int:
    """End the subscriptions that apps (or one of them) made with this user's tokens; how many there were."""
    theirs = [s.id for s in world.subscriptions.values() if s.by_user == user.id and client_id in (None, s.client_id)]
    for identity in theirs:
        remove_subscription(world, identity)
    return len(theirs)
