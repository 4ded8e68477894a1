from __future__ import annotations

import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import azure.functions as func
import pytest
import requests

from local.host import Host, HostError

ANYONE = func.AuthLevel.ANONYMOUS


@pytest.fixture(scope="module")
def url(azurite) -> str:  # noqa: ANN001
    settings = {
        "AzureWebJobsStorage": azurite.connection_string,
        "LOCAL_ADMIN_KEY": "admin",
        "LOCAL_FUNCTION_KEY": "key",
    }
    with Host(app(), {"extensions": {"http": {"routePrefix": ""}}}, settings) as host:
        yield host.url


def app() -> func.FunctionApp:
    app = func.FunctionApp(http_auth_level=ANYONE)
    for declare in (whole_answers, short_answers, guarded, faulty):
        declare(app)
    return app


def whole_answers(app: func.FunctionApp) -> None:
    @app.route("echo/{name}/{*rest}", methods=["GET", "POST"])
    def echo(req: func.HttpRequest) -> func.HttpResponse:
        told = [
            req.method,
            req.url,
            dict(req.route_params),
            dict(req.params),
            req.headers.get("X-Twice"),
            len(req.get_body()),
        ]
        return func.HttpResponse(repr(told), mimetype="application/json", headers={"X-Mine": "1"}, status_code=201)

    @app.route("form", methods=["POST"])
    def form(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(req.form["state"])

    @app.route("cookies")
    def cookies(req: func.HttpRequest) -> func.HttpResponse:
        response = func.HttpResponse()
        response.headers.add("Set-Cookie", "a=1; HttpOnly")
        response.headers.add("Set-Cookie", "b=2; Path=/")
        return response


def short_answers(app: func.FunctionApp) -> None:
    @app.route("/")
    def root(req: func.HttpRequest) -> str:
        return "root"

    @app.route("")
    def unrouted(req: func.HttpRequest) -> str:
        return "by name"

    @app.route("text")
    async def text(req: func.HttpRequest) -> str:
        return "plain"

    @app.route("empty")
    def empty(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(status_code=204)

    @app.route("who")
    def who(req: func.HttpRequest, context: func.Context) -> str:
        return f"{context.function_name} {len(context.invocation_id)}"


def guarded(app: func.FunctionApp) -> None:
    @app.route("with-key", auth_level=func.AuthLevel.FUNCTION)
    def with_key(req: func.HttpRequest) -> str:
        return "in"

    @app.route("with-admin-key", auth_level=func.AuthLevel.ADMIN)
    def with_admin_key(req: func.HttpRequest) -> str:
        return "in"


def faulty(app: func.FunctionApp) -> None:
    @app.route("fails")
    def fails(req: func.HttpRequest) -> func.HttpResponse:
        raise LookupError("what the function says")

    @app.route("returns-nothing")
    def returns_nothing(req: func.HttpRequest) -> None:
        return None

    @app.route("returns-dict")
    def returns_dict(req: func.HttpRequest) -> dict[str, str]:
        return {}


def test_a_function_sees_the_whole_request(url: str) -> None:
    path = "/echo/J%C3%BC%20r/a/b?x=1&x=2&y=a%26b"
    answer = requests.post(f"{url}{path}", data=b"12345", headers={"X-Twice": "q"}, timeout=5)
    assert answer.status_code == 201
    assert answer.text == repr(
        ["POST", f"{url}{path}", {"name": "Jü r", "rest": "a/b"}, {"x": "1,2", "y": "a&b"}, "q", 5]
    )
    assert (answer.headers["X-Mine"], answer.headers["Content-Type"]) == ("1", "application/json")


def test_a_line_break_in_the_path_is_a_character_like_others(url: str) -> None:
    answer = requests.get(f"{url}/echo/a%0Ab/c%0D%0Ad", timeout=5)
    assert answer.status_code == 201
    assert repr({"name": "a\nb", "rest": "c\r\nd"}) in answer.text


@pytest.mark.parametrize(("path", "text"), [("/", "root"), ("", "root"), ("/unrouted", "by name")])
def test_the_root_needs_a_slash_and_no_route_means_the_name(url: str, path: str, text: str) -> None:
    assert requests.get(f"{url}{path}", timeout=5).text == text


def test_a_form_arrives(url: str) -> None:
    assert requests.post(f"{url}/form", data={"state": "a b"}, timeout=5).text == "a b"


def test_text_responses_state_their_charset(url: str) -> None:
    answer = requests.get(f"{url}/text", timeout=5)
    assert (answer.text, answer.headers["Content-Type"]) == ("plain", "text/plain; charset=utf-8")


def test_an_empty_response_is_empty(url: str) -> None:
    answer = requests.get(f"{url}/empty", timeout=5)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_function_may_take_its_context(url: str) -> None:
    assert requests.get(f"{url}/who", timeout=5).text == "who 36"


def test_several_cookies_are_several_headers(url: str) -> None:
    assert dict(requests.get(f"{url}/cookies", timeout=5).cookies) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("DELETE", "/echo/a"), ("PUT", "/form"), ("GET", "/admin")]
)
def test_an_unknown_path_or_method_is_404(url: str, method: str, path: str) -> None:
    assert requests.request(method, f"{url}{path}", timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/text", None, 200),
        ("/with-key", None, 401),
        ("/with-key", "wrong", 401),
        ("/with-key", "é", 401),
        ("/with-key", "key", 200),
        ("/with-key", "admin", 200),
        ("/with-admin-key", None, 401),
        ("/with-admin-key", "key", 401),
        ("/with-admin-key", "admin", 200),
    ],
)
def test_keys_open_what_their_level_says(url: str, path: str, key: str | None, status: int) -> None:
    headers = {} if key is None else {"x-functions-key": key.encode()}
    params = {} if key is None else {"code": key}
    assert requests.get(f"{url}{path}", headers=headers, timeout=5).status_code == status
    assert requests.get(f"{url}{path}", params=params, timeout=5).status_code == status


