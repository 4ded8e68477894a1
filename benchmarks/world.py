"""The places benchmarks run in: the whole product on this machine, and a host with empty functions beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from azure.storage.queue import QueueServiceClient

from local.client import Browser, Client, Json, wait_for
from local.microsoft.generate import Generated, generate
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.registration import register_app
from local.microsoft.world import World
from local.ports import free_port
from local.stack import ROOT, Stack
from shared.bootstrap import utc_now
from shared.graph.tokens import AppTokens
from shared.http import new_session
from shared.settings import Settings

EMPTY = Path(__file__).parent / "empty"
START_SECONDS = 30
LONGEST = 120.0
"""Seconds after which something that should have happened by itself is wrong."""
NO_TIMER = {"RESYNC_SCHEDULE": "0 0 0 1 1 *"}
"""Or a resync would fall into some runs and not into others."""


@dataclass(frozen=True)
class Place:
    """A running product, with one tenant and its people's organization."""

    stack: Stack
    generated: Generated

    def token(self, role: str) -> str:
        """A token of the platform for the organization."""
        entitled = [self.stack.settings["ENTITLED_FEATURE"]]
        return self.stack.platform.token(self.generated.organization.id, role, features=entitled)

    def client(self, role: str) -> Client:
        """A caller of the organization, with connections of its own."""
        return Client(self.stack.url, self.token(role))

    def activate(self) -> None:
        """Send the roster, make a link, and grant the permissions as the Microsoft admin."""
        self.client("service").put_roster(self.generated.organization.members)
        Browser().activate(self.client("owner").make_link()["url"], self.generated.admin)

    def connect(self) -> None:
        """Activate, and return once every member is connected and nothing is left to do."""
        owner = self.client("owner")
        self.activate()
        if wait_for(lambda: all(m["state"] == "connected" for m in owner.members()), LONGEST, pause=0.5) is None:
            raise TimeoutError(f"not everybody was connected in {LONGEST:.0f} s")
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Return once no notification is on its way and no message in any queue, visible or not."""
        service = QueueServiceClient.from_connection_string(self.stack.azurite.connection_string)
        if wait_for(lambda: self._all_is_told() and not _waiting(service), LONGEST, pause=0.2) is None:
            raise TimeoutError(f"there was still work to do after {LONGEST:.0f} s")

    def request_log(self) -> list[Json]:
        """Everything Microsoft was asked so far."""
        microsoft = self.stack.microsoft
        return microsoft.call(lambda: list(microsoft.world.requests))

    def graph(self) -> requests.Session:
        """A session with an app token for the tenant, as the plainest program would have one."""
        settings = Settings.from_env(self.stack.settings).microsoft
        session = new_session(settings.ca_file)
        token = AppTokens(settings, session, utc_now).token(self.generated.tenant_id)
        session.headers["Authorization"] = f"Bearer {token}"
        return session

    def _all_is_told(self) -> bool:
        delivery = delivery_of(self.stack.microsoft.world)
        return delivery.is_idle() and not any(endpoint.queue for endpoint in delivery.endpoints.values())


def _waiting(service: QueueServiceClient) -> int:
    """Messages in all queues but those of messages that were given up."""
    names = [queue.name for queue in service.list_queues() if not queue.name.endswith("-poison")]
    counts = (service.get_queue_client(name).get_queue_properties().approximate_message_count for name in names)
    return sum(count or 0 for count in counts)


@contextmanager
def product(members: int, settings: Mapping[str, str] | None = None) -> Iterator[Place]:
    """The product with a generated tenant of so many people, about twenty events each."""
    with customers([members], settings) as (place,):
        yield place


@contextmanager
def customers(sizes: Sequence[int], settings: Mapping[str, str] | None = None) -> Iterator[tuple[Place, ...]]:
    """One product with several generated tenants, of so many people each; every one with its organization."""
    made = [generate(size, domain=f"generated{number or ''}.example") for number, size in enumerate(sizes)]

    def world(certificate: bytes, url: str) -> World:
        register_app(made[0].world, certificate, url)
        for other in made[1:]:
            made[0].world.tenants |= other.world.tenants
        return made[0].world

    organizations = [one.organization for one in made]
    with (
        tempfile.TemporaryFile("w+") as output,
        Stack(make_world=world, organizations=organizations, settings=settings, output=output) as stack,
    ):
        yield tuple(Place(stack, one) for one in made)


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
