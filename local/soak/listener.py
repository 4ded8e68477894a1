"""Where the simulated Microsoft and the product post: our webhook without a Functions host, and the platform's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from shared.functions.webhooks import handshake

Receive = Callable[[bytes], int]
"""Takes a post's body; the status to answer."""
Hear = Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str]]]
"""Takes an event's body and headers; status (0 for no answer) and headers to answer."""
EVENTS = "/events"
NONE: Mapping[str, str] = {}


class Listener:
    """Listens on a free port, as a context manager. `receive` and `hear` are whoever gets the posts now."""

    def __init__(self) -> None:
        self.receive: Receive = lambda _: 503
        self.hear: Hear = lambda *_: (503, {})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            """One request of Graph's."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """A validation, a post of notifications, or an event."""
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == EVENTS:
                    self._hear(body)
                    return
                token = parse_qs(urlsplit(self.path).query).get("validationToken")
                if token is None:
                    self._answer(listener.receive(body), b"")
                else:
                    answer = handshake(token[0])
                    self._answer(answer.status_code, answer.get_body())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def _hear(self, body: bytes) -> None:
                status, headers = listener.hear(body, dict(self.headers.items()))
                if status:
                    self._answer(status, b"", headers)
                else:
                    self.close_connection = True

            def _answer(self, status: int, body: bytes, headers: Mapping[str, str] = NONE) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
