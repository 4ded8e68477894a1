"""The static pages, and the checks an operator's monitor calls."""

from __future__ import annotations

import azure.functions as func

from shared.bootstrap import Services
from shared.functions.responses import ANYONE, answering, file_answer, html_answer, json_answer, problem_answer


def site(services: Services) -> func.Blueprint:
    """Pages and health."""
    blueprint = func.Blueprint()

    @blueprint.route("/", methods=["GET"], auth_level=ANYONE)
    def home(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return html_answer(services.pages.home(), services.settings.platform.sign_in_url)

    @blueprint.route("static/{name}", methods=["GET"], auth_level=ANYONE)
    @answering
    def static_file(req: func.HttpRequest) -> func.HttpResponse:
        file = services.pages.static(req.route_params["name"])
        return file_answer(file, req.headers.get("If-None-Match"))

    @blueprint.route("health", methods=["GET"], auth_level=ANYONE)
    def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return json_answer({"status": "ok"})

    @blueprint.route("health/ready", methods=["GET"], auth_level=ANYONE)
    def ready(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        failing = services.health.failing()
        if failing:
            return problem_answer(503, "not-ready", "Not ready", f"Failing: {', '.join(failing)}.")
        return json_answer({"status": "ready"})

    return blueprint
