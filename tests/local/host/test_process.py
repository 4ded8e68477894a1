from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from local.azurite import Azurite
from tests.local.host.conftest import Queue, eventually

ROOT = Path(__file__).parents[3]
APP = """
import os, time
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route("setting/{name}", methods=["GET"])
def setting(req: func.HttpRequest) -> str:
    return os.environ.get(req.route_params["name"], "-")

@app.route("slow")
def slow(req: func.HttpRequest) -> str:
    open("began", "w").close()
    time.sleep(0.5)
    return "finished"

@app.route("fails")
def fails(req: func.HttpRequest) -> str:
    raise LookupError("what the function says")

@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def nightly(timer: func.TimerRequest) -> None: ...

@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
def consume(message: func.QueueMessage) -> None:
    with open("seen", "a") as seen:
        print(os.environ["RUN"], message.dequeue_count, file=seen, flush=True)
    if os.environ["RUN"] == "first":
        time.sleep(60)
"""
Start = Callable[..., "Process"]


class Process:
    """`python -m local.host` as a child."""

    def __init__(self, root: Path, environment: dict[str, str], *options: str) -> None:
        self._output = (root / f"output-{time.time_ns()}").open("w+")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "local.host", "--root", root, "--port", "0", *options],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def output(self) -> str:
        self._output.seek(0)
        return self._output.read()

    @property
    def url(self) -> str:
        lines = eventually(self._announcement)
        return str(lines[0].removeprefix("Functions at "))

    def _announcement(self) -> list[str]:
        assert self.child.poll() is None, self.output
        return [line for line in self.output.splitlines() if line.startswith("Functions at ")]

    def end(self) -> None:
        self.child.kill()
        self.child.wait()
        assert self.child.stdin
        self.child.stdin.close()
        self._output.close()


@pytest.fixture
def start(tmp_path: Path, azurite: Azurite, queue: Queue) -> Iterator[Start]:
    (tmp_path / "function_app.py").write_text(APP)
    (tmp_path / "host.json").write_text('{"extensions": {"http": {"routePrefix": "api"}}}')
    started: list[Process] = []

    def start(*options: str, run: str = "", **environment: str) -> Process:
        known = {"AzureWebJobsStorage": azurite.connection_string, "QUEUE": queue.name, "RUN": run, **environment}
        started.append(Process(tmp_path, known, *options))
        return started[-1]

    yield start
    for process in started:
        process.end()


def test_the_functions_are_listed_with_what_starts_them(start: Start, queue: Queue) -> None:
    process = start(QUEUE=queue.name)
    assert process.url
    words = [line.split() for line in process.output.splitlines()]
    assert ["setting", "GET", "/api/setting/{name}"] in words
    assert ["nightly", "timer", "0", "0", "3", "*", "*", "*"] in words
    assert ["consume", "queue", queue.name] in words


def test_local_settings_fill_the_environment_but_do_not_replace_it(start: Start, tmp_path: Path) -> None:
    (tmp_path / "local.settings.json").write_text('{"Values": {"A": "file", "B": "file"}}')
    process = start(A="environment")
    assert requests.get(f"{process.url}/api/setting/A", timeout=5).text == "environment"
    assert requests.get(f"{process.url}/api/setting/B", timeout=5).text == "file"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_runs_finish(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    process = start()
    url = process.url
    caller = subprocess.Popen(
        [sys.executable, "-c", f"import requests; print(requests.get('{url}/api/slow').text)"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    eventually((tmp_path / "began").exists)
    process.child.send_signal(number)
    assert caller.communicate(timeout=30)[0] == "finished\n"
    assert process.child.wait(30) == 0


def test_a_killed_hosts_message_comes_back_when_its_lease_ends(start: Start, tmp_path: Path, queue: Queue) -> None:
    queue.put_encoded("x")
    seen = tmp_path / "seen"
    first = start("--lease-seconds", "2", run="first")
    eventually(seen.exists)
    first.child.kill()
    start("--lease-seconds", "2", run="second")
    eventually(lambda: seen.read_text() == "first 1\nsecond 2\n")


def test_a_host_ends_with_its_parent(start: Start) -> None:
    process = start("--with-parent")
    assert process.url
    assert process.child.stdin
    process.child.stdin.close()
    assert process.child.wait(30) == 0


def test_a_failure_leaves_a_line_but_nothing_of_the_request(start: Start) -> None:
    process = start()
    assert requests.post(f"{process.url}/api/fails?q=s3cret", data="s3cret", timeout=5).status_code == 500
    assert "ERROR   fails failed: LookupError" in process.output
    assert "s3cret" not in process.output


def failing(tmp_path: Path, source: str) -> str:
    (tmp_path / "function_app.py").write_text(source)
    process = Process(tmp_path, {})
    assert process.child.wait(30) == 1
    output = process.output
    process.end()
    return output


def test_the_apps_own_error_is_all_that_is_printed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class SettingsError(Exception): ...")
    output = failing(tmp_path, "from mine import SettingsError\nraise SettingsError('PUBLIC_URL is not set')")
    assert output == "PUBLIC_URL is not set\n"


def test_another_import_error_comes_with_its_traceback(tmp_path: Path) -> None:
    output = failing(tmp_path, "import nowhere")
    assert 'function_app.py", line 1' in output
    assert output.endswith(
        "function_app.py could not be imported: ModuleNotFoundError(\"No module named 'nowhere'\")\n"
    )


@pytest.mark.parametrize("source", ["", "import azure.functions as f\na = f.FunctionApp()\nb = f.FunctionApp()"])
def test_exactly_one_app_is_expected(tmp_path: Path, source: str) -> None:
    assert "exactly one FunctionApp" in failing(tmp_path, source)
