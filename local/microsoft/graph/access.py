"""May this caller do this? Refusals look different in the directory and in Outlook.

Outlook has two more gates per mailbox: an application access policy that keeps the app out, and RBAC for
Applications, which lets it in without any role in its token.
https://learn.microsoft.com/graph/auth-limit-mailbox-access
"""

from __future__ import annotations

from local.microsoft.consumers import find_by_graph_id
from local.microsoft.entra.tokens import AccessToken
from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.routing import Permission
from local.microsoft.world import Mailbox, Tenant, User, World


def holds(token: AccessToken, permission: Permission) -> bool:
    """Whether the token itself carries a permission that opens the route."""
    if permission.family == "none":
        return True
    wanted, held = (permission.roles, token.roles) if token.kind == "app" else (permission.scopes, token.scopes)
    return not wanted.isdisjoint(held)


def require(token: AccessToken, permission: Permission) -> None:
    """Raise the directory's or Outlook's 403 unless the token opens the route."""
    if holds(token, permission):
        return
    if permission.family == "outlook":
        raise access_denied()
    raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def mailbox_owner(world: World, token: AccessToken, key: str | None, permission: Permission) -> User:
    """The user behind `/users/{key}`, or `/me` when `key` is None, if the caller may use that mailbox."""
    if token.kind == "user":
        require(token, permission)
        return _own_mailbox(world, token, key)
    if key is None:
        raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    tenant = world.tenants[token.tenant_id]
    if tenant.mailbox_access == "entra":
        require(token, permission)
    user = find_owner(world, tenant, key)
    if not app_may_use(tenant, user, holds(token, permission)):
        raise access_denied()
    return user


def app_may_use(tenant: Tenant, user: User, has_role: bool) -> bool:
    """Whether an app by itself reaches this mailbox. A tenant-wide role defeats the RBAC scope."""
    if user.id in tenant.denied_mailboxes:
        return False
    return has_role or (tenant.mailbox_access == "rbac" and user.id in tenant.rbac_scope)


def find_owner(world: World, tenant: Tenant, key: str) -> User:
    """The user on an Outlook path, or Outlook's 404."""
    user = find_by_graph_id(world, tenant.id, key)
    if user is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{key}' is invalid.")
    return user


def mailbox_of(user: User) -> Mailbox:
    """The user's Exchange Online mailbox, or the 404 for accounts without one."""
    if user.mailbox is None or user.mailbox.hosted == "on_premises":
        message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", message)
    return user.mailbox


def access_denied() -> GraphError:
    """Outlook's refusal, for a missing permission and for a policy alike."""
    return GraphError(403, "ErrorAccessDenied", "Access to OData is disabled.")


def _own_mailbox(world: World, token: AccessToken, key: str | None) -> User:
    """The caller's own mailbox, or that of a colleague who shares a calendar; which one comes later."""
    tenant = world.tenants[token.tenant_id]
    user = find_owner(world, tenant, key or token.user_id or "")
    viewer = tenant.users.get(token.user_id or "")
    if user.id != token.user_id and not (viewer and _shares_with(user, viewer)):
        raise access_denied()
    return user


def _shares_with(user: User, viewer: User) -> bool:
    shares = viewer.mailbox.shared.values() if viewer.mailbox else ()
    return any(share.user_id == user.id for share in shares)
