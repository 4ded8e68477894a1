"""What is sent to the queues: base64 JSON in the right queue, at once or after a delay."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from shared.messages import (
    BOOKINGS,
    CALENDAR_BULK,
    CALENDAR_SYNC,
    DIRECTORY_SYNC,
    PLATFORM_EVENTS,
    QUEUES,
    BookingCheck,
    CalendarSync,
    DirectorySync,
    EventDelivery,
    Message,
    Reason,
    Subject,
)
from shared.settings import StorageSettings
from shared.storage.queue import Queues, queue_service

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
DIRECTORY = DirectorySync("acme", "t-1", datetime(2026, 12, 1, 9, tzinfo=UTC))
CALENDAR = CalendarSync("t-1", ("u1", "u2"), NOON, Reason.REMOVED, 3)

EVENTS = EventDelivery("acme", Subject.CONNECTION, ("ann", "ben"), 2)
BULK = msgspec.structs.replace(CALENDAR, bulk=True)


@pytest.fixture
def queues(storage: StorageSettings) -> Queues:
    """Senders to queues that do not exist yet."""
    with queue_service(storage) as service:
        for name in QUEUES:
            try:
                service.delete_queue(name)
            except ResourceNotFoundError:
                continue
    return Queues(storage)


def messages(storage: StorageSettings, name: str) -> list[QueueMessage]:
    """Everything visible now, as raw text."""
    with queue_service(storage) as service:
        client: QueueClient = service.get_queue_client(name)
        try:
            return list(client.receive_messages(max_messages=32))
        except ResourceNotFoundError:
            return []


@pytest.mark.parametrize(
    ("message", "name", "other"),
    [
        (DIRECTORY, DIRECTORY_SYNC, CALENDAR_SYNC),
        (CALENDAR, CALENDAR_SYNC, CALENDAR_BULK),
        (BULK, CALENDAR_BULK, CALENDAR_SYNC),
        (EVENTS, PLATFORM_EVENTS, DIRECTORY_SYNC),
        (BookingCheck("acme", "ann", "b-1"), BOOKINGS, DIRECTORY_SYNC),
    ],
    ids=QUEUES,
)
def test_a_message_lies_in_its_queue_as_base64_json(
    storage: StorageSettings, queues: Queues, message: Message, name: str, other: str
) -> None:
    queues.send(message)
    (found,) = messages(storage, name)
    text = base64.b64decode(found.content, validate=True)
    assert msgspec.json.decode(text, type=type(message)) == message
    assert messages(storage, other) == []


def test_a_queue_that_is_there_is_used(storage: StorageSettings, queues: Queues) -> None:
    queues.send(DIRECTORY)
    queues.send(DIRECTORY)
    assert len(messages(storage, DIRECTORY_SYNC)) == 2


def test_a_delayed_message_is_hidden_until_its_time(storage: StorageSettings, queues: Queues) -> None:
    queues.send(CALENDAR, timedelta(seconds=1))
    assert messages(storage, CALENDAR_SYNC) == []
    until = time.monotonic() + 5
    while not messages(storage, CALENDAR_SYNC):
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("delay", [timedelta(milliseconds=300), timedelta(hours=1), timedelta(days=1)])
def test_the_longest_and_shortest_waits_are_taken(storage: StorageSettings, queues: Queues, delay: timedelta) -> None:
    queues.send(CALENDAR, delay)
    with queue_service(storage) as service:
        assert service.get_queue_client(CALENDAR_SYNC).get_queue_properties().approximate_message_count == 1


def test_a_full_calendar_message_fits(storage: StorageSettings, queues: Queues) -> None:
    full = CalendarSync(
        "7c5f0000-0000-4000-8000-000000000001",
        ("7c5f0000-0000-4000-8000-000000000001",) * 20,
        NOON,
        Reason.REAUTHORIZE,
        3,
    )
    queues.send(full)
    (found,) = messages(storage, CALENDAR_SYNC)
    assert len(found.content) < 48 * 1024
