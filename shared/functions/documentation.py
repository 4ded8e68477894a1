"""The API's document, for programs and for people; both are made once, when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import azure.functions as func
import msgspec

from shared.contract.document import OpenApi
from shared.functions.endpoints import Anything, Api, Asked, Lasting, Who
from shared.functions.responses import ANYONE, html_answer

if TYPE_CHECKING:
    from shared.pages import Page


class Documentation:
    """Both forms of the document of everything the API holds by then."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @cached_property
    def document(self) -> dict[str, Any]:
        """OpenAPI."""
        from shared.contract.events import EVENTS  # noqa: PLC0415 - a cold start does not pay for it
        from shared.functions.openapi import document  # noqa: PLC0415 - nor for this

        return document(self._api.endpoints, self._api.services.settings.public_url, EVENTS)

    @cached_property
    def content(self) -> bytes:
        """The document as it is sent."""
        return msgspec.json.encode(self.document)

    @cached_property
    def page(self) -> Page:
        """The document as people read it."""
        return self._api.services.pages.documentation(self.document)


def documentation(api: Api) -> None:
    """What the API says of itself."""
    documents = Documentation(api)

    @api.endpoint("GET", "api/openapi.json", Who.ANYONE, {200: OpenApi, 304: None}, query=Anything)
    def openapi(_: Asked[Anything, None]) -> Lasting:
        """This document.

        The page `/docs` shows it to people.
        """
        return Lasting(documents.content)

    @api.blueprint.route("docs", methods=["GET"], auth_level=ANYONE)
    def docs(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return html_answer(documents.page, api.services.settings.platform.sign_in_url)
