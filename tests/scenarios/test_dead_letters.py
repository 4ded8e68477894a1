"""What fails for good is kept with its reason, shows in the member's state, and comes right with one command."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient, UpdateMode
from azure.functions.queue import QueueMessage

from local.operate import Operator, main
from local.stack import Stack
from shared.attempts import MOST_DEQUEUES, divided
from shared.errors import EntityUnreadable
from shared.functions.app import create_app
from shared.messages import (
    BOOKINGS,
    CALENDAR_BULK,
    CALENDAR_SYNC,
    DIRECTORY_SYNC,
    PLATFORM_EVENTS,
    QUEUES,
    BookingCheck,
    CalendarSync,
    EventDelivery,
    Reason,
    Subject,
    encode,
)
from shared.settings import Settings
from shared.storage.calendars import partition, row_key
from shared.storage.queue import Queues, queue_service
from tests.scenarios.company import Company, Json, waits

KEY = "local-function-key"


@pytest.fixture
def operator(stack: Stack) -> Iterator[Operator]:
    """The operator, who finds nothing of earlier tests and leaves nothing behind."""
    operator = Operator(stack.url, KEY)
    discard_all(stack, operator)
    yield operator
    discard_all(stack, operator)


def discard_all(stack: Stack, operator: Operator) -> None:
    for letter in operator.dead_letters():
        call(stack, "DELETE", letter)


def call(stack: Stack, method: str, letter: Json, path: str = "") -> requests.Response:
    url = f"{stack.url}/operations/dead-letters/{letter['queue']}/{letter['id']}{path}"
    return requests.request(method, url, headers={"x-functions-key": KEY}, timeout=30)


def send(stack: Stack, queue: str, text: str) -> None:
    Queues(Settings.from_env(stack.settings).storage).send_text(queue, text)


def kept(operator: Operator, subject: str | None) -> list[Json]:
    """The dead letters about a tenant or a member's booking; about none with None."""
    return [letter for letter in operator.dead_letters() if (letter["tenant"] or letter["member"]) == subject]


def waiting(stack: Stack) -> dict[str, list[str]]:
    """What could be taken out of the queues now, the hosts' own for lost messages too."""
    found: dict[str, list[str]] = {}
    with queue_service(Settings.from_env(stack.settings).storage) as queues:
        for name in (*QUEUES, *(f"{queue}-poison" for queue in QUEUES)):
            try:
                messages = queues.get_queue_client(name).peek_messages(32)
            except ResourceNotFoundError:
                continue
            found |= {name: [base64.b64decode(message.content).decode() for message in messages]} if messages else {}
    return found


@pytest.mark.parametrize("queue", QUEUES)
def test_garbage_is_listed_and_discarded(stack: Stack, operator: Operator, queue: str) -> None:
    send(stack, queue, "SECRET-garbage")
    assert waits(lambda: bool(kept(operator, None)))
    (letter,) = kept(operator, None)
    assert (letter["queue"], letter["reason"], letter["times"]) == (queue, "unreadable_message", 1)
    assert "SECRET" not in str(letter)
    assert operator.replay()["kept"] == 1
    assert kept(operator, None) == [letter]
    refused = call(stack, "POST", letter, "/replay")
    assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert call(stack, "DELETE", letter).status_code == 204
    assert call(stack, "DELETE", letter).status_code == 404
    assert kept(operator, None) == []
    assert waits(lambda: waiting(stack) == {})


POISONED = {
    DIRECTORY_SYNC: '{"org": "o-1", "tenant": "t-poison", "since": "2026-12-09T12:00:00Z"}',
    CALENDAR_SYNC: encode(CalendarSync("t-poison", ("u1",), None, Reason.NOTIFIED)),
    CALENDAR_BULK: encode(CalendarSync("t-poison", ("u1", "u2"), None, Reason.SCHEDULE, bulk=True)),
    PLATFORM_EVENTS: encode(EventDelivery("o-1", Subject.TENANT, ("t-poison",))),
    BOOKINGS: encode(BookingCheck("o-1", "t-poison", "b-1")),
}