@pytest.mark.parametrize("path", ["/fails", "/returns-nothing", "/returns-dict"])
def test_a_failing_function_is_500_without_a_body(url: str, path: str) -> None:
    answer = requests.get(f"{url}{path}", timeout=5)
    assert (answer.status_code, answer.content) == (500, b"")


def test_a_failure_is_logged_without_anything_of_the_request(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        requests.post(f"{url}/fails?code=s3cret&q=s3cret", data="s3cret", headers={"X": "s3cret"}, timeout=5)
        requests.post(f"{url}/echo/s3cret?q=s3cret", data="s3cret", timeout=5)
        requests.get(f"{url}/nowhere/s3cret", timeout=5)
    ours = "\n".join(logging.Formatter().format(r) for r in caplog.records if not r.name.startswith("urllib3"))
    assert "fails failed: LookupError" in ours
    assert "what the function says" in ours
    assert "s3cret" not in ours
    assert "/echo" not in ours


def test_a_body_over_the_limit_is_413_and_runs_nothing(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = "POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        try:
            for _ in range(101):
                connection.sendall(chunk)
        except ConnectionError:
            pass
        assert connection.recv(12) == b"HTTP/1.1 413"


class Crowd:
    """An app whose only function waits until `expected` calls run together, and counts how many do."""

    def __init__(self, expected: int = 1) -> None:
        self.app = func.FunctionApp(http_auth_level=ANYONE)
        self.most = 0
        changed, running = threading.Condition(), [0]

        @self.app.route("wait")
        def wait(req: func.HttpRequest) -> str:
            with changed:
                running[0] += 1
                self.most = max(self.most, running[0])
                changed.notify_all()
                changed.wait_for(lambda: self.most >= expected, timeout=5)
            time.sleep(0.1)
            with changed:
                running[0] -= 1
            return "done"


@pytest.mark.parametrize(("limit", "threads", "expected"), [(3, 32, 3), (100, 2, 2), (100, 32, 12)])
def test_requests_run_together_up_to_the_limit_and_the_threads(limit: int, threads: int, expected: int) -> None:
    crowd = Crowd(expected)
    host_json = {"extensions": {"http": {"maxConcurrentRequests": limit}}}
    settings = {"PYTHON_THREADPOOL_THREAD_COUNT": str(threads)}
    with Host(crowd.app, host_json, settings) as host, ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda _: requests.get(f"{host.url}/api/wait", timeout=20).text, range(12)))
    assert answers == ["done"] * 12
    assert crowd.most == expected


def test_stopping_the_host_lets_a_request_finish() -> None:
    app, began = func.FunctionApp(http_auth_level=ANYONE), threading.Event()

    @app.route("slow")
    def slow(req: func.HttpRequest) -> str:
        began.set()
        time.sleep(0.3)
        return "finished"

    with ThreadPoolExecutor(1) as callers:
        with Host(app, {}, {}) as host:
            answer = callers.submit(requests.get, f"{host.url}/api/slow", timeout=5)
            began.wait(5)
        assert answer.result().text == "finished"


def test_the_host_says_that_it_runs(url: str) -> None:
    status = requests.get(f"{url}/admin/host/status", timeout=5).json()
    assert status["state"] == "Running"
    assert "echo" in status["functions"]


@pytest.mark.parametrize(("name", "status"), [("nobody", 404), ("echo", 400)])
def test_only_a_timer_or_queue_function_can_be_run_by_name(url: str, name: str, status: int) -> None:
    assert requests.post(f"{url}/admin/functions/{name}", json={"input": ""}, timeout=5).status_code == status


def test_a_taken_port_is_named() -> None:
    with Host(func.FunctionApp(), {}, {}) as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(HostError, match=f"port {port} is taken"), Host(func.FunctionApp(), {}, {}, port=port):
            pass
