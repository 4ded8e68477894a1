"""The people of the sample tenants: ordinary ones in a table, and one of every awkward kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from local.microsoft.entra.issue import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)
from local.microsoft.identifiers import stable_id
from local.microsoft.world import Mailbox, Tenant, User

CONTOSO = stable_id("tenant", "contoso.com")
FABRIKAM = stable_id("tenant", "fabrikam.com")

CONTOSO_NAMES = (
    "Adele Vance", "Bram de Vries", "Carmen Ortiz", "Daan Bakker", "Elif Yilmaz", "Femke Visser",
    "Grady Archie", "Hanna Nowak", "Isaiah Langer", "Johanna Lorenz", "Koen Smit", "Lidia Holloway",
    "Miriam Graham", "Nestor Wilke", "Olga Petrova", "Patti Fernandez", "Quinten Mulder", "Rosa Silva",
    "Sanne Jansen", "Tomas Novak", "Ursula Weber", "Vikram Rao", "Wendy Zhou", "Yara Haddad",
)  # fmt: skip
FABRIKAM_NAMES = (
    "Alex Wilber", "Brenda Cole", "Caleb Stone", "Debra Berger", "Ethan Brooks", "Fiona Hart",
    "Gerald Young", "Helen Park", "Irvin Sayers", "Joni Sherman", "Kai Carter", "Lee Gu",
    "Megan Bowen", "Noah Reed", "Opal Watts", "Pradeep Gupta", "Riley Moss", "Stella Cruz",
)  # fmt: skip
CONTOSO_ZONES = ("W. Europe Standard Time", "Europe/Berlin", "GMT Standard Time", "India Standard Time", "UTC")
FABRIKAM_ZONES = ("Pacific Standard Time", "Eastern Standard Time", "America/Denver", "Tokyo Standard Time")


def person(
    domain: str,
    name: str,
    *,
    upn: str | None = None,
    mail: str | None = "",
    aliases: tuple[str, ...] = (),
    zone: str = "UTC",
    kind: Literal["user", "shared", "room"] | None = "user",
    roles: tuple[str, ...] = (),
    enabled: bool = True,
    foreign_mail: bool = False,
) -> User:
    """A user `first.last@domain`. `mail=None` leaves it null; `kind=None` means there is no mailbox.

    `foreign_mail`: `mail` lies in a domain the tenant has not proven, where no proxy address can be.
    """
    address = f"{name.lower().replace(' ', '.')}@{domain}"
    mail = address if mail == "" else mail
    primary = mail if mail is None or not foreign_mail else address
    addresses = [f"SMTP:{primary}"] if primary else []
    return User(
        id=stable_id("user", domain, name),
        display_name=name,
        user_principal_name=upn or address,
        mail=mail,
        proxy_addresses=addresses + [f"smtp:{alias}" for alias in aliases],
        account_enabled=enabled,
        role_templates=set(roles),
        mailbox=Mailbox(time_zone=zone, kind=kind) if kind else None,
    )


def contoso() -> Tenant:
    """The larger tenant, with every awkward person. One mailbox is closed to the app by policy."""
    tenant = Tenant(CONTOSO, "Contoso", ["contoso.com", "contoso.onmicrosoft.com", "contoso.nl"])
    users = [
        person("contoso.com", name, zone=CONTOSO_ZONES[i % len(CONTOSO_ZONES)])
        for i, name in enumerate(CONTOSO_NAMES)
    ]
    users += [*_contoso_admins(), *_awkward_addresses(), *_awkward_mailboxes(), _guest(), _deleted()]
    tenant.users = {user.id: user for user in users}
    tenant.denied_mailboxes = {stable_id("user", "contoso.com", "Denise Denied")}
    return tenant


def fabrikam() -> Tenant:
    """The smaller tenant, in America."""
    tenant = Tenant(FABRIKAM, "Fabrikam", ["fabrikam.com", "fabrikam.onmicrosoft.com"])
    users = [
        person("fabrikam.com", name, zone=FABRIKAM_ZONES[i % len(FABRIKAM_ZONES)])
        for i, name in enumerate(FABRIKAM_NAMES)
    ]
    users += [
        person("fabrikam.com", "Frank Admin", roles=(GLOBAL_ADMINISTRATOR,), zone=FABRIKAM_ZONES[0]),
        person("fabrikam.com", "Gina Guest", zone=FABRIKAM_ZONES[1]),
        person("fabrikam.com", "Uma Unlicensed", kind=None),
        person("fabrikam.com", "Front Desk", kind="shared", enabled=False),
    ]
    tenant.users = {user.id: user for user in users}
    return tenant


def _contoso_admins() -> list[User]:
    zone = CONTOSO_ZONES[0]
    return [
        person("contoso.com", "Alice Admin", roles=(GLOBAL_ADMINISTRATOR,), zone=zone),
        person("contoso.com", "Rob Roles", roles=(PRIVILEGED_ROLE_ADMINISTRATOR,), zone=zone),
        person("contoso.com", "Apple Apps", roles=(APPLICATION_ADMINISTRATOR,), zone=zone),
        person("contoso.com", "Clara Cloudapps", roles=(CLOUD_APPLICATION_ADMINISTRATOR,), zone=zone),
    ]


def _awkward_addresses() -> list[User]:
    """People whose address is not simply their user principal name."""
    domain, zone = "contoso.com", CONTOSO_ZONES[0]
    return [
        person(domain, "Alma Alias", mail="a.alias@contoso.com", upn="a.alias@contoso.com",
               aliases=("alma@contoso.com", "alma.alias@contoso.nl"), zone=zone),
        person(domain, "Tom Lee", upn="tlee@contoso.onmicrosoft.com", zone=zone),
        person(domain, "Jordan One", upn="jordan@contoso.com", mail="jordan.one@contoso.com", zone=zone),
        person(domain, "Jordan Two", aliases=("jordan@contoso.com",), zone=zone),
        person(domain, "Sam Foreign", mail="sam@northwind-consulting.com", foreign_mail=True, zone=zone),
        person(domain, "Nora Nomail", mail=None, zone=zone),
        person(domain, "Mixed Case", upn="Mixed.Case@Contoso.com", mail="MIXED.CASE@contoso.com", zone=zone),
        person(domain, "Ren O'Brien <b>&", upn="ren.obrien@contoso.com", mail="ren.obrien@contoso.com", zone=zone),
    ]  # fmt: skip


def _awkward_mailboxes() -> list[User]:
    """Accounts and mailboxes that are not both there and open."""
    domain, zone = "contoso.com", CONTOSO_ZONES[0]
    on_premises = person(domain, "Otto Onpremises", zone=zone)
    on_premises.mailbox = Mailbox(time_zone=zone, hosted="on_premises")
    return [
        on_premises,
        person(domain, "Dora Disabled", enabled=False, zone=zone),
        person(domain, "Una Unlicensed", kind=None),
        person(domain, "Denise Denied", zone=zone),
        person(domain, "Reception", kind="shared", enabled=False, zone=zone),
        person(domain, "Board Room", kind="room", enabled=False, zone=zone),
    ]


def _guest() -> User:
    """A person of Fabrikam, invited to Contoso."""
    guest = person("contoso.com", "Gina Guest", mail="gina.guest@fabrikam.com", kind=None)
    guest.user_principal_name = "gina.guest_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    guest.user_type = "Guest"
    guest.home_tenant_id = FABRIKAM
    return guest


def _deleted() -> User:
    """Left the company last month; still restorable."""
    user = person("contoso.com", "Leo Left", kind=None)
    user.deleted_at = datetime(2026, 1, 2, tzinfo=UTC)
    return user
