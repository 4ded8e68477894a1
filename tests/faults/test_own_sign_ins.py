"""F19: sign-ins of members' own accounts that end, and tokens that cannot be had for a while.

What only the member can mend is asked of them once, and nothing is free by accident until they have; what passes by
itself is asked of nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

import shared.http
from local.microsoft import sign_ins
from local.microsoft.entra.challenges import Challenge, Demand
from local.microsoft.registration import CLIENT_ID
from local.soak.interruptions import Killed
from shared.errors import TimeTaken
from shared.model import BookingStatus, ConnectionStatus, Freshness
from tests.faults.customer import ANN, BEN
from tests.faults.desk import Desk
from tests.faults.personal_customer import PersonalCustomer
from tests.faults.test_decisions_interrupted import MOST_STEPS, STRIDE
from tests.faults.workers import die, process, told

S = ConnectionStatus
TOKEN = "token/refresh_token"
MINUTES = 10
"""How long access tokens live here."""
PATIENCE = 0.5
"""Seconds that are waited for an answer, in place of thirty."""


@pytest.fixture
def short(new_personal: Callable[..., PersonalCustomer]) -> PersonalCustomer:
    """A customer whose members' access tokens live for minutes."""
    customer = new_personal(connected=False)
    customer.world.switches.access_token_seconds = MINUTES * 60
    customer.connect()
    customer.run()
    return customer


def lapse(customer: PersonalCustomer) -> None:
    """The next call needs a new token."""
    customer.outlook.advance(timedelta(minutes=MINUTES + 1))


def challenge(demand: Demand) -> Callable[[PersonalCustomer], object]:
    def ask(customer: PersonalCustomer) -> None:
        key = customer.outlook.tenant.id, customer.user(ANN).id
        customer.world.grants.challenges[key] = Challenge(demand, frozenset({"token", "graph"}))

    return ask


