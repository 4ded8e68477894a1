"""The host's own endpoints: run a function now, and say how the host is.

https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from aiohttp import web

from local.host.bindings import queue_message
from local.host.functions import Function
from local.host.invocation import Failed, Invoker
from local.host.storage import Message
from local.host.tasks import Tasks
from local.host.timers import Timer


class Admin:
    """Runs timer and queue functions on demand; as under Core Tools, it asks for no key locally."""

    def __init__(self, functions: Iterable[Function], timers: Iterable[Timer], invoker: Invoker, runs: Tasks) -> None:
        self._functions: Mapping[str, Function] = {one.name.lower(): one for one in functions}
        self._timers: Mapping[str, Timer] = {one.function.name: one for one in timers}
        self._invoker = invoker
        self._runs = runs

    async def run(self, request: web.Request) -> web.Response:
        """`POST /admin/functions/{name}` with `{"input": "..."}`: start a run and answer 202 at once."""
        function = self._functions.get(request.match_info["name"].lower())
        if function is None:
            return web.Response(status=404)
        if function.kind == "httpTrigger":
            return web.Response(status=400, text="call an HTTP function at its own address")
        try:
            given = json.loads(await request.read() or b"{}").get("input") or ""
        except (ValueError, AttributeError):
            return web.Response(status=400, text='the body must be {"input": "..."}')
        self._runs.start(self._run(function, str(given)))
        return web.Response(status=202)

    async def status(self, _request: web.Request) -> web.Response:
        """`GET /admin/host/status`."""
        names = [function.name for function in self._functions.values()]
        return web.json_response({"id": "local", "state": "Running", "functions": names})

    async def _run(self, function: Function, given: str) -> None:
        with contextlib.suppress(Failed):
            await self._invoker.run(function, self._argument(function, given))

    def _argument(self, function: Function, given: str) -> object:
        now = datetime.now(UTC)
        if function.name in self._timers:
            return self._timers[function.name].request(now, now)
        message = Message(str(uuid4()), given, 1, "", now, now + timedelta(days=7), now)
        return queue_message(message, given.encode())
