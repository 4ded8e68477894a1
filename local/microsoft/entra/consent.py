"""Consent and its withdrawal: what an administrator's decision changes in a tenant.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.errors import disabled_principal
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.issue import graph_scopes
from local.microsoft.world import AppRegistration, ServicePrincipal, Tenant, World


def grant_tenant(
    world: World, tenant: Tenant, app: AppRegistration, roles: set[str] | None = None
) -> ServicePrincipal:
    """Consent to everything registered (or to these roles only), for the whole tenant.

    A tenant that scopes calendars with RBAC for Applications grants no calendar role: it would defeat the scope.
    """
    roles = app_roles_for(tenant, app) if roles is None else set(roles)
    known = app.client_id in tenant.principals
    principal = principal_of(tenant, app)
    seen_at = world.clock.now() + world.consent_delay
    if known and world.consent_delay:
        principal.spreading = (seen_at, roles)
        return principal
    principal.roles, principal.spreading = roles, None
    principal.visible_at = seen_at if world.consent_delay else principal.visible_at
    return principal


def app_roles_for(tenant: Tenant, app: AppRegistration) -> set[str]:
    """The application permissions that this tenant's administrators grant."""
    if tenant.mailbox_access == "entra":
        return set(app.app_roles)
    return {role for role in app.app_roles if not role.startswith(("Calendars.", "MailboxSettings."))}


def visible_principal(world: World, tenant: Tenant, client_id: str) -> ServicePrincipal | None:
    """The app's presence in the tenant as far as the news of it has spread."""
    principal, now = tenant.principals.get(client_id), world.clock.now()
    if principal is None or (principal.visible_at is not None and principal.visible_at > now):
        return None
    if principal.spreading is not None and principal.spreading[0] <= now:
        principal.roles, principal.spreading = principal.spreading[1], None
    return principal


def grant_user(world: World, tenant: Tenant, app: AppRegistration, sign_in: SignIn) -> None:
    """One user's own consent; it makes the app known in the tenant, without any app role."""
    if tenant.id != PERSONAL_TENANT:
        principal_of(tenant, app)
    world.grants.consents[tenant.id, sign_in.user_id, app.client_id] |= set(graph_scopes(sign_in.scopes))


def check_enabled(tenant: Tenant, app: AppRegistration) -> None:
    """EntraError 7000112 if the tenant switched the app off."""
    principal = tenant.principals.get(app.client_id)
    if principal is not None and not principal.enabled:
        raise disabled_principal(app.client_id, app.display_name)


def withdraw_user(world: World, tenant: Tenant, user_id: str, client_id: str) -> bool:
    """Take one user's own consent back; False if there was none."""
    return world.grants.consents.pop((tenant.id, user_id, client_id), None) is not None


def principal_of(tenant: Tenant, app: AppRegistration) -> ServicePrincipal:
    """The app's service principal, made now if the tenant has none."""
    object_id = str(uuid5(NAMESPACE_URL, f"principal/{tenant.id}/{app.client_id}"))
    made = ServicePrincipal(app.client_id, object_id, set())
    return tenant.principals.setdefault(app.client_id, made)


def has_consented(world: World, tenant: Tenant, sign_in: SignIn) -> bool:
    """Whether an admin for everybody, or this user, granted all delegated permissions of a sign-in."""
    principal = tenant.principals.get(sign_in.client_id)
    granted = set(world.grants.consents.get((tenant.id, sign_in.user_id, sign_in.client_id), ()))
    if principal is not None and principal.roles:
        granted |= world.apps[sign_in.client_id].delegated_scopes | {".default"}
    return granted.issuperset(graph_scopes(sign_in.scopes))


def remove_principal(world: World, tenant: Tenant, client_id: str) -> bool:
    """Delete the enterprise application with everything granted to it; False if there was none."""
    for consent in [c for c in world.grants.consents if c[0] == tenant.id and c[2] == client_id]:
        del world.grants.consents[consent]
    return tenant.principals.pop(client_id, None) is not None
