"""What stands between storage and a function's parameters: queue messages in and out, and the context."""

from __future__ import annotations

import asyncio
import base64
import binascii
import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import azure.functions as func
from azure.functions.queue import QueueMessage, QueueMessageOutConverter

from local.host.functions import Output
from local.host.storage import Message, StorageQueue


class Out(func.Out[Any]):
    """An output parameter: what the function last set, if anything."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Keep `val` until the function has succeeded."""
        self._value = val

    def get(self) -> Any:
        """Return what was set."""
        return self._value


class QueueOutputs:
    """Writes the messages of queue output bindings."""

    def __init__(self, find: Callable[[str, str], StorageQueue], *, as_base64: bool) -> None:
        self._find = find  # from a connection's and a queue's name
        self._base64 = as_base64

    async def send(self, output: Output, value: object) -> None:
        """Append all messages of an output's value; raises when storage does not take one."""
        queue = self._find(output.connection, output.queue)
        await asyncio.gather(*(queue.put(encode(body, as_base64=self._base64)) for body in messages(value)))


def messages(value: object) -> list[bytes]:
    """Turn an output's value into message bodies, by the very converter the real worker uses."""
    if value is None:
        return []
    datum = QueueMessageOutConverter.encode(value, expected_type=None)
    if datum.type != "json":
        return [datum.value if isinstance(datum.value, bytes) else datum.value.encode()]
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise TypeError("a queue output takes a str, bytes or a list of str")
    return [item.encode() for item in value]


def encode(body: bytes, *, as_base64: bool) -> str:
    """Write a message's body as the text that storage holds."""
    return base64.b64encode(body).decode() if as_base64 else body.decode()


def decode(text: str, *, as_base64: bool) -> bytes:
    """Read a message's body; raises ValueError for text that is not base64 though it should be."""
    if not as_base64:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("the message is not base64") from error


def queue_message(message: Message, body: bytes) -> QueueMessage:
    """Build what a queue function is called with."""
    return QueueMessage(
        id=message.id,
        body=body,
        dequeue_count=message.dequeue_count,
        expiration_time=message.expires,
        insertion_time=message.inserted,
        time_next_visible=message.next_visible,
        pop_receipt=message.receipt,
    )


class Context(func.Context):
    """What a function may learn about its own run."""

    _local = threading.local()

    def __init__(self, name: str) -> None:
        self._name = name
        self._id = str(uuid4())

    @property
    def invocation_id(self) -> str:
        """An id of this run."""
        return self._id

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def function_directory(self) -> str:
        """The app's folder, which is the working directory."""
        return "."

    @property
    def thread_local_storage(self) -> Any:
        """Storage that user threads may share an invocation id through."""
        return self._local

    @property
    def trace_context(self) -> Any:
        """No distributed trace exists locally."""
        return None

    @property
    def retry_context(self) -> Any:
        """Retry policies are not run locally."""
        return None
