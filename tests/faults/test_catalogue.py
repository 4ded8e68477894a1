"""P1 and P2 under every fault Microsoft is known for: in the end the cache equals Outlook, one subscription each.

The numbers are those of a catalogue of Microsoft's faults. Not here: F1, a forged consent, which
`tests/scenarios/test_activation.py` has; F14 and F15, about events we write (`test_bookings`,
`test_bookings_in_outlook`), and F19, about a person's own sign-in (`test_own_sign_ins`). `rests` is the measure
throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.microsoft import directory, sign_ins
from local.microsoft.entra.consent import grant_tenant
from local.microsoft.graph.delivery import delivery_of
from local.microsoft.graph.events import update_event
from local.microsoft.graph.subscriptions import forget, remove_subscription
from local.microsoft.registration import CLIENT_ID
from local.soak.base import moment, times, whole_days
from local.soak.history import today
from shared.graph import calendar
from shared.model import ConnectionStatus, Freshness, TenantStatus, Window
from tests.faults.conftest import Make
from tests.faults.customer import ANN, BEN, Customer
from tests.faults.personal_customer import PersonalCustomer

S = ConnectionStatus
HOUR = timedelta(hours=1)


def test_f2_consent_that_takes_a_minute_and_a_half_to_spread_ends_connected(new_managed: Make) -> None:
    customer = new_managed(connected=False)
    customer.world.consent_delay = timedelta(seconds=90)
    customer.connect()
    seen = []
    for _ in range(40):
        customer.wait(seconds=5)
        seen.append(customer.tenant_status())
    assert seen[:17] == [TenantStatus.CONNECTING] * 17
    assert seen[-1] is TenantStatus.CONNECTED
    assert set(seen) == {TenantStatus.CONNECTING, TenantStatus.CONNECTED}
    customer.is_at_rest()


def delete_app(customer: Customer) -> None:
    customer.outlook.delete_principal()


def disable_app(customer: Customer) -> None:
    principal = customer.outlook.tenant.principals[CLIENT_ID]
    customer.outlook.do(lambda: setattr(principal, "enabled", False))


def without(role: str) -> Any:
    def remove(customer: Customer) -> None:
        principal = customer.outlook.tenant.principals[CLIENT_ID]
        customer.outlook.do(lambda: principal.roles.discard(role))

    return remove


WITHDRAWALS = {
    # how, the tenant's status, the members' status
    "app deleted": (delete_app, TenantStatus.CONSENT_MISSING, S.PERMISSION_LOST),
    "app disabled": (disable_app, TenantStatus.APP_DISABLED, S.PERMISSION_LOST),
    "calendars": (without("Calendars.ReadWrite"), TenantStatus.PERMISSION_MISSING, S.OUT_OF_SCOPE),
    "directory": (without("User.Read.All"), TenantStatus.PERMISSION_MISSING, S.CONNECTED),
}


@pytest.mark.parametrize("how", WITHDRAWALS)
def test_f3_consent_withdrawn_is_said_asked_about_rarely_and_over_once_it_is_back(
    managed: Customer, how: str
) -> None:
    withdraw, tenant, members = WITHDRAWALS[how]
    managed.meet(ANN)
    managed.run()
    withdraw(managed)
    for mailbox in managed.outlook.tenant.users.values():
        managed.meet(mailbox.display_name, hour=15)
    managed.outlook.advance(timedelta(days=1, minutes=1))  # by now the last token has run out
    managed.ticks(minutes=20)
    assert managed.tenant_status() is tenant
    assert {managed.status(name) for name in (ANN, BEN)} == {members}
    assert managed.history.calendar_rows(managed.history.org), "what was read is kept"
    if members is not S.CONNECTED:
        assert {managed.busy(name).freshness for name in (ANN, BEN)} <= {Freshness.STALE, Freshness.UNKNOWN}

    asked, tokens = len(managed.world.requests), managed.counted("token")
    managed.live(hours=6)
    assert len(managed.world.requests) - asked + tokens() < 6 * 60, "no storm"

    managed.outlook.consent()
    managed.tick()
    managed.ticks(minutes=15)
    managed.tick()
    assert managed.tenant_status() is TenantStatus.CONNECTED
    assert all(managed.is_true(name) for name in (ANN, BEN)), "without help"
    managed.rests()


def test_f3_one_mailbox_denied_is_that_mailboxs_and_all_denied_is_the_permissions(managed: Customer) -> None:
    managed.outlook.tenant.denied_mailboxes = {managed.user(ANN).id}
    managed.meet(ANN)
    managed.run()
    managed.tick()
    assert (managed.status(ANN), managed.status(BEN)) == (S.OUT_OF_SCOPE, S.CONNECTED)
    assert managed.tenant_status() is TenantStatus.CONNECTED
    managed.outlook.tenant.denied_mailboxes |= {managed.user(BEN).id}
    managed.meet(BEN)
    managed.run()
    managed.tick()
    assert managed.tenant_status() is TenantStatus.PERMISSION_MISSING
    managed.outlook.tenant.denied_mailboxes = set()
    managed.tick()
    managed.tick()
    assert managed.tenant_status() is TenantStatus.CONNECTED
    managed.rests()


CREDENTIALS = {"the certificate is no longer registered": 700027, "the identity is not trusted": 700213}


@pytest.mark.parametrize("number", CREDENTIALS.values(), ids=CREDENTIALS)
def test_f4_our_own_credential_refused_is_nobodys_lost_consent(
    customer: Customer, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    customer.fault("token", status=401, code="invalid_client", error_number=number, times=None)
    customer.meet(ANN)
    customer.outlook.advance(timedelta(days=1, minutes=1))
    customer.ticks(minutes=20)
    assert customer.blames_nobody()
    assert customer.status(ANN) is S.STALE
    assert f"AADSTS{number}" in caplog.text
    customer.rests()


@pytest.mark.parametrize("twist", ["empty_page", "duplicates", "replay", "late", "expired"])
def test_f5_an_odd_directory_round_ends_in_the_same_matches(managed: Customer, twist: str) -> None:
    managed.fault("/users/delta", twist=twist)
    managed.outlook.hire("eva")
    managed.history.put_member("eva", managed.outlook.address("eva"))
    managed.outlook.rename(managed.user(BEN), "new", keep=True)
    managed.run()
    managed.live(hours=1)
    assert managed.status("eva") is S.CONNECTED
    managed.rests()


def test_f5_a_directory_token_of_eight_days_ago_starts_over(managed: Customer) -> None:
    managed.outlook.advance(timedelta(days=8))
    managed.outlook.hire("eva")
    managed.history.put_member("eva", managed.outlook.address("eva"))
    managed.tick()
    managed.wait(seconds=5)
    assert managed.status("eva") is S.CONNECTED
    managed.rests()


def switch_licence(customer: Customer, user: Any, *, off: bool) -> None:
    directory.remove_license(user) if off else directory.restore_license(user)


def switch_hosting(customer: Customer, user: Any, *, off: bool) -> None:
    user.mailbox.hosted = "on_premises" if off else "cloud"


def switch_account(customer: Customer, user: Any, *, off: bool) -> None:
    directory.change_user(customer.world, customer.outlook.tenant, user, {"account_enabled": not off})
    if off:
        sign_ins.disable(customer.world, user)


def switch_existence(customer: Customer, user: Any, *, off: bool) -> None:
    change = directory.soft_delete if off else directory.restore
    change(customer.world, customer.outlook.tenant, user)


LOSSES = {
    # how, what a managed connection becomes, and an own one
    "licence removed": (switch_licence, S.NO_MAILBOX, S.NO_MAILBOX),
    "moved on-premises": (switch_hosting, S.NO_MAILBOX, S.NO_MAILBOX),
    "account disabled": (switch_account, S.DISABLED_IN_DIRECTORY, S.RECONNECT_REQUIRED),
    "deleted and restored": (switch_existence, S.NOT_MATCHED, S.NO_MAILBOX),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_f6_a_mailbox_lost_is_one_members_trouble_and_ends_when_it_is_back(customer: Customer, loss: str) -> None:
    switch, of_managed, of_own = LOSSES[loss]
    customer.world.switches.revocation_reaches_graph = True
    loses_and_regains(customer, switch, of_own if isinstance(customer, PersonalCustomer) else of_managed)


def test_f6_a_mailbox_that_a_policy_keeps_apps_out_of_is_one_members_trouble_too(managed: Customer) -> None:
    def switch_policy(_: Customer, user: Any, *, off: bool) -> None:
        managed.outlook.tenant.denied_mailboxes = {user.id} if off else set()

    loses_and_regains(managed, switch_policy, S.OUT_OF_SCOPE)


def loses_and_regains(customer: Customer, switch: Callable[..., None], expected: ConnectionStatus) -> None:
    user = customer.user(ANN)
    customer.meet(ANN)
    customer.meet(BEN)
    customer.run()
    customer.outlook.do(lambda: switch(customer, user, off=True))
    customer.live(hours=7)
    assert customer.status(ANN) is expected
    assert customer.busy(ANN).freshness is not Freshness.FRESH
    assert customer.is_true(BEN)
    customer.outlook.do(lambda: switch(customer, user, off=False))
    customer.rests()
    assert customer.is_true(ANN)


def test_f7_a_read_whose_second_page_is_gone_loses_and_doubles_nothing(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar, "PAGE", 3)
    for hour in range(8):
        customer.meet(ANN, hour=hour, minutes=30)
    customer.run()
    customer.wait(seconds=10)
    assert customer.blocks(ANN) == 8
    customer.fault("/users/*/calendarView", status=410, code="SyncStateNotFound", skip=1)
    customer.meet(ANN, hour=20, minutes=30)
    customer.run()
    assert customer.busy(ANN).freshness is Freshness.STALE
    assert customer.blocks(ANN) == 8
    customer.rests()
    assert customer.blocks(ANN) == 9


def test_f8_what_moves_out_of_the_window_is_gone_and_what_lies_outside_never_shows(customer: Customer) -> None:
    event = customer.meet(ANN)
    customer.meet(ANN, day=150)
    customer.run()
    customer.wait(seconds=10)
    assert customer.blocks(ANN) == 1
    away = times(today(customer.outlook.now()) + timedelta(days=150), 60)
    customer.outlook.do(lambda: update_event(*customer.place(ANN), event.id, dict(away)))
    customer.run()
    customer.wait(seconds=10)
    assert customer.blocks(ANN) == 0
    customer.rests()


def test_f9_a_series_that_is_shown_as_free_blocks_nothing(customer: Customer) -> None:
    first = today(customer.outlook.now()) + timedelta(days=1)
    span = {"type": "numbered", "startDate": first.date().isoformat(), "numberOfOccurrences": 10}
    recurrence = {"pattern": {"type": "daily", "interval": 1}, "range": span}
    event = customer.meet(ANN, recurrence=recurrence, showAs="free")
    customer.run()
    customer.wait(seconds=10)
    assert customer.blocks(ANN) == 0
    customer.outlook.do(lambda: update_event(*customer.place(ANN), event.id, {"showAs": "busy"}))
    customer.run()
    customer.wait(seconds=10)
    assert customer.blocks(ANN) == 10
    customer.rests()


def test_f10_whole_days_around_the_end_of_summer_time_are_the_members_own(customer: Customer) -> None:
    """The history begins in the week before Europe's clocks go back; its members live in Amsterdam."""
    for day in (5, 6, 7):
        customer.meet(ANN, **whole_days(today(customer.outlook.now()) + timedelta(days=day), 1))
    custom = today(customer.outlook.now()) + timedelta(days=10)
    sides = {"start": moment(custom, "Tokyo Standard Time"), "end": moment(custom + HOUR, "Asia/Tokyo")}
    customer.meet(BEN, **sides)
    customer.run()
    customer.wait(seconds=10)
    hours = [(block.end - block.start) / HOUR for block in customer.busy(ANN).blocks]
    assert hours == [24, 25, 24]
    customer.rests()


