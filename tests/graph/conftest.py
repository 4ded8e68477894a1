from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.graph.client import GraphClient
from shared.http import new_session


@dataclass
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What the server says next; `reset` closes the connection without a word, `after` holds the answer back."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    after: threading.Event | None = None

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class QueuedServer(ThreadingHTTPServer):
    """Graph as a queue of answers, given in turn over a real socket; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), QueuedHandler)
        self.asked: list[Asked] = []
        self.answers: list[Answer] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is part of the tests."""


class QueuedHandler(BaseHTTPRequestHandler):
    server: QueuedServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append(Asked(self.command, self.path, headers, self.read(sent)))
        told = self.server.answers.pop(0) if self.server.answers else Answer({"error": {"code": "NotQueued"}}, 500)
        if told.after:
            told.after.wait(10)
        if told.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.send_response(told.status)
        for name, value in {"Content-Type": "application/json", **told.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(told.content)))
        self.end_headers()
        self.wfile.write(told.content)

    def read(self, sent: bytes) -> Any:
        is_json = self.headers.get_content_type() == "application/json"
        return json.loads(sent) if is_json and sent else sent.decode()

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class asks for these names

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def running() -> Iterator[QueuedServer]:
    with QueuedServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def microsoft() -> Iterator[QueuedServer]:
    yield from running()


@pytest.fixture
def elsewhere() -> Iterator[QueuedServer]:
    """Somebody who is not Microsoft."""
    yield from running()


class KnownTokens:
    """A token per tenant, and which were given up."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def token(self, tenant_id: str) -> str:
        return f"token-of-{tenant_id}"

    def forget(self, tenant_id: str) -> None:
        self.forgotten.append(tenant_id)


@pytest.fixture
def tokens() -> KnownTokens:
    return KnownTokens()


@pytest.fixture
def graph(microsoft: QueuedServer, tokens: KnownTokens) -> Iterator[GraphClient]:
    with new_session() as session:
        yield GraphClient(session, microsoft.url, tokens)
