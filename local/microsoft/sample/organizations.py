"""The two organisations on the scheduling platform whose people are in the sample tenants."""

from __future__ import annotations

from collections.abc import Iterable

from local.microsoft.identifiers import stable_id
from local.microsoft.organization import Member, Organization
from local.microsoft.sample.people import CONTOSO, CONTOSO_NAMES, FABRIKAM, FABRIKAM_NAMES

FEATURES = ("outlook-admin",)
_AMSTERDAM, _NEW_YORK = "Europe/Amsterdam", "America/New_York"


def _member(organization: str, name: str, address: str, zone: str, role: str = "user", **why: str) -> Member:
    """A member whose id is made from organisation and name."""
    roles = {"owner": "owner", "admin": "admin"}
    return Member(
        id=stable_id("member", organization, name),
        name=name,
        addresses=(address,),
        time_zone=zone,
        role=roles.get(role, "user"),  # type: ignore[arg-type]
        **why,
    )


def _ordinary(organization: str, names: Iterable[str], domain: str, zone: str) -> list[Member]:
    return [_member(organization, name, f"{name.lower().replace(' ', '.')}@{domain}", zone) for name in names]


def _contoso() -> tuple[Member, ...]:
    def one(name: str, address: str, expected: str, because: str, role: str = "user") -> Member:
        return _member("contoso", name, address, _AMSTERDAM, role, expected=expected, because=because)

    return (
        one("Alice Admin", "alice.admin@contoso.com", "connected", "", "owner"),
        one("Rob Roles", "rob.roles@contoso.com", "connected", "", "admin"),
        *_ordinary("contoso", CONTOSO_NAMES[:18], "contoso.com", _AMSTERDAM),
        one("Alma Alias", "alma@contoso.com", "connected", "matches an alias only"),
        one("Tom Lee", "tom.lee@contoso.com", "connected", "signs in with another name than the address"),
        one("Nora Nomail", "nora.nomail@contoso.com", "connected", "the directory has no mail, only a sign-in name"),
        one("Mixed Case", "mixed.case@CONTOSO.com", "connected", "spelt in other letters on each side"),
        one("Ren O'Brien <b>&", "ren.obrien@contoso.com", "connected", "a name full of markup"),
        one("Reception", "reception@contoso.com", "disabled_in_directory", "a shared mailbox"),
        one("Jordan", "jordan@contoso.com", "ambiguous", "one user's sign-in name is another one's address"),
        one("Sam Foreign", "sam@northwind-consulting.com", "not_matched", "mail in a domain the tenant does not own"),
        one("Gina Guest", "gina.guest@fabrikam.com", "not_matched", "only a guest in this tenant"),
        one("Leo Left", "leo.left@contoso.com", "not_matched", "deleted in the directory"),
        one("Fred Freelance", "fred@freelance.example", "not_matched", "unknown to the tenant"),
        one("Dora Disabled", "dora.disabled@contoso.com", "disabled_in_directory", "sign-in blocked"),
        one("Una Unlicensed", "una.unlicensed@contoso.com", "no_mailbox", "no licence"),
        one("Otto Onpremises", "otto.onpremises@contoso.com", "no_mailbox", "mailbox on-premises"),
        one("Denise Denied", "denise.denied@contoso.com", "out_of_scope", "kept from the app by policy"),
    )


def _fabrikam() -> tuple[Member, ...]:
    return (
        _member("fabrikam", "Frank Admin", "frank.admin@fabrikam.com", _NEW_YORK, "owner"),
        *_ordinary("fabrikam", (*FABRIKAM_NAMES[:12], "Gina Guest"), "fabrikam.com", _NEW_YORK),
        _member("fabrikam", "Uma Unlicensed", "uma.unlicensed@fabrikam.com", _NEW_YORK,
                expected="no_mailbox", because="no licence"),
    )  # fmt: skip


def _organization(name: str, title: str, tenant_id: str, members: tuple[Member, ...]) -> Organization:
    return Organization(stable_id("organization", name), title, "enterprise", FEATURES, tenant_id, members)


ORGANIZATIONS = (
    _organization("contoso", "Contoso Consulting", CONTOSO, _contoso()),
    _organization("fabrikam", "Fabrikam Sales", FABRIKAM, _fabrikam()),
)
