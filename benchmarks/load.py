"""Load on an HTTP endpoint: a few callers, each sending its next request when its last one was answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from benchmarks.timing import Timings

CALLERS = 8
TURNS = 3
"""Into which the time is cut; one more goes before, uncounted: connections open, threads start, caches fill."""


@dataclass(frozen=True)
class Target:
    """What is called, and the only answer that counts."""

    url: str
    status: int


def under_load(targets: Mapping[str, Target], body: bytes, seconds: float) -> dict[str, Timings]:
    """Post the body to each target for so long, in turns. Raises `ValueError` at the first unexpected answer."""
    return asyncio.run(_under_load(targets, body, seconds))


async def _under_load(targets: Mapping[str, Target], body: bytes, seconds: float) -> dict[str, Timings]:
    found: dict[str, list[Timings]] = {name: [] for name in targets}
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:
        for turn in range(TURNS + 1):
            for name, target in targets.items():
                taken = await _phase(session, target, body, seconds / TURNS)
                if turn:
                    found[name].append(taken)
    return {name: Timings.joined(some) for name, some in found.items()}


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
