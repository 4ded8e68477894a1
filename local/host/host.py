"""The host itself: starts everything an app declares, and stops it without losing what runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

import aiohttp
import azure.functions as func
from aiohttp import web

from local.host.account import Account
from local.host.admin import Admin
from local.host.bindings import QueueOutputs
from local.host.functions import Function, declared
from local.host.http import LARGEST_BODY, HttpFunctions
from local.host.invocation import Invoker
from local.host.queues import QueueListener
from local.host.settings import HostError, HostOptions, Settings, connection_string
from local.host.storage import StorageQueue
from local.host.tasks import Tasks
from local.host.timers import Timer

LEASE = 600  # seconds a taken message stays hidden unless renewed, as in the real host
THREADS = 32
_GRACE = 60.0  # seconds that requests in progress get when the host stops


class Host:
    """Runs an app's functions, in a background thread (`with Host(...) as host`) or on the caller's loop.

    An app can be given to one host only: azure-functions hands out an app's functions once.
    """

    def __init__(
        self,
        app: func.FunctionApp,
        host_json: Mapping[str, Any],
        settings: Settings,
        *,
        port: int = 0,
        lease_seconds: int = LEASE,
    ) -> None:
        self.settings = settings
        self.options = HostOptions.parse(host_json)
        self.functions = declared(app, settings)
        self.http = HttpFunctions(self._of("httpTrigger"), self.options, settings)
        self.timers = [Timer.of(function) for function in self._of("timerTrigger")]
        self.url = ""
        self._port = port
        self._lease = lease_seconds
        self._queues: dict[tuple[str, str], StorageQueue] = {}
        self._thread: _Background | None = None
        self._check_connections()

    def _of(self, kind: str) -> list[Function]:
        return [function for function in self.functions if function.kind == kind]

    def _check_connections(self) -> None:
        names = {output.connection for function in self.functions for output in function.outputs}
        names.update(function.trigger["connection"] for function in self._of("queueTrigger"))
        for name in names:
            Account.parse(connection_string(name, self.settings))

    async def start(self) -> None:
        """Begin to listen, poll and count down on the running loop; afterwards `url` is the address."""
        # Azurite closes connections idle for 5 seconds: never write into one that is about to be closed.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=3)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))
        outputs = QueueOutputs(self._queue, as_base64=self.options.queues.base64)
        threads = int(self.settings.get("PYTHON_THREADPOOL_THREAD_COUNT") or THREADS)
        self._invoker = Invoker(threads, outputs)
        self._runs = Tasks()
        self._admin = Admin(self.functions, self.timers, self._invoker, self._runs)
        self._listeners = [self._listener(function) for function in self._of("queueTrigger")]
        try:
            await self._serve()
        except OSError as error:
            await self._session.close()
            raise HostError(f"port {self._port} is taken: {error.strerror}") from error
        self._loops = Tasks()
        for listener in self._listeners:
            self._loops.start(listener.listen(self._invoker))
        self._countdowns = [self._loops.start(timer.run(self._invoker, self._runs)) for timer in self.timers]

    async def stop(self) -> None:
        """Take in nothing new, finish what runs, then close."""
        for listener in self._listeners:
            listener.stop()
        for countdown in self._countdowns:
            countdown.cancel()
        await self._runner.cleanup()
        await self._loops.drain()
        await self._runs.drain()
        await self._session.close()
        self._invoker.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/admin/functions/{name}", self._admin.run)
        app.router.add_get("/admin/host/status", self._admin.status)
        app.router.add_route("*", "/{path:(?s:.*)}", partial(self.http.handle, invoker=self._invoker))
        # No access log: it would write URLs with their query strings.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def _listener(self, function: Function) -> QueueListener:
        name, connection = function.trigger["queueName"], function.trigger["connection"]
        queue, poison = self._queue(connection, name), self._queue(connection, f"{name}-poison")
        return QueueListener(function, queue, poison, self.options.queues, self._lease)

    def _queue(self, connection: str, name: str) -> StorageQueue:
        """Find the one object of a queue, which outputs and listeners share."""
        text = connection_string(connection, self.settings)
        if (text, name) not in self._queues:
            self._queues[text, name] = StorageQueue(self._session, Account.parse(text), name)
        return self._queues[text, name]

    def __enter__(self) -> Self:
        self._thread = _Background(self)
        self._thread.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._thread.end()
            self._thread = None


class _Background(threading.Thread):
    """A thread whose event loop runs a host from start to stop."""

    def __init__(self, host: Host) -> None:
        super().__init__(name="functions-host", daemon=True)
        self._host = host
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Return once the host answers; raises what kept it from starting."""
        self.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Return once the host has stopped."""
        self._loop.call_soon_threadsafe(self._leave.set)
        self.join()

    def run(self) -> None:
        """Run the loop (in this thread)."""
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._host.start()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
            return
        finally:
            self._ready.set()
        await self._leave.wait()
        await self._host.stop()
