"""Subscriptions with a user's token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from local.microsoft.consumers import EXCHANGE_TENANT
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.remote import Microsoft
from local.microsoft.server import Simulator
from local.microsoft.world import PRIMARY_CALENDAR

from .conftest import ADELE, BRUNO, SHARED, TENANT, Graph, Listener, Me, code, event, wait_until


def test_a_subscription_on_one_calendar_hears_of_that_one_only(
    as_user: Callable[..., Me],
    remote: Microsoft,
    graph: Graph,
    listener: Listener,
    subscribe: Callable[..., requests.Response],
) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project")
    one, whole = (subscribe(as_user(), r).json()["id"] for r in (f"me/calendars/{side}/events", "me/events"))
    there = remote.create_event_in(TENANT, ADELE, side, event())["id"]
    here = graph.add_event().id
    wait_until(lambda: len(listener.items) == 3)
    heard = {(item["subscriptionId"], item["resourceData"]["id"]) for item in listener.items}
    assert heard == {(one, there), (whole, there), (whole, here)}


def test_what_can_be_watched_is_ones_own(
    as_user: Callable[..., Me], remote: Microsoft, subscribe: Callable[..., requests.Response]
) -> None:
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE, can_edit=True)
    me = as_user(scopes=SHARED)
    assert subscribe(me, f"/users/{ADELE}/events").status_code == 201
    assert code(subscribe(me, f"me/calendars/{shared}/events")) == (403, "ErrorAccessDenied")
    assert code(subscribe(me, f"users/{BRUNO}/events")) == (403, "ErrorAccessDenied")
    assert code(subscribe(me, "me/calendars/AAMkNowhere/events")) == (404, "ErrorItemNotFound")
    assert code(subscribe(me, "me/messages")) == (400, "InvalidRequest")
    assert code(subscribe(as_user(scopes=("User.Read",)), "me/events")) == (403, "ErrorAccessDenied")


@pytest.mark.parametrize("switch", [True, False])
def test_users_see_their_own_subscriptions_and_the_app_those_of_all_if_so_switched(
    as_user: Callable[..., Me],
    graph: Graph,
    remote: Microsoft,
    subscribe: Callable[..., requests.Response],
    switch: bool,
) -> None:
    remote.set_switches(subscription_list_delegated=switch)
    adele, bruno = as_user(), as_user(BRUNO)
    by_adele, by_bruno = (subscribe(client, "me/events").json()["id"] for client in (adele, bruno))
    by_app = subscribe(graph, f"users/{ADELE}/events").json()["id"]

    def listed(client: Graph) -> set[str]:
        return {s["id"] for s in client.get("/subscriptions").json()["value"]}

    assert (listed(adele), listed(bruno)) == ({by_adele}, {by_bruno})
    assert listed(graph) == ({by_adele, by_bruno, by_app} if switch else {by_app})
    assert code(bruno("DELETE", f"/subscriptions/{by_adele}")) == (404, "ResourceNotFound")
    assert adele("DELETE", f"/subscriptions/{by_adele}").status_code == 204


@pytest.mark.parametrize("how", ["password", "disabled", "deleted"])
def test_subscriptions_by_a_users_token_end_with_the_account_and_those_of_the_app_do_not(
    as_user: Callable[..., Me],
    graph: Graph,
    remote: Microsoft,
    listener: Listener,
    subscribe: Callable[..., requests.Response],
    how: str,
) -> None:
    theirs = subscribe(as_user(), "me/events").json()["id"]
    ours = subscribe(graph, f"users/{ADELE}/events").json()["id"]
    if how == "password":
        remote.change_password(TENANT, ADELE)
    elif how == "disabled":
        remote.change_user(TENANT, ADELE, account_enabled=False)
    else:
        remote.delete_user(TENANT, ADELE)
    wait_until(lambda: bool(listener.items))
    assert [(i["subscriptionId"], i["lifecycleEvent"]) for i in listener.items] == [(theirs, "subscriptionRemoved")]
    assert [s["id"] for s in remote.subscriptions()] == [ours]


@pytest.mark.parametrize(("switch", "tenant"), [("msa", PERSONAL_TENANT), ("exchange", EXCHANGE_TENANT)])
def test_notifications_about_personal_accounts_name_one_of_two_tenants(
    simulator: Simulator,
    remote: Microsoft,
    listener: Listener,
    subscribe: Callable[..., requests.Response],
    switch: str,
    tenant: str,
) -> None:
    remote.set_switches(consumer_notifications=switch)
    petra = remote.add_consumer("Petra", "petra@outlook.com")["id"]
    client = Me(simulator, petra, tenant_id=PERSONAL_TENANT)
    made = subscribe(client, "me/events")
    client.session.close()
    assert made.status_code == 201
    remote.create_event(PERSONAL_TENANT, petra, event())
    wait_until(lambda: bool(listener.items))
    assert (listener.items[0]["subscriptionId"], listener.items[0]["tenantId"]) == (made.json()["id"], tenant)
