"""The platform's clients: each wants one booking, repeats as the API says, and remembers what it was answered."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from local.bookings.meetings import Afterwards, Meeting, Span
from local.client import Client

Json = dict[str, Any]

LOST = 0
"""Stands for the status where there was no answer."""
SHORT, LONGEST = 0.5, 1.0
"""Seconds between two tries. The API asks for more; those who come too early are answered too."""
GIVEN_UP = -1
"""Stands for the final status where the client gave up."""
STOPPED = -2
"""The same where it was told to stop."""


@dataclass
class Asked:
    """One thing that was asked of the service, and its final answer."""

    what: str
    """`book`, `again`, `move` or `cancel`."""
    span: Span | None
    status: int
    answer: Json = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether it was answered that it is so."""
        return 200 <= self.status < 300

    @property
    def unknown(self) -> bool:
        """Whether nobody was told what became of it."""
        return self.status in (GIVEN_UP, STOPPED)


class Desk:
    """Where all clients call; counts what they see."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token
        self._lock = Lock()
        self.seen: Counter[str] = Counter()
        self.stop = Event()

    def answers(self) -> int:
        """How many answers said something; 503 only says to repeat."""
        return sum(count for name, count in list(self.seen.items()) if name.startswith(("answered 2", "answered 4")))

    def client(self) -> Client:
        """A connection of one's own."""
        return Client(self._url, self._token)

    def count(self, name: str) -> None:
        """One more of these."""
        with self._lock:
            self.seen[name] += 1


class Booker:
    """One client."""

    def __init__(self, desk: Desk, meeting: Meeting) -> None:
        self.meeting = meeting
        self.history: list[Asked] = []
        self.over = False
        self._desk = desk
        self._path = f"/api/members/{meeting.lead}/bookings/{meeting.id}"

    @property
    def booked(self) -> set[Span | None]:
        """The times it was asked for at, moves aside."""
        return {one.span for one in self.history if one.what in ("book", "again")}

    def run(self) -> None:
        """Book, and do afterwards what is to be done."""
        try:
            if self._book(self.meeting):
                self._afterwards()
            elif self.meeting.again and not self.history[-1].unknown:
                self._book(self.meeting.at(self.meeting.again), "again")
        finally:
            self.over = True

    def _book(self, meeting: Meeting, what: str = "book") -> bool:
        """Ask for it, several times at once where the client is like that; whether it is booked."""
        with ThreadPoolExecutor(meeting.copies) as pool:
            asked = list(pool.map(lambda _: self._put(meeting, what), range(meeting.copies)))
        return any(one.done for one in asked)

    def _afterwards(self) -> None:
        does = self.meeting.afterwards
        with ThreadPoolExecutor(2) as pool:
            if does in (Afterwards.MOVE, Afterwards.BOTH):
                moving = pool.submit(self._put, self.meeting.at(self.meeting.target), "move")
            if does in (Afterwards.CANCEL, Afterwards.BOTH):
                pool.submit(self._cancel).result()
            if does in (Afterwards.MOVE, Afterwards.BOTH):
                moving.result()

    def _put(self, meeting: Meeting, what: str) -> Asked:
        return self._ask(Asked(what, meeting.span, LOST), "PUT", meeting.body())

    def _cancel(self) -> Asked:
        return self._ask(Asked("cancel", None, LOST), "DELETE", {"message": "Sorry."})

    def _ask(self, asked: Asked, method: str, body: Json) -> Asked:
        """Send it until there is an answer, or until this client has enough."""
        client = self._desk.client()
        while True:
            status, answer, pause = self._send(client, method, body)
            final = status not in (LOST, 503)
            if final or not self.meeting.patient or self._desk.stop.is_set():
                given_up = STOPPED if self.meeting.patient else GIVEN_UP
                asked.status, asked.answer = (status if final else given_up), answer
                self.history.append(asked)
                return asked
            self._desk.count("requests repeated")
            time.sleep(pause)

    def _send(self, client: Client, method: str, body: Json) -> tuple[int, Json, float]:
        """Status, answer and how long to wait; what nobody took is sent again at once."""
        while True:
            try:
                answered = client.call(method, self._path, body)
                break
            except requests.ConnectionError as problem:
                if not isinstance(getattr(problem.args[0], "reason", None), NewConnectionError):
                    self._desk.count("answers lost")
                    return LOST, {}, SHORT
                time.sleep(SHORT)
            except requests.RequestException:
                self._desk.count("answers lost")
                return LOST, {}, SHORT
        self._desk.count(f"answered {answered.status_code}")
        wait = float(answered.headers.get("Retry-After") or SHORT)
        return answered.status_code, _content(answered), min(wait, LONGEST)


def _content(answered: requests.Response) -> Json:
    try:
        content: Json = answered.json()
    except ValueError:
        return {}
    return content
