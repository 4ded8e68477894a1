"""P1 and P2: cached busy times equal Outlook, and what could not be read is never free."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from local.client import wait_for
from local.stack import Stack
from shared.graph.calendar import PAGE
from shared.messages import CalendarSync, Reason
from tests.scenarios.company import Company, times, today, waits


def calendar_sync(company: Company, name: str) -> None:
    """Carry a message about somebody's mailbox out here."""
    message = CalendarSync(company.tenant, (company.object_id(name),), datetime.now(UTC), Reason.NOTIFIED)
    company.services().calendar_syncs.run(message)


def test_an_event_added_moved_and_deleted_is_seen(connected: Company) -> None:
    user = f"ann@{connected.domain}"
    event = connected.meet("ann")
    assert connected.becomes_true("ann")
    assert len(connected.busy("ann")["busy"]) == 1
    moved = times(today() + timedelta(days=3, hours=4), 15)
    connected.microsoft.update_event(connected.tenant, user, event["id"], moved)
    assert connected.becomes_true("ann")
    connected.microsoft.delete_event(connected.tenant, user, event["id"])
    assert wait_for(lambda: connected.busy("ann")["busy"] == [], 20) is not None


def test_each_status_is_kept(connected: Company) -> None:
    statuses = ["busy", "tentative", "oof", "workingElsewhere"]
    for hour, status in enumerate(statuses):
        connected.meet("ann", hour=hour, showAs=status)
    assert waits(lambda: [block["status"] for block in connected.busy("ann")["busy"]] == statuses)
    assert connected.becomes_true("ann")


def test_free_time_is_not_busy(connected: Company) -> None:
    connected.meet("ann", showAs="free")
    connected.meet("ann", hour=15)
    assert wait_for(lambda: len(connected.busy("ann")["busy"]) == 1, 20) is not None
    assert connected.is_true("ann")


def test_an_all_day_event_blocks_the_members_own_day(connected: Company) -> None:
    day = today() + timedelta(days=2)
    connected.meet("ann", isAllDay=True, **times(day, 24 * 60))
    assert connected.becomes_true("ann")
    assert connected.busy("ann")["busy"][0]["start"][11:16] in ("22:00", "23:00")


def test_a_calendar_of_more_than_one_page_is_read_whole(connected: Company) -> None:
    days = 59
    first = (today() + timedelta(days=1)).date().isoformat()
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": first, "numberOfOccurrences": days, "recurrenceTimeZone": "UTC"},
    }
    for hour in range(18):
        connected.meet("ann", hour=hour, minutes=5, recurrence=daily)
    assert connected.becomes_true("ann", 40)
    assert len(connected.busy("ann")["busy"]) == 18 * days > PAGE


UNREADABLE = {
    "403": {"status": 403, "code": "ErrorAccessDenied"},
    "429": {"status": 429, "code": "ApplicationThrottled", "retry_after": 300},
    "503 page": {"status": 503, "html": True},
}
"""The whole list is in `tests/faults/test_never_free.py`."""

WHOSE = {fault: f"person{number}" for number, fault in enumerate(UNREADABLE)}


@contextmanager
def unreadable(company: Company) -> Iterator[None]:
    """Everybody's calendar fails, each in its own way."""
    faults = [
        company.microsoft.add_fault(
            "/users/*/calendarView", user=company.object_id(name), times=None, **UNREADABLE[fault]
        )
        for fault, name in WHOSE.items()
    ]
    yield
    for fault in faults:
        company.microsoft.clear_faults(fault)


@pytest.fixture(scope="module")
def failing_later(stack: Stack) -> Iterator[Company]:
    """A customer whose calendars fail since they were first read."""
    company = Company(stack)
    company.add(*WHOSE.values())
    company.connect()
    for name in WHOSE.values():
        company.meet(name)
    assert all(company.becomes_true(name) for name in WHOSE.values())
    with unreadable(company):
        for name in WHOSE.values():
            company.meet(name, hour=15)
        yield company
    company.retire()


@pytest.fixture(scope="module")
def failing_from_the_start(stack: Stack) -> Iterator[Company]:
    """A customer whose calendars never could be read, but for one."""
    company = Company(stack)
    company.add("ben", *WHOSE.values())
    with unreadable(company):
        company.activate()
        assert company.reaches("ben", "connected")
        yield company
    company.retire()


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_calendar_that_cannot_be_read_keeps_its_blocks_and_says_so(failing_later: Company, fault: str) -> None:
    assert waits(lambda: failing_later.busy(WHOSE[fault])["freshness"] == "stale")
    assert len(failing_later.busy(WHOSE[fault])["busy"]) == 1


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_calendar_that_never_could_be_read_is_unknown_not_free(failing_from_the_start: Company, fault: str) -> None:
    answer = failing_from_the_start.busy(WHOSE[fault])
    assert answer["freshness"] == "unknown"
    assert [block["status"] for block in answer["busy"]] == ["unknown"]


