"""The pages people see. Values from outside are escaped by the templates; nothing runs or is styled inline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.errors import NotFound
from shared.model import ActivationLink
from shared.pages.documentation import definitions, groups
from shared.pages.member_refusals import MEMBER_REFUSALS, MEMBER_UNKNOWN
from shared.pages.refusals import REFUSALS, UNKNOWN
from shared.plain_text import moment
from shared.settings import Settings

FOLDER = Path(__file__).parent
MIMETYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Named here because the machine's own table differs from system to system, and browsers are told not to guess."""


@dataclass(frozen=True)
class Page:
    """A page and the HTTP status it is answered with."""

    html: str
    status: int = 200


@dataclass(frozen=True)
class StaticFile:
    """A style sheet, script or picture."""

    content: bytes
    mimetype: str


class Pages:
    """Renders pages; templates and static files are read once."""

    def __init__(self, settings: Settings) -> None:
        environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        environment.filters["moment"] = moment
        environment.filters["prose"] = prose
        environment.globals["platform"] = settings.platform.name
        environment.globals["sign_in_url"] = settings.platform.sign_in_url
        self._templates = {name: environment.get_template(name) for name in environment.list_templates()}
        self._files = _static_files()

    def invitation(self, link: ActivationLink) -> Page:
        """What the Microsoft admin sees on opening an activation link: who asks, for what, and one button."""
        return self._page("invitation.html", 200, link=link)

    def refusal(self, reason: str) -> Page:
        """Why an activation step came to nothing, and what to do next. An unknown reason gets a general text."""
        refused = REFUSALS.get(reason, UNKNOWN)
        return self._page("refusal.html", refused.status, refused=refused, leads_home=False)

    def member_refusal(self, reason: str) -> Page:
        """Why a member's sign-in with their own account came to nothing, and what to do next."""
        refused = MEMBER_REFUSALS.get(reason, MEMBER_UNKNOWN)
        return self._page("refusal.html", refused.status, refused=refused, leads_home=True)

    def connected(self) -> Page:
        """A member has connected an account of their own."""
        return self._page("connected.html", 200)

    def activated(self) -> Page:
        """The Microsoft admin is done."""
        return self._page("activated.html", 200)

    def home(self) -> Page:
        """The page of an organization's admins and members; its script fills it from the API."""
        return self._page("home.html", 200)

    def documentation(self, document: Mapping[str, Any]) -> Page:
        """The API's document for people."""
        shown = {"groups": groups(document), "definitions": definitions(document), "info": document["info"]}
        return self._page("docs.html", 200, **shown)

    def static(self, name: str) -> StaticFile:
        """A file of the static folder. Raises `NotFound` for every other name, whatever it looks like."""
        try:
            return self._files[name]
        except KeyError:
            raise NotFound("There is no such file.") from None

    def _page(self, template: str, status: int, **values: object) -> Page:
        return Page(self._templates[template].render(**values), status)


def prose(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S704 - escaped before


def _static_files() -> dict[str, StaticFile]:
    files = (path for path in (FOLDER / "static").iterdir() if path.suffix in MIMETYPES)
    return {path.name: StaticFile(path.read_bytes(), MIMETYPES[path.suffix]) for path in files}
