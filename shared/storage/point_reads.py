"""Rows that lie apart, read several at a time: each is one request, and most of that is waiting."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

K = TypeVar("K")
R = TypeVar("R")

AT_ONCE = 8


def point_reads(read: Callable[[K], R], keys: Collection[K]) -> dict[K, R]:
    """What `read` finds under each of the keys, in their order."""
    if len(keys) <= 1:
        return {key: read(key) for key in keys}
    with ThreadPoolExecutor(min(AT_ONCE, len(keys))) as pool:
        return dict(zip(keys, pool.map(read, keys), strict=True))
