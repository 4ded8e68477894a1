"""P1: a calendar that cannot be read is never reported free, whatever is wrong with which page of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import shared.http
from shared.graph import calendar
from shared.model import BusyStatus, Freshness
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer

PAGE, EVENTS = 3, 8
PATIENCE = 0.5
"""Seconds that are waited for an answer where one is late, in place of thirty."""
FAULTS: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "code": "InvalidAuthenticationToken"},
    "403": {"status": 403, "code": "ErrorAccessDenied"},
    "404 mailbox": {"status": 404, "code": "MailboxNotEnabledForRESTAPI"},
    "404 user": {"status": 404, "code": "ErrorInvalidUser"},
    "404 item": {"status": 404, "code": "ErrorItemNotFound"},
    "410": {"status": 410, "code": "SyncStateNotFound"},
    "429": {"status": 429, "code": "ApplicationThrottled", "retry_after": 300},
    "429 without a time": {"status": 429, "code": "ApplicationThrottled"},
    "500": {"status": 500},
    "503": {"status": 503, "retry_after": 10},
    "504": {"status": 504},
    "a gateway's page": {"status": 502, "html": True},
    "a page that says 200": {"status": 200, "html": True},
    "an empty object": {"status": 200, "body": "{}"},
    "a page of no events": {"status": 200, "body": '{"value": null}'},
    "an event without times": {"status": 200, "body": '{"value": [{"showAs": "busy"}]}'},
    "reset": {"reset": True},
    "time-out": {"delay_seconds": PATIENCE + 1},
}
PAGES = (0, 1)
STRIKES = {"401": 2}
"""How often it takes on a later page: what a person's token is refused is asked for once more with a new one."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "PAGE", PAGE)


def unreadable(customer: Customer, fault: str, page: int) -> None:
    """From now on ann's calendar fails on this page, each time it is read; on a later one until it was."""
    user, times = customer.user(ANN).id, STRIKES.get(fault, 1) if page else None
    customer.lift()
    customer.fault("/users/*/calendarView", user=user, skip=page, times=times, **FAULTS[fault])


def tries_again(customer: Customer) -> None:
    """It is read once more, after longer than it is left alone for; members do what they are asked to."""
    customer.outlook.advance(timedelta(minutes=21))
    customer.history.own.sign_in_again()
    customer.tick()


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_unknown_before_the_first_read_and_stale_after_it(
    new_customer: Make, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On its first page, then on a later one."""
    if "delay_seconds" in FAULTS[fault]:
        monkeypatch.setattr(shared.http, "READ_SECONDS", PATIENCE)
    customer = new_customer(connected=False)
    for hour in range(EVENTS):
        customer.meet(ANN, hour=hour, minutes=30)
    unreadable(customer, fault, page=0)
    customer.connect()
    customer.run()
    is_unknown(customer)
    unreadable(customer, fault, page=1)
    tries_again(customer)
    assert has_struck(customer, fault)
    is_unknown(customer)

    customer.recovers(minutes=30)
    assert customer.is_true(ANN)

    unreadable(customer, fault, page=0)
    customer.meet(ANN, hour=20, minutes=30)
    customer.run()
    is_stale(customer)
    unreadable(customer, fault, page=1)
    tries_again(customer)
    assert has_struck(customer, fault)
    is_stale(customer)
    customer.recovers(minutes=30)
    customer.is_at_rest()
    assert customer.is_true(ANN)
    assert customer.is_true(BEN)


def has_struck(customer: Customer, fault: str) -> bool:
    return sum(one.times or 0 for one in customer.world.faults.requests) < STRIKES.get(fault, 1)


def is_unknown(customer: Customer) -> None:
    never = customer.busy(ANN)
    assert (never.freshness, [block.status for block in never.blocks]) == (Freshness.UNKNOWN, [BusyStatus.UNKNOWN])


def is_stale(customer: Customer) -> None:
    later = customer.busy(ANN)
    assert (later.freshness, len(later.blocks)) == (Freshness.STALE, EVENTS)