MISDELIVERIES: dict[str, dict[str, Any]] = {
    "duplicate": {"times": 5},
    "reorder": {"times": 5},
    "delay": {"times": 5, "delay_seconds": 900},
    "drop": {"times": 5},
    "wrong_client_state": {"times": 5},
    "unknown_subscription": {"times": 5},
}


@pytest.mark.parametrize("kind", MISDELIVERIES)
def test_f11_notifications_that_go_astray_delay_the_truth_at_most(customer: Customer, kind: str) -> None:
    customer.misdeliver(kind, **MISDELIVERIES[kind])
    for hour in range(3):
        customer.meet(ANN, hour=hour)
        customer.run()
    customer.rests()
    assert customer.is_true(ANN)


def test_f11_a_change_nobody_told_of_has_the_tenant_read_often_until_push_is_back(customer: Customer) -> None:
    customer.misdeliver("drop", times=1)
    customer.meet(ANN)
    customer.run()
    assert customer.blocks(ANN) == 0, "nobody knows yet"
    customer.live(hours=4)
    customer.ticks(minutes=2 * 60 + 5)
    assert customer.is_true(ANN), "found by the schedule"
    customer.ticks(minutes=20)
    assert customer.mailbox(ANN).missed_at is not None
    assert customer.missed_pushes() == 1
    watched = customer.watched_with(ANN)
    before = customer.reads(watched)
    customer.ticks(minutes=60)
    assert customer.reads(watched) - before >= 5, "every ten minutes"
    customer.meet(ANN, hour=15)
    customer.run()
    customer.wait(seconds=10)
    customer.tick()
    assert customer.missed_pushes() == 0, "told again: healthy"
    before = customer.reads(watched)
    customer.ticks(minutes=30)
    assert customer.reads(watched) == before
    customer.rests()


