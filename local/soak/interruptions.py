"""What may happen between any two requests of a run: the process dies, or somebody else gets in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import requests

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone; nothing of the product catches it."""


def kill() -> None:
    """End the process."""
    raise Killed


class Interruptions:
    """Counts the requests of a run and does one thing at the planned one."""

    def __init__(self) -> None:
        self.requests = 0
        self._left = 0
        self._afterwards = False
        self._action: Callable[[], None] | None = None
        self._at_sign_in = False
        self.calendar_written: Callable[[], None] = lambda: None
        """What looks at things as soon as a cached calendar was written."""

    @property
    def is_waiting(self) -> bool:
        """Whether something is planned that has not happened."""
        return self._action is not None

    def plan(self, number: int, action: Callable[[], None], *, afterwards: bool, at_sign_in: bool = False) -> None:
        """Do this around the `number`th request from now: before it is sent, or before its answer is seen.

        Tokens are fetched and kept under a lock: whoever came in between in the same process would wait for ever. So
        these requests count only for what asks for them, the process's death or another process.
        """
        self._left, self._action, self._afterwards, self._at_sign_in = number, action, afterwards, at_sign_in

    def forget(self) -> bool:
        """Drop the plan; whether it was still waiting."""
        waiting, self._action = self.is_waiting, None
        return waiting

    def around(self, request: Callable[[], T]) -> T:
        """Carry out one request, interrupted if that was planned."""
        self.requests += 1
        action = self._counted_down()
        if action is not None and not self._afterwards:
            action()
        answer = request()
        if action is not None and self._afterwards:
            action()
        return answer

    def _counted_down(self) -> Callable[[], None] | None:
        if self._action is None:
            return None
        self._left -= 1
        if self._left > 0:
            return None
        action, self._action = self._action, None
        return action

    def watch(self, session: requests.Session) -> requests.Session:
        """The session, every request of which counts."""
        send = session.send

        def watched(request: requests.PreparedRequest, **options: Any) -> requests.Response:
            if _is_sign_in(request.url or "") and not self._at_sign_in:
                return send(request, **options)
            return self.around(lambda: sent(request, **options))

        def sent(request: requests.PreparedRequest, **options: Any) -> requests.Response:
            answer = send(request, **options)
            if "/Calendars" in (request.url or "") and request.method in _WRITING:
                self.calendar_written()
            return answer

        session.send = watched  # type: ignore[method-assign]
        return session


_SIGN_IN = ("/oauth2/", "/.well-known/", "/Tokens")
_WRITING = ("POST", "PUT", "PATCH", "MERGE")


def _is_sign_in(url: str) -> bool:
    return any(place in url for place in _SIGN_IN)
