"""The whole product on one machine: Azurite, the simulated Microsoft, the scheduling platform and the service.

`make run`, the demo, the scenario tests and the benchmarks all start this. The settings go to the service through
its environment, as in Azure.
"""

from __future__ import annotations

import base64
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

import requests

from local.azurite import Azurite
from local.certificates import Certificates, prepare
from local.microsoft.organization import Organization
from local.microsoft.registration import CLIENT_ID
from local.microsoft.sample import ORGANIZATIONS, sample_world
from local.microsoft.server import Simulator
from local.microsoft.world import World
from local.platform import Platform
from local.ports import Ports, free_port

ROOT = Path(__file__).parents[1]
_START = 30.0  # seconds the service may take to answer
_STOP = 15.0  # seconds it may take to finish what runs

MakeWorld = Callable[[bytes, str], World]


class StackError(Exception):
    """The local world cannot start; the message says why and what to do."""


class Stack:
    """A running local world, as a context manager."""

    def __init__(
        self,
        ports: Ports | None = None,
        *,
        make_world: MakeWorld = sample_world,
        organizations: Iterable[Organization] = ORGANIZATIONS,
        folder: Path = ROOT / ".local",
        settings: Mapping[str, str] | None = None,
        lease_seconds: int = 60,
        output: IO[str] | None = None,
        data: Path | None = None,
        project: Path = ROOT,
    ) -> None:
        self._ports = ports or Ports()
        self._make_world = make_world
        self._organizations = organizations
        self._folder = folder
        self._changes = settings or {}
        self._lease = lease_seconds
        self._output = output
        self._data = data
        self._project = project
        self._open = ExitStack()
        self.service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if taken := self._ports.taken():
            listed = ", ".join(f"{port} ({name})" for name, port in taken.items())
            raise StackError(f"Taken port: {listed}. Stop what listens there, or set the variable to another port.")
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self) -> None:
        ports = self._ports
        self.url = f"http://localhost:{ports.port or free_port()}"
        self.certificates = prepare(self._folder)
        storage = (ports.blob_port, ports.queue_port, ports.table_port)
        self.azurite = self._open.enter_context(Azurite(self._data, storage))
        world = self._make_world(self.certificates.client_public.read_bytes(), self.url)
        self.microsoft = self._open.enter_context(
            Simulator(
                world,
                self.certificates,
                http_port=ports.microsoft_http_port,
                https_port=ports.microsoft_https_port,
            )
        )
        platform_key = self.certificates.platform_key.read_bytes()
        self.platform = self._open.enter_context(
            Platform(self._organizations, self.url, platform_key, ports.platform_port)
        )
        self.settings = {**self._settings(self.certificates), **self._changes}
        self._open.callback(self.stop_service)
        self.start_service()

    def _settings(self, certificates: Certificates) -> dict[str, str]:
        """What the service is told in its environment."""
        return {
            "AzureWebJobsStorage": self.azurite.connection_string,
            "PUBLIC_URL": self.url,
            "MICROSOFT_CLIENT_ID": CLIENT_ID,
            "MICROSOFT_CERTIFICATE_FILE": str(certificates.client),
            "MICROSOFT_LOGIN_URL": self.microsoft.https_url,
            "MICROSOFT_SIGN_IN_URL": self.microsoft.http_url,
            "MICROSOFT_GRAPH_URL": self.microsoft.https_url,
            "MICROSOFT_CA_FILE": str(certificates.ca),
            "PLATFORM_NAME": "Calendly",
            "PLATFORM_SIGN_IN_URL": self.platform.url,
            "PLATFORM_ISSUER": self.platform.issuer,
            "PLATFORM_AUDIENCE": self.platform.audience,
            "PLATFORM_JWKS_URL": self.platform.jwks_url,
            "PLATFORM_EVENTS_URL": self.platform.events_url,
            "PLATFORM_EVENTS_SECRETS": self.platform.events.secret,
            "ENTITLED_PLANS": "enterprise",
            "ENTITLED_FEATURE": "outlook-admin",
            "SECRET_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
            "TOKEN_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
            "RESYNC_SCHEDULE": "0 */5 * * * *",
            "PYTHON_THREADPOOL_THREAD_COUNT": "32",
        }

    def start_service(self) -> None:
        """Start the Functions host with the service in a process of its own, and wait until it answers."""
        port = self.url.rpartition(":")[2]
        self.service = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local.host",
                "--port",
                port,
                "--lease-seconds",
                str(self._lease),
                "--root",
                str(self._project),
                "--with-parent",
            ],
            cwd=ROOT,
            env={**os.environ, **self.settings},
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # Ctrl-C comes to us only, and we stop it in order
        )
        self._await_service(self.service)

    def _await_service(self, service: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START
        while not self._answers():
            if service.poll() is not None:
                raise StackError("The service ended instead of starting; its log says why.")
            if time.monotonic() > until:
                raise StackError(f"The service did not answer within {_START:.0f} seconds.")
            time.sleep(0.05)

    def stop_service(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the service, finishing what runs; with SIGKILL, as if its machine had died."""
        service, self.service = self.service, None
        if service is None:
            return
        service.send_signal(how)
        try:
            service.wait(_STOP)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
        if service.stdin:
            service.stdin.close()

    def run_now(self, function: str) -> None:
        """Have the host run a timer function now."""
        requests.post(f"{self.url}/admin/functions/{function}", json={}, timeout=30).raise_for_status()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/admin/host/status", timeout=5).ok
        except requests.ConnectionError:
            return False
