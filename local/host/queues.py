"""Queue triggers: poll, run, then delete, release or move to the poison queue, as the real host does.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue-trigger#poison-messages
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from enum import Enum

import aiohttp

from local.host.bindings import decode, queue_message
from local.host.functions import Function
from local.host.invocation import Failed, Invoker
from local.host.settings import QueueOptions
from local.host.storage import Message, QueueError, StorageQueue
from local.host.tasks import Tasks

logger = logging.getLogger("local.host")

SHORTEST_PAUSE = 0.1  # seconds between polls of a queue that was just found empty; the real host's value
_UNREACHABLE = (aiohttp.ClientError, TimeoutError, QueueError, OSError)


class Verdict(Enum):
    """What becomes of a message after a run."""

    DELETE = "delete"
    RELEASE = "release"
    POISON = "poison"


def verdict(*, succeeded: bool, dequeue_count: int, most: int) -> Verdict:
    """Decide: done, once more later, or never again."""
    if succeeded:
        return Verdict.DELETE
    return Verdict.POISON if dequeue_count >= most else Verdict.RELEASE


class QueueListener:
    """Feeds one function from its queue.

    A batch is fetched when no more than `newBatchThreshold` messages are running, so at most that many plus
    `batchSize` run together. A taken message is hidden for `lease` seconds, renewed at half of that while the
    function runs: a killed process loses nothing, its messages come back when the lease ends.
    """

    def __init__(
        self,
        function: Function,
        queue: StorageQueue,
        poison: StorageQueue,
        options: QueueOptions,
        lease: int,
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._options = options
        self._lease = lease
        self._tasks = Tasks()
        self._stopping = False
        self._reachable = True

    async def listen(self, invoker: Invoker) -> None:
        """Poll until stopped, then finish what runs; an unreachable storage is tried again for ever."""
        pause = SHORTEST_PAUSE
        while not self._stopping:
            await self._tasks.fewer_than(self._options.new_batch_threshold + 1)
            batch = await self._receive()
            for message in batch:
                self._tasks.start(self._process(message, invoker))
            pause = SHORTEST_PAUSE if batch else await self._rest(pause)
        await self._tasks.drain()

    def stop(self) -> None:
        """Take no further message."""
        self._stopping = True
        self._queue.arrived.set()

    async def _receive(self) -> Sequence[Message]:
        self._queue.arrived.clear()
        try:
            batch = await self._queue.get(self._options.batch_size, self._lease)
        except QueueError as error:
            if error.status == 404:
                await self._create()
            else:
                self._complain(error)
            return []
        except _UNREACHABLE as error:
            self._complain(error)
            return []
        self._reachable = True
        return batch

    async def _create(self) -> None:
        try:
            await self._queue.create()
        except _UNREACHABLE as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if self._reachable:
            logger.warning("the queue %s cannot be read (%s); trying again", self._queue.name, _reason(error))
        self._reachable = False

    async def _rest(self, pause: float) -> float:
        """Sleep, unless a message arrives through this host; returns the next pause, which doubles while idle."""
        if self._stopping:
            return pause
        try:
            await asyncio.wait_for(self._queue.arrived.wait(), pause)
        except TimeoutError:
            return min(pause * 2, self._options.max_polling_interval.total_seconds())
        return SHORTEST_PAUSE

    async def _process(self, message: Message, invoker: Invoker) -> None:
        try:
            await self._settle(message, await self._judge(message, invoker))
        except _UNREACHABLE as error:
            logger.warning("a message of %s will come back: %s", self._queue.name, _reason(error))

    async def _judge(self, message: Message, invoker: Invoker) -> Verdict:
        most = self._options.max_dequeue_count
        if message.dequeue_count > most:
            return Verdict.POISON
        try:
            body = decode(message.text, as_base64=self._options.base64)
        except ValueError:
            return Verdict.POISON
        succeeded = True
        async with self._renewed(message):
            try:
                await invoker.run(self._function, queue_message(message, body))
            except Failed:
                succeeded = False
        return verdict(succeeded=succeeded, dequeue_count=message.dequeue_count, most=most)

    @contextlib.asynccontextmanager
    async def _renewed(self, message: Message) -> AsyncIterator[None]:
        task = asyncio.create_task(self._renew(message))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _renew(self, message: Message) -> None:
        while True:
            await asyncio.sleep(self._lease / 2)
            with contextlib.suppress(*_UNREACHABLE):
                await self._queue.hide(message, self._lease)

    async def _settle(self, message: Message, decided: Verdict) -> None:
        if decided is Verdict.RELEASE:
            await self._queue.hide(message, int(self._options.visibility_timeout.total_seconds()))
            return
        if decided is Verdict.POISON:
            logger.error("a message of %s went to %s", self._queue.name, self._poison.name)
            await self._poison.put(message.text)
        await self._queue.delete(message)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, QueueError) else type(error).__name__
