"""What calendars of managed connections survive, members' own ones survive too: the cache equals Outlook."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.microsoft.browser import sign_in
from local.microsoft.graph.subscriptions import forget, remove_subscription
from local.microsoft.sign_ins import revoke
from local.soak.stage import Stage
from shared.callers import Caller
from shared.freebusy import BusyAnswer
from shared.model import ConnectionStatus, Freshness, Mailbox, OwnConnection, Role, own_mailbox
from shared.personal_attempts import CALLBACK
from tests.faults.customer import ANN, Customer
from tests.personal.conftest import parameters

S = ConnectionStatus


class OwnCustomer(Customer):
    """Ann has connected her account herself; there is no tenant."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, connected=False)
        self.signs_in()
        self.run()

    def signs_in(self) -> None:
        """Ann goes to Microsoft and back."""
        own = self.history.host.process.own_connections
        org = self.history.org
        departure = own.begin(Caller(ANN, org, org, Role.USER, "enterprise", frozenset()))
        assert CALLBACK in departure.url.replace("%2F", "/")
        back = sign_in(departure.url, self.outlook.address(ANN))
        # An ID token is held against the machine's clock.
        self.world.switches.token_clock = "real"
        own.finish(parameters(back), departure.browser)
        self.world.switches.token_clock = "simulated"

    def own(self) -> OwnConnection:
        """Her connection."""
        found = self.history.observer.tables.own_connection(self.owner(ANN))
        assert found is not None
        return found

    def box(self) -> Mailbox:
        """What our books say of it."""
        row = self.history.observer.tables.mailboxes.row(own_mailbox(self.owner(ANN)))
        assert row is not None
        return row.value

    def retires(self) -> None:
        """The timer, which looks after every organization, is to look after this one no more."""
        self.history.host.process.own_connections.forget(self.owner(ANN))
        self.run()
        self.history.close()

    def answer(self) -> BusyAnswer:
        """What is said of her next weeks."""
        return self.busy(ANN)

    def settles(self, blocks: int) -> None:
        """Fresh, with so many blocks, and one subscription, which is in our books."""
        assert self.own().status is S.CONNECTED, self.own()
        assert (self.answer().freshness, len(self.answer().blocks)) == (Freshness.FRESH, blocks)
        assert [one.id for one in self.subscriptions(ANN)] == [self.box().push.subscription_id]


@pytest.fixture
def ann(stage: Stage) -> Iterator[OwnCustomer]:
    made = OwnCustomer(stage)
    yield made
    made.retires()


def lost(ann: OwnCustomer) -> None:
    ann.misdeliver("drop", times=1)


def throttled(ann: OwnCustomer) -> None:
    ann.fault("calendarView", status=429, retry_after=30, times=2)


def failing(ann: OwnCustomer) -> None:
    ann.fault("calendarView", status=503, times=3)


def unsubscribed(ann: OwnCustomer) -> None:
    (one,) = ann.subscriptions(ANN)
    ann.outlook.do(lambda: remove_subscription(ann.world, one.id))


FAULTS: dict[str, Callable[[OwnCustomer], Any]] = {
    "a notification is lost": lost,
    "Graph asks to wait": throttled,
    "Graph fails": failing,
    "the subscription ends in silence": unsubscribed,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_the_cache_equals_outlook_in_the_end(ann: OwnCustomer, fault: Callable[[OwnCustomer], Any]) -> None:
    ann.meet(ANN, hour=9)
    ann.run()
    ann.settles(1)
    fault(ann)
    ann.meet(ANN, hour=13)
    ann.run()
    ann.live(hours=14)
    ann.settles(2)


def test_a_calendar_never_read_is_unknown(stage: Stage) -> None:
    ann = OwnCustomer.__new__(OwnCustomer)
    Customer.__init__(ann, stage, connected=False)
    ann.signs_in()
    assert ann.answer().freshness is Freshness.UNKNOWN
    assert (ann.answer().read_at, len(ann.answer().blocks)) == (None, 1)
    ann.retires()


def test_a_sign_in_that_ended_is_asked_about_once_and_never_free_until_it_is_renewed(ann: OwnCustomer) -> None:
    ann.meet(ANN, day=10, hour=9)
    ann.run()
    ann.world.switches.revocation_reaches_graph = True
    ann.outlook.do(lambda: revoke(ann.world, ann.user(ANN)))
    ann.outlook.advance(timedelta(hours=7))
    ann.tick()
    assert ann.own().status is S.RECONNECT_REQUIRED
    asked = ann.counted("token")
    ann.meet(ANN, day=10, hour=15)
    ann.live(days=2)
    assert asked() == 0
    assert ann.answer().freshness is Freshness.UNKNOWN
    ann.signs_in()
    ann.run()
    ann.settles(2)


def listings(ann: OwnCustomer) -> int:
    """How often her account was asked for its subscriptions so far."""
    return sum(one["method"] == "GET" and one["path"].endswith("/subscriptions") for one in list(ann.world.requests))


def test_a_subscription_that_ended_in_silence_is_made_anew_within_the_hour_though_nothing_changed(
    ann: OwnCustomer,
) -> None:
    (one,) = ann.subscriptions(ANN)
    ann.outlook.do(lambda: forget(ann.world, one))
    ann.ticks(minutes=50)
    assert ann.subscriptions(ANN) == []
    ann.ticks(minutes=15)
    ann.settles(0)
    ann.meet(ANN, hour=13)
    ann.run()
    ann.settles(1)


def test_an_account_is_asked_for_its_subscriptions_once_an_hour(ann: OwnCustomer) -> None:
    before = listings(ann)
    ann.ticks(minutes=6 * 60)
    assert 5 <= listings(ann) - before <= 6
    ann.settles(0)


def test_a_stray_of_ours_in_the_account_is_ended_and_nobody_elses(ann: OwnCustomer) -> None:
    """Graph lists a hundred on a page; the stray is on the second."""
    foreign = {stowaway(ann, "foreign", "https://other.example/lifecycle") for _ in range(100)}
    stowaway(ann, "stray")
    ann.ticks(minutes=60)
    assert {one.id for one in ann.subscriptions(ANN)} == {ann.box().push.subscription_id, *foreign}


def stowaway(ann: OwnCustomer, name: str, lifecycle: str | None = None) -> str:
    """A subscription like hers, of which our books know nothing."""
    (known, *_) = ann.subscriptions(ANN)
    fields = {**known.fields, **({"lifecycleNotificationUrl": lifecycle} if lifecycle else {})}
    made = replace(known, id=f"{name}-{uuid.uuid4()}", fields=fields)

    def add() -> None:
        ann.world.subscriptions[made.id] = made
        box = ann.user(ANN).mailbox
        assert box is not None
        box.subscription_ids.add(made.id)

    ann.outlook.do(add)
    return made.id


def test_an_account_whose_sign_in_ended_is_found_out_within_the_hour_and_then_not_asked(ann: OwnCustomer) -> None:
    ann.world.switches.revocation_reaches_graph = True
    ann.outlook.do(lambda: revoke(ann.world, ann.user(ANN)))
    ann.ticks(minutes=60)
    assert ann.own().status is S.RECONNECT_REQUIRED
    asked, tokens = listings(ann), ann.counted("token")
    ann.ticks(minutes=120)
    assert (listings(ann), tokens()) == (asked, 0)
