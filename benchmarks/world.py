"""The places benchmarks run in: the whole product on this machine, and a host with empty functions beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from local.client import wait_for
from local.microsoft.generate import Generated, generate
from local.microsoft.registration import register_app
from local.microsoft.world import World
from local.ports import free_port
from local.stack import ROOT, Stack

EMPTY = Path(__file__).parent / "empty"
START_SECONDS = 30


@dataclass(frozen=True)
class Place:
    """A running product, with one tenant and its people's organization."""

    stack: Stack
    generated: Generated

    def token(self, role: str) -> str:
        """A token of the platform for the organization."""
        entitled = [self.stack.settings["ENTITLED_FEATURE"]]
        return self.stack.platform.token(self.generated.organization.id, role, features=entitled)


@contextmanager
def product(members: int, settings: Mapping[str, str] | None = None) -> Iterator[Place]:
    """The product with a generated tenant of so many people, about twenty events each."""
    generated = generate(members)

    def world(certificate: bytes, url: str) -> World:
        register_app(generated.world, certificate, url)
        return generated.world

    organizations = [generated.organization]
    with (
        tempfile.TemporaryFile("w+") as output,
        Stack(make_world=world, organizations=organizations, settings=settings, output=output) as stack,
    ):
        yield Place(stack, generated)


@contextmanager
def empty_functions(stack: Stack) -> Iterator[str]:
    """The address of a second host, of the same kind and settings, that runs `empty/function_app.py`."""
    url = f"http://localhost:{free_port()}"
    command = [
        sys.executable,
        "-m",
        "local.host",
        "--root",
        str(EMPTY),
        "--port",
        url.rpartition(":")[2],
        "--with-parent",
    ]
    environment = {**os.environ, **stack.settings, "PYTHONPATH": str(ROOT)}
    host = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        if wait_for(lambda: _answers(url), START_SECONDS) is None:
            raise TimeoutError("the empty functions did not start")
        yield url
    finally:
        host.communicate()


def _answers(url: str) -> bool:
    try:
        return requests.post(f"{url}/empty", timeout=5).status_code == 202
    except requests.ConnectionError:
        return False
