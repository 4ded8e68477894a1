"""P1 and P2: cached busy times equal Outlook, and what could not be read is never free."""

from datetime import timedelta

import pytest

from local.client import wait_for
from tests.scenarios.company import Company, times, today


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


@pytest.mark.parametrize("status", ["busy", "tentative", "oof", "workingElsewhere"])
def test_each_status_is_kept(connected: Company, status: str) -> None:
    connected.meet("ann", showAs=status)
    assert connected.becomes_true("ann")
    assert [block["status"] for block in connected.busy("ann")["busy"]] == [status]


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
    for number in range(1005):
        connected.meet("ann", days=1 + number % 50, hour=number % 24, minutes=5)
    assert connected.becomes_true("ann", 40)
    assert len(connected.busy("ann")["busy"]) == 1005


UNREADABLE = {
    "401": {"status": 401, "code": "InvalidAuthenticationToken"},
    "403": {"status": 403, "code": "ErrorAccessDenied"},
    "404 mailbox": {"status": 404, "code": "MailboxNotEnabledForRESTAPI"},
    "404 user": {"status": 404, "code": "ErrorInvalidUser"},
    "404 item": {"status": 404, "code": "ErrorItemNotFound"},
    "429": {"status": 429, "code": "ApplicationThrottled", "retry_after": 300},
    "500": {"status": 500, "code": "InternalServerError"},
    "503 page": {"status": 503, "html": True},
}


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_a_calendar_that_cannot_be_read_keeps_its_blocks_and_says_so(connected: Company, fault: dict) -> None:
    connected.meet("ann")
    assert connected.becomes_true("ann")
    ann = connected.microsoft.user(connected.tenant, f"ann@{connected.domain}")["id"]
    fault_id = connected.microsoft.add_fault("/users/*/calendarView", user=ann, times=None, **fault)
    connected.meet("ann", hour=15)
    assert wait_for(lambda: connected.busy("ann")["freshness"] == "stale", 20) is not None
    assert len(connected.busy("ann")["busy"]) == 1
    connected.microsoft.clear_faults(fault_id)


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_a_calendar_that_never_could_be_read_is_unknown_not_free(company: Company, fault: dict) -> None:
    company.add("ann", "ben")
    ann = company.microsoft.user(company.tenant, f"ann@{company.domain}")["id"]
    fault_id = company.microsoft.add_fault("/users/*/calendarView", user=ann, times=None, **fault)
    from local.client import Browser

    Browser().activate(company.admin.make_link()["url"], company.admin_upn)
    assert company.reaches("ben", "connected")
    answer = company.busy("ann")
    assert answer["freshness"] == "unknown"
    assert [block["status"] for block in answer["busy"]] == ["unknown"]
    company.microsoft.clear_faults(fault_id)


def test_a_throttled_calendar_is_read_when_microsoft_said_so(connected: Company) -> None:
    ann = connected.microsoft.user(connected.tenant, f"ann@{connected.domain}")["id"]
    connected.microsoft.add_fault(
        "/users/*/calendarView", user=ann, status=429, code="ApplicationThrottled", retry_after=2
    )
    connected.meet("ann")
    assert connected.becomes_true("ann")


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
