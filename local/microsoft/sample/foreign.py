"""People of no customer: personal accounts, and two tenants that have nothing to do with the platform."""

from __future__ import annotations

from local.microsoft.consumers import make_consumer, personal_tenant
from local.microsoft.entra.issue import GLOBAL_ADMINISTRATOR
from local.microsoft.identifiers import stable_id
from local.microsoft.sample.people import person
from local.microsoft.world import Tenant

NORTHWIND = stable_id("tenant", "northwind-consulting.com")
WOODGROVE = stable_id("tenant", "woodgrove.example")
AMSTERDAM = "W. Europe Standard Time"


def personal_accounts() -> Tenant:
    """Personal accounts: ordinary ones, one with an address elsewhere, one without a mailbox."""
    tenant = personal_tenant()
    users = (
        make_consumer("Petra Personal", "petra.personal@outlook.com", zone=AMSTERDAM),
        make_consumer("Paul Personal", "paul.personal@outlook.com"),
        make_consumer("Fred Freelance", "fred@freelance.example", zone=AMSTERDAM),
        make_consumer("Nils Nomailbox", "nils@elsewhere.example", mailbox=False),
    )
    tenant.users = {user.id: user for user in users}
    return tenant


def northwind() -> Tenant:
    """A tenant in which users consent for themselves; one of them is a member of Contoso on the platform."""
    domain = "northwind-consulting.com"
    tenant = Tenant(NORTHWIND, "Northwind Consulting", [domain, "northwind.onmicrosoft.com"])
    users = (
        person(domain, "Norbert Admin", roles=(GLOBAL_ADMINISTRATOR,), zone=AMSTERDAM),
        person(domain, "Nadia North", zone=AMSTERDAM),
        person(domain, "Sam Foreign", upn=f"sam@{domain}", mail=f"sam@{domain}", zone=AMSTERDAM),
        person(domain, "Una Without", kind=None),
    )
    tenant.users = {user.id: user for user in users}
    return tenant


def woodgrove() -> Tenant:
    """A tenant in which only administrators consent."""
    domain = "woodgrove.example"
    tenant = Tenant(WOODGROVE, "Woodgrove Bank", [domain], user_consent="admin_only")
    users = (
        person(domain, "Wanda Admin", roles=(GLOBAL_ADMINISTRATOR,)),
        person(domain, "Will Worker"),
    )
    tenant.users = {user.id: user for user in users}
    return tenant
