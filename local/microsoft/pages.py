"""HTML pages from templates with one look. Every value from outside is escaped by the templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
_FOLDERS = [_HERE / part / "templates" for part in (".", "entra", "outlook")]
_TEMPLATES = Environment(loader=FileSystemLoader(_FOLDERS), autoescape=True, undefined=StrictUndefined)
MANY_PEOPLE = 12
"""From this many choices on there is a search box."""


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """An HTML page from a template."""
    text = _TEMPLATES.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers={"Cache-Control": "no-store"})
