"""Which account signs in: one already signed in at the browser, or whoever is picked on the page.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow (prompt, login_hint, domain_hint)
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from local.microsoft.entra.authority import Authority
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.grants import Browser
from local.microsoft.entra.people import Person, choices, is_hinted, may_pick, suits_domain
from local.microsoft.pages import MANY_PEOPLE, page
from local.microsoft.world import AppRegistration, World


def pick_page(
    world: World,
    authority: Authority,
    app: AppRegistration,
    parameters: Mapping[str, str],
    browser: Browser | None = None,
) -> web.Response:
    """The page that asks who signs in: accounts of this browser, everybody else, or an address to type."""
    hint, search = parameters.get("login_hint", ""), parameters.get("search", "")
    known = [] if browser is None else known_accounts(world, authority, browser, parameters)
    shown = choices(world, authority, search, hint, parameters.get("domain_hint", ""), besides=known)
    return page(
        "pick.html",
        app_name=app.display_name,
        known=known,
        signed_out=set() if browser is None else browser.signed_out,
        choices=shown,
        many=sum(len(choice.people) for choice in shown) >= MANY_PEOPLE,
        search=search,
        hint=hint,
        parameters=parameters,
        is_hinted=is_hinted,
    )


def known_accounts(
    world: World, authority: Authority, browser: Browser, parameters: Mapping[str, str]
) -> list[Person]:
    """The browser's accounts that may sign in here, the last one first."""
    found = []
    for tenant_id, user_id in browser.accounts:
        user = world.find_user(tenant_id, user_id) if tenant_id in world.tenants else None
        if user is not None and may_pick(authority, tenant_id, user):
            found.append(Person(world.tenants[tenant_id], user))
    return [person for person in found if suits_domain(person.tenant, parameters.get("domain_hint", ""))]


def signed_in_account(
    world: World, authority: Authority, browser: Browser, parameters: Mapping[str, str]
) -> Person | None:
    """The account to take without asking, if there is exactly one; EntraError where asking is not allowed."""
    prompt, hint = parameters.get("prompt", ""), parameters.get("login_hint", "")
    if prompt in ("login", "select_account") or not (world.switches.single_sign_on or prompt == "none"):
        return None
    known = known_accounts(world, authority, browser, parameters)
    present = [p for p in known if (p.tenant.id, p.user.id) not in browser.signed_out and p.user.account_enabled]
    if hint:
        present = [person for person in present if is_hinted(person.user, hint)]
    if len(present) == 1:
        return present[0]
    if prompt != "none":
        return None
    if present:
        raise EntraError(16000, "interaction_required", "Either multiple user identities are available, or none.")
    raise EntraError(50058, "login_required", "Session information is not sufficient for single-sign-on.")