ENDS: dict[str, Callable[[PersonalCustomer], object]] = {
    "revoked": lambda c: sign_ins.revoke(c.world, c.user(ANN)),
    "password reset": lambda c: sign_ins.change_password(c.world, c.user(ANN), "admin"),
    "consent withdrawn": lambda c: sign_ins.withdraw_consent(*c.place(ANN), CLIENT_ID),
    "multi-factor": challenge("multi_factor"),
    "claims": challenge("claims"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_sign_in_that_ended_is_asked_about_once_and_never_free_until_it_is_renewed(
    short: PersonalCustomer, end: Callable[[PersonalCustomer], object]
) -> None:
    short.history.remove_member(BEN)
    short.meet(ANN, day=10, hour=9)
    short.run()
    lapse(short)
    short.outlook.do(lambda: end(short))
    short.meet(ANN, day=10, hour=12)
    short.run()
    assert short.status(ANN) is S.RECONNECT_REQUIRED
    assert (short.busy(ANN).freshness, short.blocks(ANN)) == (Freshness.STALE, 1)
    asked = short.counted("token")
    short.meet(ANN, day=10, hour=15)
    short.outlook.advance(timedelta(days=1, hours=1))
    short.live(hours=2)
    assert asked() == 0
    assert short.busy(ANN).freshness is Freshness.UNKNOWN
    short.signs_in(ANN)
    short.run()
    assert (short.is_true(ANN), short.blocks(ANN)) == (True, 3)
    short.rests()


def test_revoked_in_the_middle_of_a_storm_it_is_said_once_and_asked_about_once(short: PersonalCustomer) -> None:
    short.world.switches.revocation_reaches_graph = True
    for hour in range(10):
        short.meet(ANN, hour=hour, minutes=30)
    short.run()
    asked = short.counted(TOKEN)
    short.outlook.do(lambda: sign_ins.revoke(short.world, short.user(ANN)))
    for hour in range(10, 20):
        short.meet(ANN, hour=hour, minutes=30)
        short.wait(seconds=1)
    short.wait(seconds=10)
    assert short.status(ANN) is S.RECONNECT_REQUIRED
    assert asked() == 1
    assert short.busy(ANN).freshness is Freshness.STALE
    heard = [data["state"] for data in short.history.platform.heard["ann/personal"]]
    assert heard == ["connecting", "connected", "reconnect_required"]
    short.rests()
    assert short.blocks(ANN) == 20


def test_a_token_that_graph_refuses_once_is_renewed_in_the_same_read(personal: PersonalCustomer) -> None:
    renewals = personal.counted(TOKEN)
    personal.fault("/users/*/calendarView", user=personal.user(ANN).id, status=401)
    personal.meet(ANN)
    personal.run()
    assert personal.is_true(ANN)
    assert renewals() == 1
    personal.rests()


OUTAGES: dict[str, dict[str, Any]] = {
    "503": {"status": 503, "retry_after": 60},
    "429": {"status": 429, "retry_after": 900},
    "reset": {"reset": True},
    "the answer is lost": {"reset": True, "after_write": True},
    "time-out": {"delay_seconds": PATIENCE + 1},
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_where_no_token_can_be_had_the_calendar_is_stale_and_nobody_is_asked_to_sign_in(
    short: PersonalCustomer, outage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if outage == "time-out":
        monkeypatch.setattr(shared.http, "READ_SECONDS", PATIENCE)
    short.meet(ANN)
    short.run()
    lapse(short)
    short.fault(TOKEN, times=None, **OUTAGES[outage])
    short.meet(ANN, hour=15)
    short.run()
    assert (short.status(ANN), short.busy(ANN).freshness, short.blocks(ANN)) == (S.STALE, Freshness.STALE, 1)
    if outage == "429":
        asked = short.counted(TOKEN)
        short.wait(minutes=14)
        assert asked() == 0, "left alone for as long as it was told"
    short.lift()
    short.live(hours=1)
    assert (short.is_true(ANN), short.blocks(ANN)) == (True, 2)
    assert short.blames_nobody()


@pytest.mark.parametrize("other", ["refreshes", "dies"])
def test_interrupted_by_another_process_that_renews_at_once_both_go_on(short: PersonalCustomer, other: str) -> None:
    """Whatever request of the one's read the other's falls into, and wherever it ends."""
    for step in range(1, MOST_STEPS, STRIDE):
        lapse(short)
        short.meet(ANN, hour=step % 24, day=1 + step // 24, minutes=20)
        short.history.host.queue.clear()
        first, second = process(short), process(short)
        message = told(short)

        def meanwhile() -> None:
            if other == "dies":
                second._interruptions.plan(step % 11 + 1, die, afterwards=True, at_sign_in=True)  # noqa: B023
            with suppress(Killed):
                second.calendar_syncs.run(told(short), "second")  # noqa: B023

        first._interruptions.plan(step, meanwhile, afterwards=True, at_sign_in=True)
        first.calendar_syncs.run(message, "first")
        for worker in (first, second):
            worker.close()
        if first._interruptions.is_waiting:
            assert step > 10
            short.rests()
            return
    raise AssertionError("it never comes to an end")


def test_bookings_of_the_account_before_stand_when_another_one_is_connected(personal: PersonalCustomer) -> None:
    """They are in no calendar that is read: nobody can say that they were deleted."""
    desk = Desk(personal)
    desk.put("b-1", desk.wanted(9))
    personal.live(hours=1)
    personal.history.own.connect(ANN, personal.user(BEN))
    personal.live(hours=13)
    assert desk.status("b-1") is BookingStatus.CONFIRMED
    assert len(desk.events(ANN)) == 1
    refused = desk.until_answered(lambda: desk.put("b-2", desk.wanted(9)))
    assert isinstance(refused, TimeTaken)
    assert len(personal.busy(ANN).blocks) == 1
    desk.cancel("b-1")
    assert len(personal.busy(ANN).blocks) == 0
