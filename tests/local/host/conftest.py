from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import azure.functions as func
import pytest

from local.azurite import Azurite
from local.host import Host
from local.host.account import Account
from local.host.storage import Message, StorageQueue

QUEUES = {"maxPollingInterval": "00:00:00.2000000", "messageEncoding": "base64"}


@pytest.fixture
def run_host(azurite: Azurite) -> Iterator[Callable[..., Host]]:
    """Run an app against Azurite until the test ends."""
    hosts: list[Host] = []

    def run(app: func.FunctionApp, settings: dict[str, str] | None = None, lease: int = 600, **queues: Any) -> Host:
        host_json = {"extensions": {"http": {"routePrefix": ""}, "queues": {**QUEUES, **queues}}}
        known = {"AzureWebJobsStorage": azurite.connection_string, **(settings or {})}
        hosts.append(Host(app, host_json, known, lease_seconds=lease).__enter__())
        return hosts[-1]

    yield run
    for host in hosts:
        host.__exit__(None, None, None)


class Queue:
    """A queue seen from outside the host."""

    def __init__(self, connection_string: str, name: str) -> None:
        self.name = name
        self._account = Account.parse(connection_string)

    def put(self, *texts: str) -> None:
        async def put(queue: StorageQueue) -> None:
            await asyncio.gather(*(queue.put(text) for text in texts))

        self._run(put)

    def put_encoded(self, *bodies: str) -> None:
        self.put(*(base64.b64encode(body.encode()).decode() for body in bodies))

    def take(self) -> list[Message]:
        """All visible messages, hidden for a minute from now; none if there is no queue."""

        async def take(queue: StorageQueue) -> list[Message]:
            await queue.create()
            return await queue.get(32, 60)

        return self._run(take)

    def bodies(self) -> list[str]:
        return sorted(base64.b64decode(message.text).decode() for message in self.take())

    def _run(self, act: Callable[[StorageQueue], Any]) -> Any:
        async def run() -> Any:
            async with aiohttp.ClientSession() as session:
                return await act(StorageQueue(session, self._account, self.name))

        return asyncio.run(run())


@pytest.fixture
def queue(azurite: Azurite, request: pytest.FixtureRequest) -> Queue:
    """A queue of this test's own."""
    name = f"q-{time.time_ns()}"
    return Queue(azurite.connection_string, name)


@pytest.fixture
def poison(azurite: Azurite, queue: Queue) -> Queue:
    return Queue(azurite.connection_string, f"{queue.name}-poison")


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until `condition` returns something true, and return it."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return found
