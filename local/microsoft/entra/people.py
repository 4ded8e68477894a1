"""Who can be picked on the sign-in page, and who a posted choice stands for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from local.microsoft.entra.authority import PERSONAL_TENANT, Authority
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.issue import MAY_GRANT_APP_ROLES, ROLE_NAMES
from local.microsoft.world import Tenant, User, World

SHOWN_PER_TENANT = 50


@dataclass(frozen=True)
class Person:
    """One user as a choice."""

    tenant: Tenant
    user: User

    @property
    def key(self) -> str:
        """The form value of this choice."""
        return f"{self.tenant.id}/{self.user.id}"

    @property
    def role(self) -> str:
        """What the person is in the directory, in words."""
        names = [name for role, name in ROLE_NAMES.items() if role in self.user.role_templates]
        if self.user.user_type == "Guest":
            names.append("Guest")
        if not self.user.account_enabled:
            names.append("Sign-in blocked")
        ordinary = "Personal account" if self.tenant.id == PERSONAL_TENANT else "Member"
        return ", ".join(names) or ordinary

    @property
    def may_grant_app_roles(self) -> bool:
        """Whether this person can consent to Graph's application permissions."""
        return not MAY_GRANT_APP_ROLES.isdisjoint(self.user.role_templates)


@dataclass(frozen=True)
class Choice:
    """The people of one tenant that a page shows."""

    tenant: Tenant
    people: list[Person]
    hidden: int
    """How many more there are; the search box finds them."""


def choices(
    world: World,
    authority: Authority,
    search: str = "",
    hint: str = "",
    domain_hint: str = "",
    besides: Collection[Person] = (),
) -> list[Choice]:
    """Everyone who may sign in here, by tenant; the hinted person and their tenant first, then administrators.

    Left out are those who are shown anyway.
    """
    tenants = [t for t in world.tenants.values() if authority.admits(t.id) and suits_domain(t, domain_hint)]
    left_out = {person.user.id for person in besides}
    found = [_choice(tenant, authority, search, hint, left_out) for tenant in tenants]
    found.sort(key=lambda choice: not any(is_hinted(person.user, hint) for person in choice.people))
    return [choice for choice in found if choice.people]


def _choice(tenant: Tenant, authority: Authority, search: str, hint: str, left_out: set[str]) -> Choice:
    people = [
        Person(tenant, user)
        for user in tenant.users.values()
        if user.deleted_at is None and user.id not in left_out and may_pick(authority, tenant.id, user)
    ]
    people = [person for person in people if _found(person.user, search.lower())]
    people.sort(key=lambda p: (not is_hinted(p.user, hint), not p.user.role_templates, p.user.display_name))
    return Choice(tenant, people[:SHOWN_PER_TENANT], max(0, len(people) - SHOWN_PER_TENANT))


def pick(world: World, authority: Authority, key: str) -> Person:
    """The person a form value (`tenant id/user id`) or a user principal name stands for."""
    tenant_id, _, user_id = key.partition("/")
    if tenant_id not in world.tenants:
        tenant_id, user_id = _by_principal_name(world, authority, key)
    user = world.find_user(tenant_id, user_id) if tenant_id else None
    if user is None or not may_pick(authority, tenant_id, user):
        text = f"User account '{key}' does not exist in this tenant and cannot access the application in it."
        raise EntraError(50020, "invalid_request", text)
    if not user.account_enabled:
        raise EntraError(50057, "invalid_request", "The user account is disabled.")
    return Person(world.tenants[tenant_id], user)


def may_pick(authority: Authority, tenant_id: str, user: User) -> bool:
    """Whether this user may sign in here."""
    return authority.admits(tenant_id) and _at_home(user, authority)


def suits_domain(tenant: Tenant, hint: str) -> bool:
    """Whether `domain_hint` leaves this tenant in: `consumers`, `organizations` or a domain."""
    wanted = hint.lower()
    if wanted in ("", "common"):
        return True
    if wanted in ("consumers", "organizations"):
        return (tenant.id == PERSONAL_TENANT) == (wanted == "consumers")
    return wanted in map(str.lower, tenant.domains)


def is_hinted(user: User, hint: str) -> bool:
    """Whether `login_hint` means this user."""
    return bool(hint) and hint.lower() in (user.user_principal_name.lower(), (user.mail or "").lower())


def _by_principal_name(world: World, authority: Authority, name: str) -> tuple[str, str]:
    for tenant_id in world.tenants:
        user = world.find_user(tenant_id, name)
        if user is not None and may_pick(authority, tenant_id, user):
            return tenant_id, user.id
    return "", ""


def _at_home(user: User, authority: Authority) -> bool:
    """Guests sign in at the tenant that invited them only when it is named; otherwise they land at home."""
    return authority.tenant is not None or user.home_tenant_id is None


def _found(user: User, search: str) -> bool:
    return search in f"{user.display_name} {user.user_principal_name}".lower()
