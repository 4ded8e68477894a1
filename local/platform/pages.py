"""The platform's sign-in page, in the style of the service's own pages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from local.microsoft.organization import Member, Organization

STYLE = Path(__file__).parents[2] / "shared" / "pages" / "static" / "style.css"
MANY = 12
"""More members of an organisation than this are found with the search box."""
SCRIPT_FREE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'",
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)
_ORDER = ("owner", "admin", "user")


class Choice(NamedTuple):
    """An organisation and those of its members that are offered."""

    organization: Organization
    members: list[Member]
    hidden: int
    """How many more there are."""


def sign_in_page(organizations: Iterable[Organization], search: str) -> str:
    """Who somebody wants to be."""
    choices = [choice_of(organization, search.strip().lower()) for organization in organizations]
    return _TEMPLATES.get_template("sign_in.html").render(choices=choices, search=search)


def choice_of(organization: Organization, search: str) -> Choice:
    """Owners and admins first; only who fits the search."""
    fitting = [m for m in organization.members if any(search in text.lower() for text in (m.name, *m.addresses))]
    fitting.sort(key=lambda member: _ORDER.index(member.role))
    return Choice(organization, fitting[:MANY], len(fitting[MANY:]))