def test_f11_a_notification_that_is_only_late_is_no_missed_push(customer: Customer) -> None:
    customer.outlook.advance(timedelta(hours=6, minutes=1))
    customer.misdeliver("delay", delay_seconds=120)
    customer.meet(ANN)
    customer.tick()
    assert customer.mailbox(ANN).suspected_at is not None
    customer.ticks(minutes=20)
    assert customer.mailbox(ANN).missed_at is None
    assert customer.missed_pushes() == 0
    customer.rests()


def test_f12_an_endpoint_that_graph_drops_is_made_up_for_by_the_schedule(customer: Customer) -> None:
    switches = customer.world.switches
    switches.ack_seconds = switches.retry_ack_seconds = 0  # every answer is late
    switches.endpoint_sample = 3
    for hour in range(4):
        customer.meet(ANN, hour=hour)
        customer.run()
    endpoint = next(e for url, e in delivery_of(customer.world).endpoints.items() if url.endswith("/webhooks/graph"))
    assert endpoint.state == "drop"
    customer.meet(ANN, hour=20)
    switches.ack_seconds, switches.retry_ack_seconds = 3, 10
    customer.rests()


def test_f12_an_endpoint_that_graph_takes_for_slow_is_told_later(customer: Customer) -> None:
    switches = customer.world.switches
    switches.ack_seconds, switches.endpoint_sample = 0, 3
    for hour in range(4):
        customer.meet(ANN, hour=hour)
        customer.run()
    endpoint = next(e for url, e in delivery_of(customer.world).endpoints.items() if url.endswith("/webhooks/graph"))
    assert endpoint.state == "slow"
    switches.ack_seconds = 3
    customer.meet(ANN, hour=20)
    customer.run()
    customer.wait(minutes=10, seconds=5)
    customer.wait(seconds=10)
    assert customer.is_true(ANN)
    customer.rests()


