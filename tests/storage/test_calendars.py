"""Snapshots in storage: nothing is lost in packing, and a later read always wins."""
# ruff: noqa: DTZ001 - wall times have no zone

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient
from hypothesis import strategies as st

from shared.errors import StorageError
from shared.model import (
    DEFAULT,
    Agenda,
    BusyBlock,
    BusyStatus,
    CalendarKey,
    Claim,
    ConnectionStatus,
    Kept,
    MailboxKey,
    MemberKey,
    Snapshot,
    Window,
)
from shared.storage.calendars import Calendars, partition
from shared.storage.packed import newer, pack, unpack, unreadable
from tests.properties import given

B, S = BusyStatus, ConnectionStatus
MAILBOX = MailboxKey("t-1", "o-1")
NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)
DAY = datetime(2026, 12, 8, tzinfo=UTC)
WINDOW = Window(DAY, DAY + timedelta(days=92))
MINUTE = timedelta(minutes=1)


def snapshot(*blocks: BusyBlock, read_at: datetime = NOON) -> Snapshot:
    return Snapshot(WINDOW, blocks, read_at)


def block(minute: int, length: int = 30, status: BusyStatus = B.BUSY) -> BusyBlock:
    return BusyBlock(DAY + minute * MINUTE, DAY + (minute + length) * MINUTE, status)


@pytest.fixture(scope="module")
def calendars(service: TableServiceClient) -> Calendars:
    return Calendars(service)


@pytest.fixture
def owner(fresh: str) -> MemberKey:
    return MemberKey(fresh, "m-1")


seconds = st.integers(0, 92 * 86_400)
whole = st.builds(
    lambda start, length, status: BusyBlock(
        DAY + timedelta(seconds=start), DAY + timedelta(seconds=start + length), status
    ),
    seconds,
    st.integers(1, 86_400),
    st.sampled_from(B),
)
split = st.builds(
    lambda start, length, status: BusyBlock(DAY + start, DAY + start + length, status),
    st.timedeltas(timedelta(), timedelta(days=92)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=2)),
    st.sampled_from(B),
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(st.lists(whole, max_size=30), moments, st.none() | moments, st.none() | st.sampled_from(S))
def test_a_snapshot_is_unpacked_as_it_was_packed(
    blocks: list[BusyBlock], read_at: datetime, unreadable_since: datetime | None, reason: ConnectionStatus | None
) -> None:
    given_snapshot = Snapshot(WINDOW, tuple(blocks), read_at, unreadable_since, reason)
    assert unpack(pack(given_snapshot)) == given_snapshot


@given(st.lists(split, max_size=5))
def test_packing_never_makes_a_block_shorter(blocks: list[BusyBlock]) -> None:
    unpacked = unpack(pack(snapshot(*blocks))).blocks
    assert len(unpacked) == len(blocks)
    for before, after in zip(blocks, unpacked, strict=True):
        assert after.start <= before.start < before.end <= after.end
        assert after.status is before.status
        assert (before.start - after.start) + (after.end - before.end) < timedelta(seconds=2)


def test_a_meeting_of_an_instant_is_not_lost() -> None:
    instant = BusyBlock(NOON, NOON + timedelta(milliseconds=300), B.BUSY)
    (found,) = unpack(pack(snapshot(instant))).blocks
    assert found.start < found.end


def test_a_full_calendar_is_a_small_row() -> None:
    full = snapshot(*(block(m * 30) for m in range(92 * 48)))
    assert len(pack(full).packed) < 32_000


NEWER = {
    "nothing there": (None, NOON, True),
    "an earlier read there": (NOON - MINUTE, NOON, True),
    "the same read there": (NOON, NOON, True),
    "a later read there": (NOON + MINUTE, NOON, False),
    "a read there that was later by a moment": (NOON + timedelta(microseconds=1), NOON, False),
}


@pytest.mark.parametrize(("before", "after", "wins"), NEWER.values(), ids=NEWER.keys())
def test_which_read_is_kept(before: datetime | None, after: datetime, wins: bool) -> None:
    stored, coming = before and pack(snapshot(read_at=before)), pack(snapshot(block(0), read_at=after))
    assert newer(stored, coming) == (coming if wins else None)


