"""A user's own consent to delegated permissions: asked for once, or refused by the tenant.

https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/configure-user-consent
"""

from __future__ import annotations

from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.consent import has_consented
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.issue import graph_scopes
from local.microsoft.entra.people import Person
from local.microsoft.world import World


def must_ask(world: World, person: Person, sign_in: SignIn, prompt: str) -> bool:
    """Whether the consent page comes first. Signing in alone needs none."""
    if not graph_scopes(sign_in.scopes):
        return False
    return prompt == "consent" or not has_consented(world, person.tenant, sign_in)


def may_consent(world: World, person: Person) -> bool:
    """Whether this person may grant delegated permissions; everybody may for a personal account."""
    if person.tenant.id == PERSONAL_TENANT or person.may_grant_app_roles:
        return True
    return world.switches.user_consent_allowed and person.tenant.user_consent == "allowed"


def needs_admin(person: Person) -> EntraError:
    """The refusal of a tenant that leaves consent to administrators, with or without a way to ask them."""
    if person.tenant.user_consent == "admin_workflow":
        return EntraError(90095, "access_denied", "The grant requires admin approval, which can be asked for.")
    return EntraError(90094, "access_denied", "The grant requires admin permission.")


def declined(tenant_id: str) -> dict[str, str] | EntraError:
    """What the app hears of a refused consent; the page for personal accounts says it without a number."""
    if tenant_id == PERSONAL_TENANT:
        text = "The user has denied access to the scope requested by the client application."
        return {"error": "access_denied", "error_description": text}
    return EntraError(65004, "access_denied", "User declined to consent to access the app.")
