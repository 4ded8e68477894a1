"""A running Azurite."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Self

from local.azurite.errors import AzuriteError
from local.azurite.install import HERE, installed
from local.azurite.node import find_node

SERVICES = ("Blob", "Queue", "Table")
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's published key, the same on every machine."""

_READY = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")
_START = 60.0  # seconds; the very first start of a fresh installation has taken 9
_STOP = 5.0  # seconds


class Azurite:
    """Blob, queue and table storage as a context manager.

    Without a folder everything is in memory. Port 0 takes a free one. After a stop it may be started again and is
    back on the same ports. Azurite runs in a process group of its own, and ends when this process does, however
    that happens.
    """

    def __init__(self, folder: Path | None = None, ports: Sequence[int] = (0, 0, 0)) -> None:
        self._folder = folder
        self._ports = ports
        self._process: subprocess.Popen[str] | None = None
        self._lines: deque[str] = deque(maxlen=30)
        self.endpoints: dict[str, str] = {}
        self.ahead = timedelta()
        """How far its clock is ahead of the machine's, from its next start on."""

    @property
    def connection_string(self) -> str:
        """What `AzureWebJobsStorage` is set to."""
        endpoints = "".join(f"{name}Endpoint={url}/{ACCOUNT};" for name, url in self.endpoints.items())
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    def start(self) -> None:
        """Start and wait until all three services answer."""
        node = find_node()
        script = installed(node)
        self._process = subprocess.Popen(
            [node.program, *self._before(), script, *self._arguments()],
            env={**os.environ, "CLOCK_AHEAD_SECONDS": str(self.ahead.total_seconds())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            self._await_services(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the process; safe to call twice."""
        process, self._process = self._process, None
        if process is None:
            return
        # A polite end waits for idle connections to close; data that is only in memory is not worth that.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM if self._folder else signal.SIGKILL)
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdin:
            process.stdin.close()
        self._reader.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _before(self) -> list[str]:
        """What Node loads before Azurite."""
        names = ["with_parent.cjs", *(["clock_ahead.cjs"] if self.ahead else [])]
        return [part for name in names for part in ("--require", str(HERE / name))]

    def _arguments(self) -> list[str]:
        place = ["--inMemoryPersistence"] if self._folder is None else ["--location", str(self._folder)]
        ports = [
            part
            for service, port in zip(SERVICES, self._ports, strict=True)
            for part in (f"--{service.lower()}Port", str(port))
        ]
        # Current SDKs send API versions that this Azurite does not know yet.
        return [*place, *ports, "--silent", "--disableTelemetry", "--skipApiVersionCheck"]

    def _await_services(self, process: subprocess.Popen[str]) -> None:
        ready: Queue[tuple[str, str] | None] = Queue()
        self._reader = threading.Thread(target=self._read, args=(process, ready), daemon=True)
        self._reader.start()
        found: dict[str, str] = {}
        while len(found) < len(SERVICES):
            try:
                announced = ready.get(timeout=_START)
            except Empty:
                raise AzuriteError(f"Azurite did not start within {_START:.0f} seconds") from None
            if announced is None:
                raise AzuriteError(f"Azurite ended instead of starting: {self._said()}")
            found[announced[0]] = announced[1]
        self.endpoints = {service: found[service] for service in SERVICES}
        self._ports = [int(url.rpartition(":")[2]) for url in self.endpoints.values()]

    def _read(self, process: subprocess.Popen[str], ready: Queue[tuple[str, str] | None]) -> None:
        """Follow the output to its end, so that Azurite never blocks on a full pipe."""
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                self._lines.append(line.rstrip())
                if announced := _READY.search(line):
                    ready.put((announced[1], announced[2]))
        ready.put(None)

    def _said(self) -> str:
        said = "\n".join(self._lines)
        taken = re.search(r"EADDRINUSE.*:(\d+)", said)
        return f"port {taken[1]} is taken" if taken else said