SILENCES = {
    "expired": lambda customer, subscription: setattr(subscription, "expires_at", customer.outlook.now()),
    "forgotten": lambda customer, subscription: forget(customer.world, subscription),
}


@pytest.mark.parametrize("silence", SILENCES)
def test_f13_a_subscription_that_ends_in_silence_is_found_by_the_next_pass(customer: Customer, silence: str) -> None:
    (subscription,) = customer.subscriptions(ANN)
    customer.outlook.do(lambda: SILENCES[silence](customer, subscription))
    customer.meet(ANN)
    customer.ticks(minutes=customer.silent_for)
    assert len(customer.subscriptions(ANN)) == 1
    assert customer.is_true(ANN)
    customer.is_at_rest()


def test_f13_a_removed_subscription_is_made_anew_and_caught_up_with_at_once(customer: Customer) -> None:
    (subscription,) = customer.subscriptions(ANN)
    customer.outlook.do(lambda: remove_subscription(customer.world, subscription.id))
    customer.meet(ANN)
    customer.run()
    customer.wait(seconds=10)
    assert len(customer.subscriptions(ANN)) == 1
    assert customer.is_true(ANN)
    customer.rests()


def test_f13_a_storm_of_wishes_to_reauthorize_is_one_renewal_each_ten_minutes(customer: Customer) -> None:
    customer.outlook.advance(timedelta(hours=1))
    renewals = customer.counted("/subscriptions/*")
    for _ in range(30):
        for name in (ANN, BEN):
            (subscription,) = customer.subscriptions(name)
            customer.outlook.do(
                lambda s=subscription: delivery_of(customer.world).lifecycle(s, "reauthorizationRequired")
            )
        customer.run()
    assert renewals() == 2, "one each, within a minute"
    assert not any(c["renewed_too_soon"] for c in delivery_of(customer.world).counters.values())
    customer.rests()


