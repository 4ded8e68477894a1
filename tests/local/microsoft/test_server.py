"""The simulator as a server and as a process."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from local.certificates import Certificates
from local.microsoft.faults import Fault
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import World

Get = Callable[..., requests.Response]
ROOT = Path(__file__).parents[3]


def test_call_runs_on_the_simulators_thread_and_raises_here(microsoft: Simulator) -> None:
    assert microsoft.call(threading.current_thread).name == "microsoft"
    with pytest.raises(ZeroDivisionError):
        microsoft.call(lambda: 1 // 0)


def test_a_port_is_free_again_afterwards(world: World, certificates: Certificates) -> None:
    with Simulator(world, certificates) as first:
        port = int(first.http_url.rpartition(":")[2])
    with Simulator(world, certificates, http_port=port) as second:
        assert second.http_url == first.http_url


def test_clients_that_hang_up_leave_no_trace(
    microsoft: Simulator, world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.add(Fault("discovery", delay_seconds=0.2, times=None))
    port = int(microsoft.https_url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=str(microsoft.certificates.ca))
    for secure in (True, False):
        raw = socket.create_connection(("localhost", port if secure else int(microsoft.http_url.rpartition(":")[2])))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client = context.wrap_socket(raw, server_hostname="localhost") if secure else raw
        client.sendall(b"GET /common/v2.0/.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.close()
    half = socket.create_connection(("localhost", port))
    half.sendall(b"not TLS at all")
    half.close()
    time.sleep(0.4)
    assert requests.get(f"{microsoft.https_url}/common/discovery/v2.0/keys", timeout=5).ok
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_a_slow_answer_holds_nobody_else_up(microsoft: Simulator, world: World, graph: Get) -> None:
    world.faults.add(Fault("discovery", delay_seconds=1))
    address = f"{microsoft.https_url}/{CONTOSO}/v2.0/.well-known/openid-configuration"
    slow = threading.Thread(target=lambda: requests.get(address, timeout=5))
    slow.start()
    time.sleep(0.1)
    assert graph("/users?$top=1").status_code == 200
    assert slow.is_alive()
    slow.join()


def test_lost_answers_of_graph_look_like_a_broken_connection(world: World, graph: Get) -> None:
    world.faults.add(Fault("/users", reset=True))
    with pytest.raises(requests.ConnectionError):
        graph("/users")
    assert graph("/users").status_code == 200


def test_tokens_and_secrets_stay_out_of_the_request_log(microsoft: Simulator, world: World, graph: Get) -> None:
    graph("/users?$top=1")
    entry = world.requests[-1]
    assert (entry["path"], entry["query"], entry["tenant"], entry["status"]) == (
        "/v1.0/users",
        "$top=1",
        CONTOSO,
        200,
    )
    assert "Bearer" not in str(world.requests)


@pytest.mark.parametrize("options", [["--world", "sample"], ["--world", "generated", "--users", "30"]])
def test_it_runs_as_a_process_of_its_own(certificates: Certificates, options: list[str]) -> None:
    command = [sys.executable, "-m", "local.microsoft", "--http-port", "0", "--https-port", "0"]
    process = subprocess.Popen(
        [*command, "--certificates", str(certificates.folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in range(6)]
        found = re.search(r"http://localhost:\d+", "".join(lines))
        assert found is not None
        remote = Microsoft(found[0])
        assert remote.world()["tenants"][0]["users"] in (43, 30)
        remote.close()
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