def test_a_failure_later_than_the_new_read_is_still_said() -> None:
    failed = replace(snapshot(read_at=NOON - MINUTE), unreadable_since=NOON + MINUTE, reason=S.STALE)
    coming = snapshot(block(0), read_at=NOON)
    expected = replace(coming, unreadable_since=NOON + MINUTE, reason=S.STALE)
    assert newer(pack(failed), pack(coming)) == pack(expected)
    assert newer(pack(replace(failed, unreadable_since=NOON)), pack(coming)) == pack(coming)


UNREADABLE = {
    # read at, unreadable since, a read that began then failed, expected
    "nothing stored": (None, None, NOON, None),
    "the first failure": (NOON - MINUTE, None, NOON, NOON),
    "a failure of the same moment": (NOON, None, NOON, NOON),
    "another failure": (NOON - MINUTE, NOON - MINUTE, NOON, NOON - MINUTE),
    "a failure older than the read": (NOON + MINUTE, None, NOON, None),
}


@pytest.mark.parametrize(("read_at", "since", "began", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_a_failed_read_leaves(
    read_at: datetime | None, since: datetime | None, began: datetime, expected: datetime | None
) -> None:
    stored = pack(replace(snapshot(block(0), read_at=read_at), unreadable_since=since)) if read_at else None
    after = unreadable(stored, S.OUT_OF_SCOPE, began)
    if expected is None:
        assert after is None
    else:
        assert stored is not None
        assert after == replace(stored, unreadable_since=expected, reason=S.OUT_OF_SCOPE)


def test_reads_and_failures_end_the_same_in_whatever_order_they_are_written(
    calendars: Calendars, service: TableServiceClient, fresh: str
) -> None:
    """Of three passes over one mailbox, two read and the last failed."""
    early, late = snapshot(block(0), read_at=NOON), snapshot(block(60), read_at=NOON + MINUTE)
    orders = [(0, 1, 2), (1, 0, 2), (0, 2, 1)]
    ends = []
    for number, order in enumerate(orders):
        owner = MemberKey(fresh, f"m-{number}")
        writes = (
            lambda owner=owner: calendars.replace(owner, MAILBOX, {DEFAULT: early}),
            lambda owner=owner: calendars.replace(owner, MAILBOX, {DEFAULT: late}),
            lambda owner=owner: calendars.mark_unreadable(owner, MAILBOX, S.STALE, NOON + 2 * MINUTE),
        )
        for which in order:
            writes[which]()
        ends += calendars.of(owner)
    assert ends[0] == replace(late, unreadable_since=NOON + 2 * MINUTE, reason=S.STALE)
    assert ends[1:] == ends[:1] * 2


def test_a_calendar_nobody_read_is_none(calendars: Calendars, owner: MemberKey) -> None:
    assert calendars.of(owner) == []
    calendars.delete(owner, MAILBOX)
    calendars.mark_unreadable(owner, MAILBOX, S.NO_MAILBOX, NOON)
    assert calendars.of(owner) == []


def test_a_snapshot_is_kept_until_it_is_deleted(calendars: Calendars, owner: MemberKey) -> None:
    kept = snapshot(block(0, status=B.OOF), block(60))
    calendars.replace(owner, MAILBOX, {DEFAULT: kept})
    assert calendars.of(owner) == [kept]
    calendars.delete(owner, MAILBOX)
    assert calendars.of(owner) == []


def test_a_failure_keeps_the_blocks_and_a_success_ends_it(calendars: Calendars, owner: MemberKey) -> None:
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(0))})
    calendars.mark_unreadable(owner, MAILBOX, S.NO_MAILBOX, NOON + MINUTE)
    expected = replace(snapshot(block(0)), unreadable_since=NOON + MINUTE, reason=S.NO_MAILBOX)
    assert calendars.of(owner) == [expected]
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(60), read_at=NOON + 2 * MINUTE)})
    assert calendars.of(owner) == [snapshot(block(60), read_at=NOON + 2 * MINUTE)]


def test_an_older_read_never_replaces_a_later_one(calendars: Calendars, owner: MemberKey) -> None:
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(60), read_at=NOON)})
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(0), read_at=NOON - MINUTE)})
    assert calendars.of(owner) == [snapshot(block(60), read_at=NOON)]


