from __future__ import annotations

from collections.abc import Callable

import azure.functions as func
import pytest
import requests

from local.host import Host, HostError


@pytest.mark.parametrize(("disabled", "status"), [("true", 404), ("false", 200)])
def test_a_disabled_function_is_not_there(disabled: str, status: int) -> None:
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route("wait")
    def wait(req: func.HttpRequest) -> str:
        return "here"

    with Host(app, {}, {"AzureWebJobs.wait.Disabled": disabled}) as host:
        assert requests.get(f"{host.url}/api/wait", timeout=5).status_code == status


def wrong_parameter(app: func.FunctionApp) -> None:
    @app.route("a")
    def a(request: func.HttpRequest) -> str:
        return ""


def reserved_route(app: func.FunctionApp) -> None:
    @app.route("admin/a")
    def a(req: func.HttpRequest) -> str:
        return ""


def bad_route(app: func.FunctionApp) -> None:
    @app.route("{x:nope}")
    def a(req: func.HttpRequest) -> str:
        return ""


def other_binding(app: func.FunctionApp) -> None:
    @app.blob_trigger(arg_name="blob", path="a", connection="")
    def a(blob: func.InputStream) -> None:
        return None


def unknown_connection(app: func.FunctionApp) -> None:
    @app.queue_trigger(arg_name="message", queue_name="a", connection="OTHER")
    def a(message: func.QueueMessage) -> None:
        return None


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (wrong_parameter, "parameters"),
        (reserved_route, "keeps for itself"),
        (bad_route, "nope"),
        (other_binding, "Core Tools"),
        (unknown_connection, "OTHER"),
    ],
)
def test_an_app_that_cannot_run_says_why(declare: Callable[[func.FunctionApp], None], message: str) -> None:
    app = func.FunctionApp()
    declare(app)
    with pytest.raises(HostError, match=message):
        Host(app, {"extensions": {"http": {"routePrefix": ""}}}, {})
