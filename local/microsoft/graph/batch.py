"""JSON batching: up to 20 calls in one, each answered and throttled on its own, in any order.

https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from local.microsoft.graph.errors import GraphError
from local.microsoft.graph.messages import GraphResponse
from local.microsoft.world import Json

MAX_REQUESTS = 20
OUTLOOK_AT_A_TIME = 4
"""Graph forwards at most this many items of a batch to Outlook at once, whichever mailboxes they are for."""

Item = Callable[[str, str, Mapping[str, str], Any], Awaitable[GraphResponse]]
"""Answers (method, url, headers, parsed body)."""


async def run(body: Any, item: Item, randomness: Random) -> Json:
    """Answer every request of the batch through `item`; the order of the answers is shuffled."""
    requests = check(body)
    forwarding = asyncio.Semaphore(OUTLOOK_AT_A_TIME)
    tasks: dict[str, asyncio.Task[Json]] = {}
    for request in requests:
        before = [tasks[name.lower()] for name in request.get("dependsOn") or ()]
        tasks[request["id"].lower()] = asyncio.create_task(_after(before, request, item, forwarding))
    responses = list(await asyncio.gather(*tasks.values()))
    randomness.shuffle(responses)
    return {"responses": responses}


def check(body: Any) -> list[Json]:
    """The batch's requests, or 400 for the whole batch."""
    requests = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise _invalid("Invalid batch payload format.")
    if len(requests) > MAX_REQUESTS:
        raise _invalid(f"Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.")
    known: set[str] = set()
    for request in requests:
        _check_request(request, known)
        known.add(request["id"].lower())
    return requests


def _check_request(request: Any, known: set[str]) -> None:
    texts = ("id", "method", "url")
    if not isinstance(request, dict) or not all(isinstance(request.get(name), str) for name in texts):
        raise _invalid("Invalid batch payload format.")
    if request["id"].lower() in known:
        raise _invalid(f"The batch request id '{request['id']}' is not unique.")
    if not {name.lower() for name in request.get("dependsOn") or ()} <= known:
        raise _invalid("A request can only depend on requests before it.")


async def _after(before: list[asyncio.Task[Json]], request: Json, item: Item, forwarding: asyncio.Semaphore) -> Json:
    if any([(await earlier)["status"] >= 400 for earlier in before]):
        return _failed_dependency(request["id"])
    async with forwarding:
        response = await _answer(request, item)
    headers = {"Content-Type": "application/json", **response.headers}
    return {"id": request["id"], "status": response.status, "headers": headers, "body": response.body}


async def _answer(request: Json, item: Item) -> GraphResponse:
    headers: dict[str, str] = request.get("headers") or {}
    url = "/" + request["url"].removeprefix("/v1.0").lstrip("/")
    if "body" in request and "content-type" not in {name.lower() for name in headers}:
        message = "Request body is present but the Content-Type header is missing."
        return GraphResponse(400, {"error": {"code": "BadRequest", "message": message}})
    return await item(request["method"].upper(), url, headers, request.get("body"))


def _failed_dependency(identity: str) -> Json:
    error = {"code": "FailedDependency", "message": "A request this one depends on failed."}
    return {"id": identity, "status": 424, "headers": {}, "body": {"error": error}}


def _invalid(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message)
