"""The pages of admins and members."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.functions.responses import ANYONE, answering, file_answer, html_answer


def site(services: Services) -> func.Blueprint:
    """The home page and what pages load."""
    blueprint = func.Blueprint()

    @blueprint.route("/", methods=["GET"], auth_level=ANYONE)
    def home(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return html_answer(services.pages.home(), services.settings.platform.sign_in_url)

    @blueprint.route("static/{name}", methods=["GET"], auth_level=ANYONE)
    @answering
    def static_file(req: func.HttpRequest) -> func.HttpResponse:
        file = services.pages.static(req.route_params["name"])
        return file_answer(file, req.headers.get("If-None-Match"))

    return blueprint
