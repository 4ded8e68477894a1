"""The simulated Microsoft on the network: one event loop, one listener for http and one for https.

The loop is the only writer of the world. It runs in a background thread, so that tests in the same process can use
ordinary blocking clients.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from local.certificates import Certificates
from local.microsoft.addresses import ADDRESSES, WORLD, Addresses
from local.microsoft.clock import monotonic
from local.microsoft.control import control_app
from local.microsoft.entra import handlers as entra
from local.microsoft.graph import handlers as graph
from local.microsoft.outlook import handlers as outlook
from local.microsoft.world import World

T = TypeVar("T")
Handler = Callable[[web.Request], Any]
MAX_BODY = 16 * 1024 * 1024
BACKLOG = 1024
STOPPING_SECONDS = 0.01


class Simulator:
    """Use as a context manager: it listens once entered, and is gone once left."""

    def __init__(
        self,
        world: World,
        certificates: Certificates,
        *,
        http_port: int = 0,
        https_port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.world = world
        self.certificates = certificates
        self._sockets = [socket.create_server((host, port), backlog=BACKLOG) for port in (http_port, https_port)]
        http, https = (listener.getsockname()[1] for listener in self._sockets)
        self.addresses = Addresses(f"http://localhost:{http}", f"https://localhost:{https}")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="microsoft", daemon=True)
        self._runner: web.AppRunner | None = None
        self._servers: list[asyncio.Server] = []

    @property
    def http_url(self) -> str:
        """For browsers and the control API."""
        return self.addresses.http

    @property
    def https_url(self) -> str:
        """For MSAL and Graph clients; the certificate comes from the private CA."""
        return self.addresses.https

    def call(self, function: Callable[[], T]) -> T:
        """Run a function on the loop, where the world may be changed, and wait for its result."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it is raised in the calling thread
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _start(self) -> None:
        app = make_app(self.world, self.addresses)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOPPING_SECONDS)
        await self._runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificates.server)
        plain, secure = self._sockets
        await self._listen(plain)
        await self._listen(secure, ssl=context, ssl_shutdown_timeout=STOPPING_SECONDS)

    async def _listen(self, listener: socket.socket, **tls: Any) -> None:
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("the runner must be set up first")
        server = await self._loop.create_server(self._runner.server, sock=listener, backlog=BACKLOG, **tls)
        self._servers.append(server)

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        if self.world.delivery is not None:
            await self.world.delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()
        # Clients that never say goodbye keep a TLS connection half closed until its time is over.
        await asyncio.sleep(2 * STOPPING_SECONDS)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def make_app(world: World, addresses: Addresses) -> web.Application:
    """Everything the simulator answers."""
    app = web.Application(client_max_size=MAX_BODY, middlewares=[log_request])
    app[WORLD] = world
    app[ADDRESSES] = addresses
    app.add_routes(graph.routes())
    app.add_subapp("/control/", control_app(world, addresses))
    app.add_routes(outlook.routes())
    app.add_routes(entra.routes())
    return app


@web.middleware
async def log_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Enter Entra's requests into the request log; Graph enters its own, and what people do here is no app's."""
    started, world = monotonic(), request.app[WORLD]
    response: web.StreamResponse = await handler(request)
    if request.path.split("/")[1] not in ("v1.0", "control", "outlook"):
        world.requests.append(
            {
                "time": world.clock.now().isoformat(),
                "method": request.method,
                "host": request.host,
                "path": request.path,
                "query": request.query_string,
                "tenant": request.match_info.get("tenant"),
                "user": None,
                "status": response.status,
                "milliseconds": round((monotonic() - started) * 1000, 3),
                "batch": None,
            }
        )
    return response
