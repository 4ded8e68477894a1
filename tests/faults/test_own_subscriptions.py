"""Subscriptions of members' own accounts are compared with Graph's list, each account's once an hour."""

from __future__ import annotations

import uuid
from dataclasses import replace

from local.microsoft.graph.subscriptions import forget
from local.microsoft.sign_ins import revoke
from shared.freebusy import BusyAnswer
from shared.model import ConnectionStatus, Freshness, own_mailbox
from tests.faults.customer import ANN, BEN
from tests.faults.personal_customer import PersonalCustomer


def listings(personal: PersonalCustomer) -> int:
    """How often accounts were asked for their subscriptions so far."""
    mine = [one for one in list(personal.world.requests) if one["tenant"] == personal.outlook.tenant.id]
    return sum(one["method"] == "GET" and one["path"].endswith("/subscriptions") for one in mine)


def settles(personal: PersonalCustomer, blocks: int) -> None:
    """Fresh, with so many blocks, and one subscription, which is in our books."""
    answer: BusyAnswer = personal.busy(ANN)
    assert (answer.freshness, len(answer.blocks)) == (Freshness.FRESH, blocks)
    assert [one.id for one in personal.subscriptions(ANN)] == [personal.mailbox(ANN).push.subscription_id]


def test_a_subscription_that_ended_in_silence_is_made_anew_within_the_hour_though_nothing_changed(
    personal: PersonalCustomer,
) -> None:
    (one,) = personal.subscriptions(ANN)
    personal.outlook.do(lambda: forget(personal.world, one))
    personal.ticks(minutes=50)
    assert personal.subscriptions(ANN) == []
    personal.ticks(minutes=15)
    settles(personal, 0)
    personal.meet(ANN, hour=13)
    personal.run()
    settles(personal, 1)


def test_an_account_is_asked_for_its_subscriptions_once_an_hour(personal: PersonalCustomer) -> None:
    before = listings(personal)
    personal.ticks(minutes=6 * 60)
    assert 10 <= listings(personal) - before <= 12  # of two accounts
    settles(personal, 0)


def test_a_stray_of_ours_in_the_account_is_ended_and_nobody_elses(personal: PersonalCustomer) -> None:
    """Graph lists a hundred on a page; the stray is on the second."""
    foreign = {stowaway(personal, "foreign", "https://other.example/lifecycle") for _ in range(100)}
    stowaway(personal, "stray")
    personal.ticks(minutes=60)
    assert {one.id for one in personal.subscriptions(ANN)} == {personal.mailbox(ANN).push.subscription_id, *foreign}
    personal.outlook.do(lambda: [personal.world.subscriptions.pop(one) for one in foreign])


def stowaway(personal: PersonalCustomer, name: str, lifecycle: str | None = None) -> str:
    """A subscription like hers, of which our books know nothing."""
    (known, *_) = personal.subscriptions(ANN)
    fields = {**known.fields, **({"lifecycleNotificationUrl": lifecycle} if lifecycle else {})}
    made = replace(known, id=f"{name}-{uuid.uuid4()}", fields=fields)

    def add() -> None:
        personal.world.subscriptions[made.id] = made
        box = personal.user(ANN).mailbox
        assert box is not None
        box.subscription_ids.add(made.id)

    personal.outlook.do(add)
    return made.id


def test_an_account_whose_sign_in_ended_is_found_out_within_the_hour_and_then_not_asked(
    personal: PersonalCustomer,
) -> None:
    personal.world.switches.revocation_reaches_graph = True
    for name in (ANN, BEN):
        personal.outlook.do(lambda name=name: revoke(personal.world, personal.user(name)))  # type: ignore[misc]
    personal.ticks(minutes=60)
    assert {personal.status(name) for name in (ANN, BEN)} == {ConnectionStatus.RECONNECT_REQUIRED}
    asked = listings(personal)
    personal.ticks(minutes=120)
    assert listings(personal) == asked


def test_two_members_with_the_same_account_leave_each_other_their_subscription(personal: PersonalCustomer) -> None:
    """Even where their mailboxes are named beside each other."""
    names = (f"twin{number}" for number in range(1_000))
    shard = personal.key(ANN).tenant_id
    twin = next(name for name in names if own_mailbox(personal.owner(name)).tenant_id == shard)
    personal.outlook.hire(twin)
    personal.history.put_member(twin, personal.outlook.address(twin))
    (before,) = personal.subscriptions(ANN)
    personal.history.own.connect(twin, personal.user(ANN))
    personal.run()
    personal.ticks(minutes=90)
    assert [one.id for one in personal.subscriptions(ANN)] == [before.id]
    personal.meet(ANN, hour=13)
    personal.ticks(minutes=15)
    assert {len(personal.busy(name).blocks) for name in (ANN, twin)} == {1}
    personal.history.own.disconnect(ANN)
    personal.ticks(minutes=90)
    (after,) = personal.subscriptions(ANN)
    assert after.id != before.id
