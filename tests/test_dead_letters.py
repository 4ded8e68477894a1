"""When a message is given up, divided or tried again, and what is kept of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.functions as func
import msgspec
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.functions.queue import QueueMessage

from local.azurite import Azurite
from shared.attempts import KINDS, MOST_DEQUEUES, RETRY_AFTER, Verdict, decode, divided, renewed, verdict
from shared.bootstrap import Services
from shared.dead_letters import counted, letter_id
from shared.errors import Conflict, EntityUnreadable, NotFound
from shared.functions.app import create_app
from shared.messages import (
    CALENDAR_BULK,
    CALENDAR_SYNC,
    DIRECTORY_SYNC,
    PLATFORM_EVENTS,
    QUEUES,
    CalendarSync,
    DirectorySync,
    EventDelivery,
    Message,
    Reason,
    Subject,
    encode,
    queue_of,
)
from shared.model import (
    DEFAULT,
    Connection,
    ConnectionStatus,
    DeadLetter,
    Mailbox,
    MailboxKey,
    MemberKey,
    Snapshot,
    Window,
)
from shared.settings import Settings
from shared.storage.queue import queue_service
from tests.test_import_rules import ENVIRON

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = CalendarSync("t-1", ("u1",), NOW, Reason.NOTIFIED, attempt=3)
THREE = CalendarSync("t-1", ("u1", "u2", "u3"), None, Reason.CHANGED, bulk=True)
TENANT = DirectorySync("acme", "t-1", NOW, attempt=7)
EVENTS = EventDelivery("acme", Subject.CONNECTION, ("ann", "ben"), attempt=9)

VERDICTS = [
    (ONE, 1, Verdict.RETRY),
    (ONE, 4, Verdict.RETRY),
    (ONE, 5, Verdict.GIVE_UP),
    (ONE, 9, Verdict.GIVE_UP),
    (TENANT, 4, Verdict.RETRY),
    (TENANT, 5, Verdict.GIVE_UP),
    (THREE, 2, Verdict.RETRY),
    (THREE, 3, Verdict.DIVIDE),
    (THREE, 5, Verdict.DIVIDE),
]


@pytest.mark.parametrize(("message", "failures", "expected"), VERDICTS)
def test_what_happens_after_so_many_failures(message: Message, failures: int, expected: Verdict) -> None:
    assert verdict(message, failures) is expected


def test_the_host_counts_as_we_do() -> None:
    host = json.loads(Path("host.json").read_text())["extensions"]["queues"]
    assert host["maxDequeueCount"] == MOST_DEQUEUES
    assert host["visibilityTimeout"] == f"0{RETRY_AFTER}"


def test_every_queue_has_its_kind_of_message() -> None:
    assert set(KINDS) == set(QUEUES)


def test_each_mailbox_of_a_divided_message_stands_alone() -> None:
    parts = list(divided(THREE))
    assert [part.mailboxes for part in parts if isinstance(part, CalendarSync)] == [("u1",), ("u2",), ("u3",)]
    assert {queue_of(part) for part in parts} == {CALENDAR_BULK}
    assert list(divided(TENANT)) == [TENANT]


NO_MESSAGES = ["", "garbage", "[]", "{}", '{"tenant": 1}', "\ufffd", "[" * 5000, encode(TENANT), "null"]


@pytest.mark.parametrize("text", NO_MESSAGES)
def test_what_is_no_message_is_none(text: str) -> None:
    assert decode(CALENDAR_SYNC, text) is None


@pytest.mark.parametrize("message", [ONE, THREE, TENANT])
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert decode(queue_of(message), encode(message)) == message


def changed(message: Message, **changes: object) -> str:
    return encode(msgspec.structs.replace(message, **changes))


def test_one_failure_is_one_letter_whenever_it_happens() -> None:
    later = changed(THREE, mailboxes=("u3", "u1", "u2"), since=NOW + HOUR, reason=Reason.SCHEDULE, attempt=2)
    assert letter_id(CALENDAR_BULK, encode(THREE)) == letter_id(CALENDAR_BULK, later)
    assert letter_id(DIRECTORY_SYNC, encode(TENANT)) == letter_id(
        DIRECTORY_SYNC, changed(TENANT, attempt=0, once=True)
    )


def test_other_failures_are_other_letters() -> None:
    others = [
        (CALENDAR_SYNC, encode(ONE)), (CALENDAR_BULK, encode(ONE)), (CALENDAR_SYNC, encode(THREE)),
        (CALENDAR_SYNC, changed(ONE, tenant="t-2")), (DIRECTORY_SYNC, encode(TENANT)),
        (DIRECTORY_SYNC, changed(TENANT, org="other")), (CALENDAR_SYNC, "x"), (CALENDAR_SYNC, "y"),
    ]  # fmt: skip
    assert len({letter_id(*other) for other in others}) == len(others)


def letter(message: Message, reason: str = "KeyError", at: datetime = NOW) -> DeadLetter:
    text = encode(message)
    return DeadLetter(queue_of(message), letter_id(queue_of(message), text), text, reason, at, at)


def test_the_same_failure_again_is_counted() -> None:
    twice = counted(letter(ONE), letter(ONE, "ValueError", NOW + HOUR))
    assert (twice.times, twice.first_at, twice.last_at, twice.reason) == (2, NOW, NOW + HOUR, "ValueError")


def test_a_lost_subscription_is_not_forgotten_for_a_later_read() -> None:
    removed, scheduled = (letter(msgspec.structs.replace(ONE, reason=r)) for r in (Reason.REMOVED, Reason.SCHEDULE))
    assert counted(removed, scheduled).text == removed.text
    assert counted(scheduled, removed).text == removed.text


@pytest.mark.parametrize("message", [ONE, THREE, TENANT])
def test_a_replayed_message_is_a_new_one(message: Message) -> None:
    again = renewed(message, NOW + HOUR)
    assert (again.since, again.attempt) == (NOW + HOUR, 0)


@pytest.fixture(scope="module")
def emulated(azurite: Azurite) -> Services:
    made = Services(Settings.from_env({**ENVIRON, "AzureWebJobsStorage": azurite.connection_string}), lambda: NOW)
    clean(made)
    return made


@pytest.fixture
def services(emulated: Services) -> Iterator[Services]:
    yield emulated
    clean(emulated)


def clean(services: Services) -> None:
    for one in services.dead_letters.all():
        services.dead_letters.discard(one.queue, one.id)
    for name in QUEUES:
        count(services, name, clear=True)


def count(services: Services, name: str, *, clear: bool = False) -> int:
    """How many messages a queue holds, hidden ones too."""
    with queue_service(services.settings.storage) as queues:
        queue = queues.get_queue_client(name)
        try:
            found = queue.get_queue_properties().approximate_message_count
        except ResourceNotFoundError:
            return 0
        if clear:
            queue.clear_messages()
        return found


def deliver(services: Services, function: str, body: str | bytes, attempt: int | None = 1) -> None:
    """Call the trigger as the host does."""
    functions = {one.get_function_name(): one.get_user_function() for one in create_app(services).get_functions()}
    raw = body if isinstance(body, bytes) else body.encode()
    message: func.QueueMessage = QueueMessage(id="m", body=raw, dequeue_count=attempt)
    functions[function](message)


def break_mailbox(services: Services, key: MailboxKey) -> None:
    """Rubbish where a mailbox's row should be."""
    services.tables.mailboxes.insert_all(key.tenant_id, [Mailbox(key)])
    client = services.tables.mailboxes._table._client
    client.upsert_entity({"PartitionKey": key.tenant_id, "RowKey": key.object_id, "json0": "rubbish"})


