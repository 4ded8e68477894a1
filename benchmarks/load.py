"""Load on an HTTP endpoint: a few callers, each sending its next request when its last one was answered."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import aiohttp

from benchmarks.timing import Timings

CALLERS = 8
WARM_UP = 0.3
"""Share of the time that goes before, uncounted: connections open, threads start, caches fill."""


@dataclass(frozen=True)
class Target:
    """What is called, and the only answer that counts."""

    url: str
    status: int


def post(target: Target, body: bytes, seconds: float) -> Timings:
    """Post the body for so long. Raises `ValueError` at the first other answer."""
    return asyncio.run(_post(target, body, seconds))


async def _post(target: Target, body: bytes, seconds: float) -> Timings:
    # The host answers some requests without reading them, and closes; a request on such a connection is sent again.
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:
        await _phase(session, target, body, seconds * WARM_UP)
        return await _phase(session, target, body, seconds)


async def _phase(session: aiohttp.ClientSession, target: Target, body: bytes, seconds: float) -> Timings:
    began = time.perf_counter()
    callers = (_caller(session, target, body, began + seconds) for _ in range(CALLERS))
    each = [taken for one in await asyncio.gather(*callers) for taken in one]
    return Timings(each, time.perf_counter() - began)


async def _caller(session: aiohttp.ClientSession, target: Target, body: bytes, until: float) -> list[float]:
    each: list[float] = []
    while (began := time.perf_counter()) < until or not each:
        async with session.post(target.url, data=body) as answer:
            await answer.read()
        if answer.status != target.status:
            raise ValueError(f"{target.url} answered {answer.status}, not {target.status}")
        each.append(time.perf_counter() - began)
    return each
