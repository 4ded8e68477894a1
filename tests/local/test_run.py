from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.ports import Ports

ROOT = Path(__file__).parents[2]
NAMES = (
    "PORT",
    "PLATFORM_PORT",
    "MICROSOFT_HTTP_PORT",
    "MICROSOFT_HTTPS_PORT",
    "BLOB_PORT",
    "QUEUE_PORT",
    "TABLE_PORT",
)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def ports() -> dict[str, int]:
    return dict(zip(NAMES, free_ports(len(NAMES)), strict=True))


@pytest.fixture
def world(ports: dict[str, int]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, **{name: str(port) for name, port in ports.items()}}
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def read_greeting(world: subprocess.Popen[str]) -> str:
    assert world.stdout
    said = ""
    for line in world.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(said)


def test_one_command_starts_everything_says_where_and_stops_it_all(
    world: subprocess.Popen[str], ports: dict[str, int]
) -> None:
    greeting = read_greeting(world)
    for name in ("PORT", "PLATFORM_PORT", "MICROSOFT_HTTP_PORT"):
        url = f"http://localhost:{ports[name]}"
        assert url in greeting
        assert requests.get(url, timeout=5).status_code < 500
    outlook = f"http://localhost:{ports['MICROSOFT_HTTP_PORT']}/outlook"
    assert outlook in greeting
    assert requests.get(outlook, timeout=5).status_code == 200
    assert requests.get(f"http://localhost:{ports['PORT']}/health/ready", timeout=10).ok
    world.send_signal(signal.SIGINT)
    output, _ = world.communicate(timeout=20)
    assert world.returncode == 0, output
    assert [port for port in ports.values() if answers(port)] == []


def test_nothing_outlives_it_when_it_is_killed(world: subprocess.Popen[str], ports: dict[str, int]) -> None:
    read_greeting(world)
    world.kill()
    until = time.monotonic() + 20
    while any(answers(port) for port in ports.values()):
        assert time.monotonic() < until
        time.sleep(0.1)


def test_taken_ports_are_named_before_anything_starts(ports: dict[str, int]) -> None:
    with socket.create_server(("127.0.0.1", ports["QUEUE_PORT"])):
        done = subprocess.run(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env={**os.environ, **{name: str(port) for name, port in ports.items()}},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Taken port: {ports['QUEUE_PORT']} (QUEUE_PORT)" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_usual_ports_can_each_be_replaced() -> None:
    usual = Ports.usual({"PORT": "9000"})
    assert (usual.port, usual.platform_port, usual.microsoft_http_port) == (9000, 7080, 8400)


def test_make_alone_lists_every_target() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "run", "test", "demo", "lint", "format", "bench", "soak", "lock", "clean"):
        assert f"make {target} " in said