@pytest.mark.parametrize("duplicates", ["409", "second"])
def test_f13_a_subscription_whose_creation_was_not_answered_does_not_stay_beside_another(
    new_customer: Make, duplicates: Any
) -> None:
    customer = new_customer(connected=False)
    customer.world.switches.duplicate_subscription = duplicates
    customer.fault("/subscriptions", method="POST", status=504, after_write=True, times=2)
    customer.connect()
    customer.run()
    customer.ticks(minutes=30)
    assert [len(customer.subscriptions(name)) for name in (ANN, BEN)] == [1, 1]
    customer.rests()


def test_f13_where_no_subscription_can_be_made_the_calendar_is_read_every_ten_minutes(new_customer: Make) -> None:
    customer = new_customer(connected=False)
    customer.fault("/subscriptions", method="POST", status=403, code="ExtensionError", times=None)
    customer.connect()
    customer.run()
    assert customer.status(ANN) is S.CONNECTED
    customer.meet(ANN)
    customer.ticks(minutes=20)
    assert customer.is_true(ANN)
    customer.outlook.advance(timedelta(minutes=31))
    assert customer.busy(ANN).freshness is Freshness.STALE, "nobody tells, so it is not believed for long"
    customer.rests()
    assert len(customer.subscriptions(ANN)) == 1


def test_f13_subscriptions_outlive_their_tokens_and_themselves(customer: Customer) -> None:
    first = customer.subscriptions(ANN)[0].id
    for _ in range(3):
        customer.outlook.advance(timedelta(days=3))
        customer.tick()
        customer.wait(seconds=10)
    customer.meet(ANN)
    customer.run()
    customer.wait(seconds=10)
    assert customer.is_true(ANN)
    assert [s.id for s in customer.subscriptions(ANN)] == [first], "renewed, not replaced"
    customer.rests()


RETRIES = {"named": 7, "long": 300, "not named": None}


