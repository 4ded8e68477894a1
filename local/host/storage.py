"""The five Queue storage calls a host needs.

https://learn.microsoft.com/rest/api/storageservices/queue-service-rest-api
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import aiohttp
from yarl import URL

from local.host.account import Account

_API_VERSION = "2021-12-02"


class QueueError(Exception):
    """Storage refused a call: the HTTP status and the service's error code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Queue storage answered {status} {code}".strip())
        self.status = status


@dataclass(slots=True)
class Message:
    """A message as received; the receipt changes each time its invisibility is changed."""

    id: str
    text: str
    dequeue_count: int
    receipt: str
    inserted: datetime
    expires: datetime
    next_visible: datetime

    @classmethod
    def parse(cls, element: ET.Element) -> Message:
        """Read one `<QueueMessage>`."""

        def field(name: str) -> str:
            return element.findtext(name) or ""

        return cls(
            id=field("MessageId"),
            text=field("MessageText"),
            dequeue_count=int(field("DequeueCount")),
            receipt=field("PopReceipt"),
            inserted=parsedate_to_datetime(field("InsertionTime")),
            expires=parsedate_to_datetime(field("ExpirationTime")),
            next_visible=parsedate_to_datetime(field("TimeNextVisible")),
        )


class StorageQueue:
    """One queue. `arrived` is set by every message put through this object, so a poller need not wait."""

    def __init__(self, session: aiohttp.ClientSession, account: Account, name: str) -> None:
        self.name = name
        self.arrived = asyncio.Event()
        self._session = session
        self._account = account

    async def create(self) -> None:
        """Make the queue exist."""
        await self._call("PUT", "")

    async def put(self, text: str) -> None:
        """Append a message, creating the queue if it does not exist."""
        body = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()
        try:
            await self._call("POST", "/messages", body=body)
        except QueueError as error:
            if error.status != 404:
                raise
            await self.create()
            await self._call("POST", "/messages", body=body)
        self.arrived.set()

    async def get(self, most: int, lease: int) -> list[Message]:
        """Take up to `most` messages (32 at once) and hide them for `lease` seconds."""
        query = {"numofmessages": str(min(most, 32)), "visibilitytimeout": str(lease)}
        answer = await self._call("GET", "/messages", query)
        return [Message.parse(element) for element in ET.fromstring(answer.body)]  # noqa: S314 - our own storage's XML

    async def hide(self, message: Message, seconds: int) -> None:
        """Make a taken message visible in `seconds` from now, keeping its text."""
        query = {"popreceipt": message.receipt, "visibilitytimeout": str(seconds)}
        answer = await self._call("PUT", f"/messages/{message.id}", query)
        message.receipt = answer.headers["x-ms-popreceipt"]

    async def delete(self, message: Message) -> None:
        """Remove a taken message for good."""
        await self._call("DELETE", f"/messages/{message.id}", {"popreceipt": message.receipt})

    async def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> _Answer:
        url = URL(f"{self._account.endpoint}/{self.name}{path}")
        headers = {
            "Content-Type": "application/xml",
            "x-ms-date": formatdate(usegmt=True),
            "x-ms-version": _API_VERSION,
        }
        headers["Authorization"] = self._account.sign(method, url.raw_path, headers)
        async with self._session.request(method, url.with_query(query), headers=headers, data=body) as response:
            if response.status >= 400:
                raise QueueError(response.status, response.headers.get("x-ms-error-code", ""))
            return _Answer(response.headers, await response.read())


@dataclass(frozen=True, slots=True)
class _Answer:
    headers: Mapping[str, str]
    body: bytes