@pytest.fixture
def broken(services: Services) -> CalendarSync:
    """A message whose first mailbox cannot be read from storage."""
    tenant = f"t-{uuid.uuid4()}"
    break_mailbox(services, MailboxKey(tenant, "u1"))
    return CalendarSync(tenant, ("u1", "u2"), NOW, Reason.NOTIFIED)


def reasons(services: Services) -> list[tuple[str, str, int]]:
    return [(one.queue, one.reason, one.times) for one in services.dead_letters.all()]


@pytest.mark.parametrize("attempt", [None, 1, 2])
def test_a_first_failure_is_the_hosts_to_retry(services: Services, broken: CalendarSync, attempt: int | None) -> None:
    with pytest.raises(EntityUnreadable):
        deliver(services, "calendar_sync", encode(broken), attempt)
    assert reasons(services) == []


@pytest.mark.parametrize("attempt", [3, 4, 5])
def test_a_message_of_several_mailboxes_is_divided(services: Services, broken: CalendarSync, attempt: int) -> None:
    deliver(services, "calendar_sync", encode(broken), attempt)
    assert count(services, CALENDAR_SYNC) == 2
    assert reasons(services) == []


def test_a_message_that_ended_its_process_three_times_is_divided_unseen(services: Services) -> None:
    deliver(services, "calendar_bulk", encode(THREE), 4)
    assert (count(services, CALENDAR_BULK), count(services, CALENDAR_SYNC)) == (3, 0)


