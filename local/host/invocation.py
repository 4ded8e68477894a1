"""One run of a function: its arguments, its code on the loop or in the thread pool, its queue outputs."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func

from local.host.bindings import Context, Out, QueueOutputs
from local.host.functions import RETURN, Function

logger = logging.getLogger("local.host")


class Failed(Exception):
    """The function raised or its output could not be written; already logged, so callers only react."""


class Invoker:
    """Runs functions. A failure is logged with the function's name and the exception, never with the input."""

    def __init__(self, threads: int, outputs: QueueOutputs) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._outputs = outputs

    async def run(self, function: Function, argument: object) -> Any:
        """Run once and write the outputs; returns what the function returned, or raises `Failed`."""
        began = time.perf_counter()
        try:
            returned = await self._run(function, argument)
        except Exception as error:
            logger.exception("%s failed: %s", function.name, type(error).__name__)
            raise Failed from error
        logger.info("%s succeeded in %.0f ms", function.name, 1000 * (time.perf_counter() - began))
        return returned

    async def _run(self, function: Function, argument: object) -> Any:
        outs = {output.name: Out() for output in function.outputs if output.name != RETURN}
        arguments: dict[str, Any] = {function.trigger["name"]: argument, **outs}
        if function.wants_context:
            arguments["context"] = Context(function.name)
        returned = await self._call(function, arguments)
        _check_returned(function, returned)
        for output in function.outputs:
            value = returned if output.name == RETURN else outs[output.name].get()
            await self._outputs.send(output, value)
        return returned

    async def _call(self, function: Function, arguments: dict[str, Any]) -> Any:
        if function.is_async:
            return await function.code(**arguments)
        call = functools.partial(function.code, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Let the threads end once what they run is done."""
        self._pool.shutdown(wait=False)


def _check_returned(function: Function, returned: object) -> None:
    """Refuse a return value that the real worker refuses."""
    if function.kind == "httpTrigger":
        if not isinstance(returned, (func.HttpResponse, str)):
            raise TypeError(f"an HTTP function returns HttpResponse or str, not {type(returned).__name__}")
    elif returned is not None and all(output.name != RETURN for output in function.outputs):
        raise TypeError(f"it returned a {type(returned).__name__}, but binds nothing to its return value")
