"""A Functions worker of the official runtime in a process of its own, for an app can be indexed only once in each.

It reads one JSON request per line from standard input and answers each with one line of JSON:
`{"do": "index", "root": folder}` or `{"do": "invoke", "function": name, "data": {parameter: typed data}}`, typed
data being one of `{"http": {...}}`, `{"string": text}` and `{"json": text}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import azure_functions_runtime as runtime  # type: ignore[import-untyped]

from tests.official_runtime import protos

Json = dict[str, Any]

_TRIGGER_METADATA = {
    "Id": "message-1",
    "DequeueCount": "1",
    "InsertionTime": "2026-01-01T00:00:00+00:00",
    "ExpirationTime": "2026-01-08T00:00:00+00:00",
    "NextVisibleTime": "2026-01-01T00:10:00+00:00",
    "PopReceipt": "receipt",
}
"""What the host tells about a queue message besides its body."""


class Worker:
    """What the host asks of a worker, in the order it does."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    async def index(self, root: str) -> Json:
        """Import the app; its functions with their bindings, or the error that the host would log."""
        asked = protos.request("worker_init_request", protos, capabilities={}, function_app_directory=root)
        started = await runtime.worker_init_request(asked)
        if started.result.status != protos.StatusResult.Success:
            return {"error": started.result.exception.message}
        runtime.start_threadpool_executor()
        listed = await runtime.functions_metadata_request(asked)
        functions = listed.function_metadata_results
        self._ids = {function.name: function.function_id for function in functions}
        for function_id in self._ids.values():
            await self._load(function_id)
        return {"functions": {one.name: [json.loads(binding) for binding in one.raw_bindings] for one in functions}}

    async def _load(self, function_id: str) -> None:
        loaded = await runtime.function_load_request(
            protos.request("function_load_request", protos, function_id=function_id)
        )
        if loaded.result.status != protos.StatusResult.Success:
            raise RuntimeError(function_id)

    async def invoke(self, function: str, data: Json) -> Json:
        """Run a function; what it returned and what its output bindings carry, or its error."""
        asked = protos.request(
            "invocation_request",
            protos,
            invocation_id="invocation",
            function_id=self._ids[function],
            input_data=[protos.ParameterBinding(name=name, data=typed(value)) for name, value in data.items()],
            trigger_metadata={name: typed({"string": text}) for name, text in _TRIGGER_METADATA.items()},
            trace_context=protos.Message(trace_parent="", trace_state="", attributes={}),
            retry_context=protos.Message(retry_count=0, max_retry_count=0, exception=None),
        )
        answer = await runtime.invocation_request(asked)
        if answer.result.status != protos.StatusResult.Success:
            return {"error": answer.result.exception.message}
        outputs = {output.name: plain(output.data) for output in answer.output_data}
        return {"returned": plain(answer.return_value), "outputs": outputs}


def typed(value: Json) -> protos.TypedData:
    """JSON as the protocol's typed data; bodies are bytes."""
    ((kind, content),) = value.items()
    if kind != "http":
        return protos.TypedData(**{kind: content})
    body = protos.TypedData(bytes=content["body"].encode())
    return protos.TypedData(http=protos.RpcHttp(**{**content, "body": body}))


def plain(value: Any) -> Any:
    """A message of the protocol as JSON."""
    if isinstance(value, protos.Message):
        return {name: plain(content) for name, content in vars(value).items()}
    if isinstance(value, dict):
        return {name: plain(content) for name, content in value.items()}
    if isinstance(value, list):
        return [plain(content) for content in value]
    return value.decode() if isinstance(value, bytes) else value


async def main() -> None:
    """Answer requests until standard input ends. Whatever the app prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        asked = json.loads(line)
        act = getattr(worker, asked.pop("do"))
        print(json.dumps(await act(**asked)), file=answers, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