REFUSED_AS_A_WHOLE = {
    "the batch": {"where": "/$batch", "status": 403, "code": "Forbidden"},
    "our credential": {"where": "token", "status": 401, "code": "invalid_client", "error_number": 700027},
}


@pytest.mark.parametrize("fault", REFUSED_AS_A_WHOLE.values(), ids=REFUSED_AS_A_WHOLE)
def test_what_is_refused_as_a_whole_says_nothing_of_a_mailbox(connected: Company, fault: dict) -> None:
    fault_id = connected.microsoft.add_fault(tenant=connected.tenant, times=None, **fault)
    calendar_sync(connected, "ann")
    assert connected.states()["ann"] == "stale"
    connected.microsoft.clear_faults(fault_id)
    assert connected.reaches("ann", "connected")
    assert connected.is_true("ann")


def test_a_throttled_calendar_is_read_when_microsoft_said_so(connected: Company) -> None:
    ann = connected.microsoft.user(connected.tenant, f"ann@{connected.domain}")["id"]
    connected.microsoft.add_fault(
        "/users/*/calendarView", user=ann, status=429, code="ApplicationThrottled", retry_after=2
    )
    connected.meet("ann")
    assert connected.becomes_true("ann")


def test_microsofts_wish_to_wait_is_kept_whatever_is_notified(connected: Company) -> None:
    fault = connected.microsoft.add_fault(
        "/users/*/calendarView", user=connected.object_id("ann"), status=429, retry_after=60, times=None
    )
    before = len(connected.calendar_requests("ann"))
    connected.meet("ann")
    assert waits(lambda: connected.states()["ann"] == "throttled")
    for hour in range(10, 14):
        connected.meet("ann", hour=hour)
    assert not waits(lambda: len(connected.calendar_requests("ann")) > before + 1, 2)
    connected.microsoft.clear_faults(fault)


def test_an_all_day_event_at_the_end_of_what_is_read_counts(connected: Company) -> None:
    """Its owner's day begins before the UTC day that Outlook files it under."""
    connected.microsoft.set_switches(touching_events=False)
    body = {"name": "Ann", "addresses": [f"ann@{connected.domain}"], "time_zone": "Asia/Tokyo"}
    connected.backend.call("PUT", "/api/members/ann", body).raise_for_status()
    day = today() + timedelta(days=91)
    moment = {"dateTime": day.strftime("%Y-%m-%dT00:00:00"), "timeZone": "Tokyo Standard Time"}
    following = moment | {"dateTime": (day + timedelta(days=1)).strftime("%Y-%m-%dT00:00:00")}
    connected.meet("ann", days=91, isAllDay=True, start=moment, end=following)
    evening = day - timedelta(hours=9)
    found = waits(lambda: bool(connected.backend.busy("ann", evening, day)["busy"]))
    connected.microsoft.set_switches(touching_events=True)
    assert found


def test_beyond_what_was_read_is_unknown(connected: Company) -> None:
    start = today() + timedelta(days=85)
    answer = connected.backend.busy("ann", start, start + timedelta(days=30))
    assert answer["freshness"] == "unknown"
    assert answer["busy"][-1]["status"] == "unknown"


def test_a_member_without_a_mailbox_is_unknown(company: Company) -> None:
    company.hire("ann", mailbox=None)
    company.join("ann")
    company.connect()
    assert company.states()["ann"] == "no_mailbox"
    assert company.busy("ann")["freshness"] == "unknown"


def test_a_removed_subscription_is_made_again(connected: Company) -> None:
    before = connected.microsoft.subscriptions(connected.tenant)
    connected.microsoft.send_lifecycle(before[0]["id"], "subscriptionRemoved")
    assert wait_for(lambda: len(connected.microsoft.subscriptions(connected.tenant)) == 2, 20) is not None
    for name in ("ann", "ben"):
        connected.meet(name)
        assert connected.becomes_true(name)


def test_push_that_was_throttled_at_first_begins_later(company: Company) -> None:
    company.add("ann")
    company.microsoft.add_fault("/subscriptions", tenant=company.tenant, method="POST", status=429, retry_after=1)
    company.connect()
    assert company.becomes_true("ann")
    assert company.subscriptions("ann") == []
    assert wait_for(lambda: company.resync() or company.subscriptions("ann") != [], 10, pause=0.5) is not None


def test_a_subscription_made_before_a_read_that_failed_is_remembered(company: Company) -> None:
    company.add("ann")
    company.microsoft.set_switches(duplicate_subscription="second")
    fault = company.microsoft.add_fault("/$batch", tenant=company.tenant, status=503, skip=1)
    company.connect()
    assert company.becomes_true("ann")
    company.microsoft.set_switches(duplicate_subscription="409")
    assert fault not in str(company.microsoft.faults())
    assert len(company.subscriptions("ann")) == 1