@pytest.mark.parametrize("queue", QUEUES)
def test_a_message_that_killed_its_process_each_time_is_kept_and_replayed(
    stack: Stack, operator: Operator, queue: str
) -> None:
    send(stack, f"{queue}-poison", POISONED[queue])
    assert waits(lambda: bool(kept(operator, "t-poison")))
    (letter,) = kept(operator, "t-poison")
    assert (letter["queue"], letter["reason"], letter["is_replayable"]) == (queue, "process_ended", True)
    assert call(stack, "POST", letter, "/replay").json() == {"replayed": 1, "kept": 0}
    assert kept(operator, "t-poison") == []
    assert waits(lambda: waiting(stack) == {})


class Worker:
    """Another instance of the app, to which a test delivers messages as the host does."""

    def __init__(self, company: Company) -> None:
        self._services = company.services()
        functions = create_app(self._services).get_functions()
        self._functions = {function.get_function_name(): function.get_user_function() for function in functions}

    def deliver(self, message: CalendarSync, attempt: int) -> None:
        """The n-th attempt at a message, half a minute after the one before."""
        for object_id in message.mailboxes:
            self._services.tables.mailboxes._table.change(
                message.tenant, object_id, lambda mailbox: mailbox and replace(mailbox, claimed_at=None)
            )
        body = encode(message).encode()
        self._functions["calendar_sync"](QueueMessage(id="m", body=body, dequeue_count=attempt))


class Row:
    """A member's cached calendar as it lies in storage."""

    def __init__(self, company: Company, name: str) -> None:
        service = TableServiceClient.from_connection_string(company.stack.azurite.connection_string)
        self._table = service.get_table_client("Calendars")
        owner, mailbox = company.member(name), company.mailbox(name)
        self._keys = {"PartitionKey": partition(owner), "RowKey": row_key(mailbox)}

    def spoil(self) -> None:
        """Make it unreadable."""
        self._table.update_entity({**self._keys, "json0": "rubbish"}, mode=UpdateMode.MERGE)

    def repair(self) -> None:
        """Remove it: what is not there is read anew."""
        self._table.delete_entity(self._keys["PartitionKey"], self._keys["RowKey"])


def details(company: Company) -> dict[str, tuple[str, str | None]]:
    return {member["id"]: (member["state"], member["detail"]) for member in company.admin.members()}


CONNECTED = ("connected", None)


def test_one_broken_member_shows_and_one_replay_connects_them(connected: Company, operator: Operator) -> None:
    for name in ("ann", "ben"):
        connected.meet(name)
    assert all(connected.becomes_true(name) for name in ("ann", "ben"))
    row = Row(connected, "ann")
    row.spoil()
    assert connected.busy("ann")["freshness"] == "unknown"
    ids = tuple(connected.object_id(name) for name in ("ann", "ben"))
    message = CalendarSync(connected.tenant, ids, datetime.now(UTC), Reason.CHANGED)
    worker = Worker(connected)
    with pytest.raises(EntityUnreadable):
        worker.deliver(message, 1)
    for part in divided(message):
        worker.deliver(part, MOST_DEQUEUES)

    assert details(connected) == {"ann": ("stale", "sync_failed"), "ben": CONNECTED}
    assert connected.is_true("ben")
    (letter,) = kept(operator, connected.tenant)
    assert (letter["reason"], letter["mailboxes"]) == ("EntityUnreadable", [connected.object_id("ann")])

    row.repair()
    assert main(["replay", "--url", connected.stack.url]) == 0
    assert connected.reaches("ann", "connected")
    assert details(connected) == {"ann": CONNECTED, "ben": CONNECTED}
    assert connected.becomes_true("ann")
    assert kept(operator, connected.tenant) == []
    assert waits(lambda: waiting(connected.stack) == {})


def test_the_command_lists_them(stack: Stack, operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--url", stack.url]) == 0
    assert capsys.readouterr().out == "No dead letters.\n"
    send(stack, "calendar-sync-poison", POISONED["calendar-sync"])
    assert waits(lambda: bool(operator.dead_letters()))
    assert main(["list", "--url", stack.url]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["last", "times", "queue", "reason", "about", "id"]
    assert line.split()[1:-1] == ["1", "calendar-sync", "process_ended", "t-poison", "u1"]


WRONG = {"another key": ["--key", "x"], "another address": ["--url", "http://localhost:1"]}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_the_command_says_what_is_wrong(stack: Stack, given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--url", stack.url, *given]) == 1
    assert ("--key" if "--key" in given else "make run") in capsys.readouterr().err