@pytest.mark.parametrize("seconds", RETRIES.values(), ids=RETRIES)
def test_f16_a_throttled_mailbox_waits_as_long_as_it_was_told_and_no_other_does(
    customer: Customer, seconds: int | None
) -> None:
    throttled = {"status": 429, "code": "ApplicationThrottled", "retry_after": seconds}
    customer.fault("/users/*/calendarView", user=customer.user(ANN).id, **throttled)
    before = customer.reads(ANN)
    for hour in range(6):
        customer.meet(ANN, hour=hour)
        customer.meet(BEN, hour=hour)
        customer.run()
    customer.wait(seconds=5)
    assert customer.is_true(BEN)
    if seconds is not None:
        assert customer.reads(ANN) == before + 1 or seconds < 20, "left alone"
        customer.wait(seconds=seconds + 1)
    customer.ticks(minutes=5)
    assert customer.is_true(ANN)
    assert customer.reads(ANN) <= before + 7, "the one that failed, and one for each change"
    customer.rests()


def test_f17_of_a_batch_only_what_failed_is_asked_again(managed: Customer) -> None:
    names = [f"p{number}" for number in range(6)]
    for name in names:
        managed.outlook.hire(name)
        managed.history.put_member(name, managed.outlook.address(name))
    answers = [
        {"status": 429, "retry_after": 7}, {"status": 503}, {"status": 424, "code": "FailedDependency"},
        {"status": 404, "code": "MailboxNotEnabledForRESTAPI"},
    ]  # fmt: skip
    for name, answer in zip(names, answers, strict=False):
        managed.fault("/users/*/calendarView", user=managed.user(name).id, **answer)
    managed.run()
    assert [managed.reads(name) for name in names] == [1] * 6
    managed.wait(seconds=8)
    assert [managed.reads(name) for name in names[4:]] == [1] * 2
    assert [managed.reads(name) for name in names[:3]] == [2] * 3
    assert managed.status(names[3]) is S.NO_MAILBOX
    assert all(managed.is_true(name) for name in (*names[:3], *names[4:]))
    managed.rests()


def test_f18_a_tenant_that_scopes_us_by_rbac_is_healthy_for_those_in_scope(new_managed: Make) -> None:
    customer = new_managed(connected=False)
    tenant = customer.outlook.tenant
    tenant.mailbox_access, tenant.rbac_scope = "rbac", {customer.user(ANN).id}
    customer.connect()
    grant_tenant(customer.world, tenant, customer.outlook.app)
    customer.run()
    customer.ticks(minutes=30)
    assert customer.is_true(ANN)
    assert customer.status(BEN) is S.OUT_OF_SCOPE
    assert customer.tenant_status() is TenantStatus.CONNECTED
    tenant.rbac_scope |= {customer.user(BEN).id}
    customer.live(hours=7)
    assert customer.is_true(BEN)
    assert "Calendars.ReadWrite" not in tenant.principals[CLIENT_ID].roles


def test_f20_what_a_meeting_is_about_is_nowhere_kept(customer: Customer, caplog: pytest.LogCaptureFixture) -> None:
    customer.meet(ANN, sensitivity="private", body={"contentType": "text", "content": "SECRET-body"})
    customer.run()
    customer.rests()
    observer = customer.history.observer.tables
    kept = str(observer.calendars.of(customer.owner(ANN))) + str(customer.mailbox(ANN)) + caplog.text
    assert "SECRET" not in kept
    assert not [r for r in customer.world.requests if "calendarview" in r["path"].lower() and "subject" in r["query"]]


def test_ninety_days_ahead_are_known_at_every_hour_of_a_day(customer: Customer) -> None:
    """What is read for rolls on with the days, though nobody changes anything."""
    span = timedelta(days=90)
    customer.wait(seconds=10)
    for _ in range(11):  # short of a day, after which the simulated token runs out and a read is repeated
        start = today(customer.outlook.now())
        answer = customer.history.observer.availability.busy(customer.owner(ANN), Window(start, start + span))
        assert (answer.freshness, answer.blocks) == (Freshness.FRESH, ())
        customer.live(minutes=110)