def test_the_fifth_failure_is_the_last(services: Services, broken: CalendarSync) -> None:
    alone = changed(broken, mailboxes=("u1",))
    deliver(services, "calendar_sync", alone, 5)
    deliver(services, "calendar_sync", alone, 5)
    assert reasons(services) == [(CALENDAR_SYNC, "EntityUnreadable", 2)]
    assert count(services, CALENDAR_SYNC) == 0


BODIES = {"garbage": b"garbage", "no text": b"\xff\xfe\x00", "as long as can be": b"\x01" * 48 * 1024, "empty": b""}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_message_is_kept_at_once(services: Services, body: bytes) -> None:
    deliver(services, "directory_sync", body)
    (kept,) = services.dead_letters.all()
    assert (kept.reason, kept.text) == ("unreadable_message", body.decode(errors="replace"))
    with pytest.raises(Conflict):
        services.dead_letters.replay(kept.queue, kept.id)
    assert services.dead_letters.replay_all() == (0, 1)
    assert services.dead_letters.all() == [kept]


POISONED = {"directory_sync": TENANT, "calendar_sync": ONE, "calendar_bulk": THREE, "platform_events": EVENTS}


@pytest.mark.parametrize("function", POISONED)
def test_what_the_host_gave_up_is_kept(services: Services, function: str) -> None:
    message = POISONED[function]
    deliver(services, f"{function}_poison", encode(message))
    deliver(services, f"{function}_poison", "garbage")
    kept = [(queue_of(message), reason, 1) for reason in ("process_ended", "unreadable_message")]
    assert sorted(reasons(services)) == kept


def test_where_nobody_is_to_be_told_a_message_about_events_ends(services: Services) -> None:
    deliver(services, "platform_events", encode(EVENTS))
    assert services.dead_letters.all() == []
    assert services.platform_events.sweep("acme") == 0


def test_a_message_about_events_is_one_letter_however_often_it_was_put_back() -> None:
    again = changed(EVENTS, ids=("ben", "ann"), attempt=0)
    assert letter_id(PLATFORM_EVENTS, encode(EVENTS)) == letter_id(PLATFORM_EVENTS, again)
    assert letter_id(PLATFORM_EVENTS, encode(EVENTS)) != letter_id(PLATFORM_EVENTS, changed(EVENTS, org="other"))


def test_replaying_sends_once_and_forgets(services: Services) -> None:
    services.dead_letters.keep(CALENDAR_SYNC, encode(ONE), "KeyError")
    services.dead_letters.keep(DIRECTORY_SYNC, encode(TENANT), "KeyError")
    (one,) = [one for one in services.dead_letters.all() if one.queue == CALENDAR_SYNC]
    services.dead_letters.replay(one.queue, one.id)
    assert services.dead_letters.replay_all() == (1, 0)
    assert services.dead_letters.replay_all() == (0, 0)
    assert (count(services, CALENDAR_SYNC), count(services, DIRECTORY_SYNC)) == (1, 1)