def test_of_many_reads_at_once_the_latest_stays(calendars: Calendars, owner: MemberKey) -> None:
    reads = [snapshot(block(n), read_at=NOON + n * MINUTE) for n in range(24)]
    random.Random(1).shuffle(reads)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda read: calendars.replace(owner, MAILBOX, {DEFAULT: read}), reads))
    assert calendars.of(owner) == [snapshot(block(23), read_at=NOON + 23 * MINUTE)]


def test_a_calendar_too_large_to_store_is_said_so(calendars: Calendars, owner: MemberKey) -> None:
    numbers = random.Random(1)
    blocks = (
        BusyBlock(
            DAY + timedelta(seconds=start), DAY + timedelta(seconds=start + numbers.randrange(1, 10**7)), B.BUSY
        )
        for start in (numbers.randrange(10**7) for _ in range(80_000))
    )
    with pytest.raises(StorageError):
        calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(*blocks)})
    assert calendars.of(owner) == []


def test_each_mailbox_has_a_calendar_of_its_own(calendars: Calendars, owner: MemberKey) -> None:
    """Whoever is bound to another mailbox leaves nothing of the first one behind, and the other way round."""
    other = MailboxKey("t-1", "o-2")
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(0))})
    calendars.replace(owner, other, {DEFAULT: snapshot(block(60), read_at=NOON - MINUTE)})
    calendars.mark_unreadable(owner, other, S.STALE, NOON)
    failed = replace(snapshot(block(60), read_at=NOON - MINUTE), unreadable_since=NOON, reason=S.STALE)
    assert calendars.of(owner) == [snapshot(block(0)), failed]
    calendars.delete(owner, MAILBOX)
    assert calendars.of(owner) == [failed]


def test_all_of_a_members_calendars_are_deleted_and_nobody_elses(calendars: Calendars, fresh: str) -> None:
    ann, ben = MemberKey(fresh, "ann"), MemberKey(fresh, "ben")
    for owner, mailbox in ((ann, MAILBOX), (ann, MailboxKey("t-1", "o-2")), (ben, MAILBOX)):
        calendars.replace(owner, mailbox, {DEFAULT: snapshot(block(0))})
    calendars.delete_all(ann)
    assert (calendars.of(ann), calendars.of(ben)) == ([], [snapshot(block(0))])
    calendars.delete_all(ann)


def test_organizations_are_walls(calendars: Calendars, fresh: str) -> None:
    calendars.replace(MemberKey(fresh, "m-1"), MAILBOX, {DEFAULT: snapshot(block(0))})
    assert calendars.of(MemberKey(f"{fresh}x", "m-1")) == []
    assert calendars.of(MemberKey(fresh, "m-2")) == []
    assert partition(MemberKey("a", "b")) != partition(MemberKey("a.b", ""))


def test_an_agenda_lies_beside_the_snapshots_and_is_no_row_once_empty(calendars: Calendars, owner: MemberKey) -> None:
    claim = Claim("m-1", "b-1", NOON, NOON + MINUTE)
    calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(0))})
    calendars.change_agenda(owner, lambda agenda: Agenda((*agenda.claims, claim)))
    assert calendars.kept(owner) == Kept(((CalendarKey(MAILBOX), snapshot(block(0))),), (claim,))
    assert calendars.replace(owner, MAILBOX, {DEFAULT: snapshot(block(1))}).claims == (claim,)
    calendars.delete(owner, MAILBOX)
    assert calendars.kept(owner) == Kept((), (claim,))
    assert calendars.change_agenda(owner, lambda _: None) == Agenda((claim,))
    calendars.change_agenda(owner, lambda _: Agenda())
    assert list(calendars._table.rows(partition(owner))) == []


def test_of_many_who_hold_the_same_time_at_once_one_gets_it(calendars: Calendars, owner: MemberKey) -> None:
    def hold(number: int) -> bool:
        claim = Claim("m-1", f"b-{number}", NOON, NOON + MINUTE)
        after = calendars.change_agenda(owner, lambda agenda: None if agenda.claims else Agenda((claim,)))
        return after.claims == (claim,)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(hold, range(24))) == 1
