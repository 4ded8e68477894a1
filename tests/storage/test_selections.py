"""What is selected of a mailbox and what is known of it change together, whoever else is at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from shared.bookings.agenda import MOST_CLAIMS
from shared.freebusy import never_read
from shared.model import (
    DEFAULT,
    Agenda,
    BusyBlock,
    BusyStatus,
    Checked,
    Claim,
    MailboxKey,
    MemberKey,
    Selection,
    Selections,
    Snapshot,
    Window,
)
from shared.storage.calendars import Calendars, partition, row_key

MAILBOX = MailboxKey("t-1", "o-1")
NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
UNREAD = never_read(NOON)
READ = Snapshot(
    Window(NOON, NOON + timedelta(days=1)), (BusyBlock(NOON, NOON + timedelta(hours=1), BusyStatus.BUSY),), NOON
)
SECOND = "AAMkSecond="


@pytest.fixture
def calendars(service: TableServiceClient) -> Calendars:
    return Calendars(service)


@pytest.fixture
def owner(fresh: str) -> MemberKey:
    return MemberKey(fresh, "m-1")


def known(calendars: Calendars, owner: MemberKey) -> dict[str, Snapshot]:
    return {key.calendar: snapshot for key, snapshot in calendars.named(owner)}


def check(calendars: Calendars, owner: MemberKey, calendar: str) -> None:
    """Select this one calendar."""
    selection = Selection(MAILBOX, (Checked(calendar),), calendar)
    calendars.select(owner, lambda now: now.having(selection), lambda: UNREAD)


def meanwhile(calendars: Calendars, name: str, happens: Callable[[], object]) -> None:
    """Have something happen once, just before the table is called like this."""
    real = getattr(calendars._table, name)

    def call(*args: Any, **more: Any) -> Any:
        setattr(calendars._table, name, real)
        happens()
        return real(*args, **more)

    setattr(calendars._table, name, call)


@pytest.mark.parametrize("name", ["exchange", "delete", "delete_row"])
def test_of_two_selections_at_once_the_later_one_stays_and_its_calendar_has_a_row(
    calendars: Calendars, service: TableServiceClient, owner: MemberKey, name: str
) -> None:
    """Without a row of the mailbox nobody would ask whether it is connected, and its time would be free."""
    check(calendars, owner, SECOND)
    calendars.replace(owner, MAILBOX, {SECOND: READ})
    meanwhile(calendars, name, lambda: check(Calendars(service), owner, SECOND))
    check(calendars, owner, DEFAULT)
    check(calendars, owner, SECOND)
    assert known(calendars, owner) == {SECOND: UNREAD}


def test_a_calendar_selected_again_while_a_read_cleans_up_keeps_its_row(
    calendars: Calendars, service: TableServiceClient, owner: MemberKey
) -> None:
    calendars.replace(owner, MAILBOX, {DEFAULT: READ})
    meanwhile(calendars, "change", lambda: check(Calendars(service), owner, SECOND))
    calendars.replace(owner, MAILBOX, {DEFAULT: READ})
    assert set(known(calendars, owner)) == {DEFAULT, SECOND}, "a read that wrote behind the selection"
    for name in ("delete", "delete_row"):
        meanwhile(calendars, name, lambda: check(Calendars(service), owner, DEFAULT))
    calendars.replace(owner, MAILBOX, {SECOND: READ})
    assert known(calendars, owner)[DEFAULT] == UNREAD


def test_what_was_left_of_a_calendar_counts_no_more_when_it_is_selected_again(
    calendars: Calendars, service: TableServiceClient, owner: MemberKey
) -> None:
    check(calendars, owner, SECOND)
    meanwhile(calendars, "change", lambda: check(Calendars(service), owner, DEFAULT))
    calendars.replace(owner, MAILBOX, {SECOND: READ})
    check(calendars, owner, SECOND)
    assert known(calendars, owner) == {SECOND: UNREAD}


def test_another_account_in_the_same_place_begins_with_nothing_known(calendars: Calendars, owner: MemberKey) -> None:
    check(calendars, owner, SECOND)
    calendars.replace(owner, MAILBOX, {SECOND: READ})
    calendars.begin_anew(owner, MAILBOX, UNREAD)
    assert (known(calendars, owner), calendars.selections(owner)) == ({DEFAULT: UNREAD}, Selections())
    calendars.replace(owner, MAILBOX, {DEFAULT: READ})
    calendars.begin_anew(owner, MAILBOX, UNREAD)
    assert known(calendars, owner) == {DEFAULT: UNREAD}


def test_an_agenda_as_full_as_it_may_be_fits_into_its_row(calendars: Calendars, owner: MemberKey) -> None:
    end, mailbox = NOON + timedelta(hours=1), MailboxKey("t" * 36, "o" * 36)
    claim = Claim("m" * 64, "b" * 64, NOON, end, NOON, "f" * 16, mailbox, 100, end, "c" * 200)
    full = Agenda((claim,) * MOST_CLAIMS)
    calendars.change_agenda(owner, lambda _: full)
    assert calendars.kept(owner).claims == full.claims


def test_a_mailbox_is_forgotten_with_its_selection_even_where_a_row_cannot_be_read(
    calendars: Calendars, service: TableServiceClient, owner: MemberKey
) -> None:
    other = MailboxKey("t-1", "o-2")
    calendars.replace(owner, other, {DEFAULT: READ})
    check(calendars, owner, SECOND)
    broken = {"PartitionKey": partition(owner), "RowKey": row_key(MAILBOX, SECOND), "json0": "rubbish"}
    service.get_table_client("Calendars").upsert_entity(broken)
    calendars.forget(owner, MAILBOX)
    assert [key.mailbox for key, _ in calendars.named(owner)] == [other]
    assert calendars.selections(owner) == Selections()
    calendars.forget(owner, MAILBOX)
    assert [key.mailbox for key, _ in calendars.named(owner)] == [other]