@pytest.mark.parametrize(("queue", "name"), [(CALENDAR_SYNC, "nothing"), ("no-queue", "nothing")])
def test_what_is_not_there_is_not_found(services: Services, queue: str, name: str) -> None:
    with pytest.raises(NotFound):
        services.dead_letters.replay(queue, name)
    with pytest.raises(NotFound):
        services.dead_letters.discard(queue, name)


def test_the_latest_is_listed_first(services: Services) -> None:
    table = services.tables.dead_letters
    for number, message in enumerate((ONE, TENANT, THREE)):
        one = letter(message, at=NOW + number * HOUR)
        table.put(one.queue, one.id, one)
    assert [one.queue for one in services.dead_letters.all()] == [CALENDAR_BULK, DIRECTORY_SYNC, CALENDAR_SYNC]


ANN, BEN = MemberKey("acme", "ann"), MemberKey("acme", "ben")


def connect(services: Services, key: MailboxKey) -> None:
    """Two members of one mailbox, read an hour ago."""
    services.tables.mailboxes.insert_all(
        key.tenant_id, [Mailbox(key, (ANN, BEN), read_at=NOW - HOUR, due_at=NOW, status=ConnectionStatus.CONNECTED)]
    )
    for owner in (ANN, BEN):
        connection = Connection(
            owner.member, ConnectionStatus.CONNECTED, NOW, tenant_id=key.tenant_id, object_id=key.object_id
        )
        services.tables.connections.put(owner.org, owner.member, connection)
        snapshot = Snapshot(Window(NOW - HOUR, NOW + HOUR), (), NOW - HOUR)
        services.tables.calendars.replace(owner, key, {DEFAULT: snapshot})


def state(services: Services, owner: MemberKey) -> tuple[ConnectionStatus, str | None] | None:
    row = services.tables.connections.get(*owner)
    return row and (row.value.status, row.value.detail)


def test_its_members_see_it_and_are_tried_again_later_and_later(services: Services) -> None:
    key = MailboxKey("t-told", "u1")
    connect(services, key)
    message = CalendarSync(key.tenant_id, (key.object_id, "nobody"), None, Reason.SCHEDULE)
    waits = []
    for _ in range(9):
        services.dead_letters.keep(CALENDAR_SYNC, encode(message), "KeyError")
        row = services.tables.mailboxes.row(key)
        assert row
        assert row.value.status is ConnectionStatus.STALE
        assert row.value.due_at
        waits.append(row.value.due_at - NOW)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=5), timedelta(hours=1))
    for owner in (ANN, BEN):
        assert state(services, owner) == (ConnectionStatus.STALE, "sync_failed")
        (snapshot,) = services.tables.calendars.of(owner)
        assert (snapshot.unreadable_since, snapshot.reason) == (NOW, ConnectionStatus.STALE)


def test_a_broken_row_keeps_nobody_else_from_being_told(services: Services) -> None:
    key = MailboxKey("t-half", "u2")
    break_mailbox(services, MailboxKey(key.tenant_id, "u1"))
    connect(services, key)
    services.tables.connections._client.upsert_entity({"PartitionKey": "acme", "RowKey": "ann", "json0": "rubbish"})
    message = CalendarSync(key.tenant_id, ("u1", "u2"), NOW, Reason.CHANGED)
    services.dead_letters.keep(CALENDAR_SYNC, encode(message), "KeyError")
    assert reasons(services) == [(CALENDAR_SYNC, "KeyError", 1)]
    assert state(services, BEN) == (ConnectionStatus.STALE, "sync_failed")


def test_logs_name_the_reason_and_never_the_text(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    deliver(services, "calendar_sync", "SECRET-text")
    assert "unreadable_message" in caplog.text
    assert "SECRET" not in caplog.text


def test_a_failure_during_a_replay_is_not_forgotten(services: Services) -> None:
    services.dead_letters.keep(CALENDAR_SYNC, encode(ONE), "KeyError")
    (row,) = services.tables.dead_letters.rows(CALENDAR_SYNC)
    services.tables.dead_letters.replace(row, replace(row.value, times=2))
    services.dead_letters._put_back(row)
    assert reasons(services) == [(CALENDAR_SYNC, "KeyError", 2)]
