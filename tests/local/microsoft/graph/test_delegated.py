"""Graph for a signed-in user: the own mailbox, nobody else's, and what colleagues share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from local.microsoft.consumers import EXCHANGE_TENANT
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.issue import user_token
from local.microsoft.remote import Microsoft
from local.microsoft.server import Simulator
from local.microsoft.world import PRIMARY_CALENDAR

from .conftest import ADELE, BRUNO, CLIENT, TENANT, Graph, Listener, event, wait_until

FULL = ("Calendars.ReadWrite", "User.Read")
SHARED = (*FULL, "Calendars.ReadWrite.Shared")
WINDOW = "startDateTime=2026-03-01&endDateTime=2026-04-01"


class Me(Graph):
    """Graph as a signed-in user."""

    def __init__(
        self, simulator: Simulator, user: str = ADELE, scopes: tuple[str, ...] = FULL, tenant_id: str = TENANT
    ) -> None:
        self.user_id, self.scopes = user, scopes
        super().__init__(simulator, tenant_id)

    def token(self) -> str:
        sign_in = SignIn(CLIENT, self.tenant_id, self.user_id, self.scopes)
        return self.simulator.call(lambda: user_token(self.world, sign_in, self.tenant.users[self.user_id]))


@pytest.fixture
def as_user(simulator: Simulator) -> Iterator[Callable[..., Me]]:
    made: list[Me] = []

    def make(user: str = ADELE, scopes: tuple[str, ...] = FULL) -> Me:
        made.append(Me(simulator, user, scopes))
        return made[-1]

    yield make
    for client in made:
        client.session.close()


@pytest.fixture
def remote(simulator: Simulator) -> Iterator[Microsoft]:
    client = Microsoft(simulator.http_url)
    yield client
    client.close()


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


@pytest.mark.parametrize(
    "path",
    ["", "/calendars", "/calendar", f"/calendarView?{WINDOW}", "/events", f"/calendarView/delta?{WINDOW}"],
)
@pytest.mark.parametrize("owner", ["/me", f"/users/{ADELE}", "/users/adele@contoso.com"])
def test_the_own_things_are_there_under_every_name(as_user: Callable[..., Me], owner: str, path: str) -> None:
    assert as_user().get(owner + path).status_code == 200


@pytest.mark.parametrize("scopes", [FULL, SHARED])
@pytest.mark.parametrize("path", ["", "/calendars", "/calendar", f"/calendarView?{WINDOW}", "/events"])
def test_nobody_elses_are(as_user: Callable[..., Me], path: str, scopes: tuple[str, ...]) -> None:
    answer = as_user(scopes=scopes).get(f"/users/{BRUNO}{path}")
    denied = "ErrorAccessDenied" if path else "Authorization_RequestDenied"
    assert code(answer) == (403, denied)


@pytest.mark.parametrize(
    ("scopes", "profile", "reads", "writes"),
    [
        (("User.Read",), 200, 403, 403),
        (("Calendars.Read",), 403, 200, 403),
        (("Calendars.ReadWrite",), 403, 200, 201),
        (("https://graph.microsoft.com/Calendars.ReadWrite",), 403, 200, 201),
    ],
)
def test_each_scope_opens_what_it_says(
    as_user: Callable[..., Me], scopes: tuple[str, ...], profile: int, reads: int, writes: int
) -> None:
    me = as_user(scopes=scopes)
    answers = (me.get("/me"), me.get(f"/me/calendarView?{WINDOW}"), me.post("/me/events", event()))
    assert tuple(answer.status_code for answer in answers) == (profile, reads, writes)


def test_calendars_say_which_is_the_default_who_owns_them_and_what_can_be_done(
    as_user: Callable[..., Me], remote: Microsoft
) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project", providers=["skypeForBusiness"])
    holidays = remote.add_calendar(TENANT, ADELE, "Holidays", read_only=True)
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE)
    found = {calendar["id"]: calendar for calendar in as_user().get("/me/calendars").json()["value"]}
    assert list(found) == [PRIMARY_CALENDAR, side, holidays, shared]
    assert [c["isDefaultCalendar"] for c in found.values()] == [True, False, False, False]
    assert [c["canEdit"] for c in found.values()] == [True, True, False, False]
    assert [c["owner"]["address"] for c in found.values()] == ["adele@contoso.com"] * 3 + ["bruno@contoso.com"]
    assert [c["allowedOnlineMeetingProviders"] for c in found.values()] == [
        ["teamsForBusiness"],
        ["skypeForBusiness"],
        ["teamsForBusiness"],
        [],
    ]
    assert found == {calendar["id"]: calendar for calendar in remote.calendars(TENANT, ADELE)}
    assert as_user().get(f"/me/calendars/{shared}?$select=name,canEdit").json() == {
        "id": shared,
        "name": "Bruno (Calendar)",
        "canEdit": False,
    }


def test_calendars_come_in_pages(as_user: Callable[..., Me], remote: Microsoft) -> None:
    for number in range(11):
        remote.add_calendar(TENANT, ADELE, f"Calendar {number}")
    assert len(as_user().get("/me/calendars").json()["value"]) == 10
    assert len(as_user().pages("/me/calendars?$top=5")) == 12


def test_each_calendar_has_its_own_events(as_user: Callable[..., Me], remote: Microsoft) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project")
    there = remote.create_event_in(TENANT, ADELE, side, event())["id"]
    me = as_user()
    here = me.post("/me/events", event()).json()["id"]
    for path in ("calendarView", "calendarView/delta", "events"):
        query = f"?{WINDOW}" if "View" in path else ""
        assert [e["id"] for e in me.get(f"/me/calendars/{side}/{path}{query}").json()["value"]] == [there]
        assert [e["id"] for e in me.get(f"/me/{path}{query}").json()["value"]] == [here]
    march = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
    assert [e["id"] for e in remote.events_in(TENANT, ADELE, side, *march)] == [there]
    assert {e["id"] for e in remote.events(TENANT, ADELE, *march)} == {here, there}
    remote.remove_calendar(TENANT, ADELE, side)
    assert code(me.get(f"/me/calendars/{side}/events")) == (404, "ErrorItemNotFound")
    assert code(me.get(f"/me/events/{there}")) == (404, "ErrorItemNotFound")


def test_a_locked_calendar_is_read_only(as_user: Callable[..., Me], remote: Microsoft) -> None:
    holidays = remote.add_calendar(TENANT, ADELE, "Holidays", read_only=True)
    day = remote.create_event_in(TENANT, ADELE, holidays, event())["id"]
    me = as_user()
    assert me.get(f"/me/calendars/{holidays}/events/{day}").status_code == 200
    refused = [
        me.post(f"/me/calendars/{holidays}/events", event()),
        me("PATCH", f"/me/events/{day}", json={"subject": "y"}),
        me("DELETE", f"/me/calendars/{holidays}/events/{day}"),
    ]
    assert [code(answer) for answer in refused] == [(403, "ErrorAccessDenied")] * 3
    remote.change_calendar(TENANT, ADELE, holidays, read_only=False, name="Ours")
    assert me.post(f"/me/calendars/{holidays}/events", event()).status_code == 201


@pytest.mark.parametrize("can_edit", [False, True])
def test_a_shared_calendar_is_read_where_it_shows_up_and_written_as_far_as_it_is_shared(
    as_user: Callable[..., Me], remote: Microsoft, graph: Graph, can_edit: bool
) -> None:
    theirs = graph.add_event(BRUNO)
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE, can_edit=can_edit)
    me = as_user()
    for path in (f"calendarView?{WINDOW}", f"calendarView/delta?{WINDOW}", "events"):
        assert [e["id"] for e in me.get(f"/me/calendars/{shared}/{path}").json()["value"]] == [theirs.id]
    assert me.get(f"/me/events/{theirs.id}").status_code == 200
    written = [
        me.post(f"/me/calendars/{shared}/events", event(subject="by Adele")),
        me("PATCH", f"/me/calendars/{shared}/events/{theirs.id}", json={"subject": "by Adele"}),
        me("PATCH", f"/me/events/{theirs.id}", json={"subject": "by Adele"}),
    ]
    assert [answer.status_code for answer in written] == ([201, 200, 200] if can_edit else [403] * 3)
    stored = [e.fields["subject"] for e in graph.tenant.users[BRUNO].mailbox.events.values()]  # type: ignore[union-attr]
    assert stored == (["by Adele"] * 2 if can_edit else ["Review"])
    remote.remove_calendar(TENANT, ADELE, shared)
    assert code(me.get(f"/me/calendars/{shared}/events")) == (404, "ErrorItemNotFound")


def test_at_its_owners_address_a_shared_calendar_needs_the_permission_for_it(
    as_user: Callable[..., Me], remote: Microsoft
) -> None:
    side = remote.add_calendar(TENANT, BRUNO, "Side project")
    remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE, can_edit=True)
    plain, sharing = as_user(), as_user(scopes=SHARED)
    assert code(plain.get(f"/users/{BRUNO}/calendar/events")) == (403, "ErrorAccessDenied")
    assert sharing.get(f"/users/{BRUNO}/calendar/events").status_code == 200
    assert sharing.post(f"/users/{BRUNO}/events", event()).status_code == 201
    assert code(sharing.get(f"/users/{BRUNO}/calendars/{side}/events")) == (403, "ErrorAccessDenied")


def test_who_shares_and_leaves_takes_the_calendar_along(as_user: Callable[..., Me], remote: Microsoft) -> None:
    shared = remote.share_calendar(TENANT, BRUNO, PRIMARY_CALENDAR, ADELE)
    remote.delete_user(TENANT, BRUNO, permanently=True)
    assert [c["id"] for c in as_user().get("/me/calendars").json()["value"]] == [PRIMARY_CALENDAR]
    assert as_user().get(f"/me/calendars/{shared}/events").status_code == 404


def test_a_batch_carries_the_users_token(as_user: Callable[..., Me], remote: Microsoft) -> None:
    side = remote.add_calendar(TENANT, ADELE, "Side project")
    urls = ("/me", "/me/calendars", f"/me/calendars/{side}/calendarView?{WINDOW}", f"/users/{BRUNO}/calendars")
    batch = {"requests": [{"id": url, "method": "GET", "url": url} for url in urls]}
    answers = {a["id"]: a["status"] for a in as_user().post("/$batch", batch).json()["responses"]}
    assert answers == dict(zip(urls, (200, 200, 200, 403), strict=True))


@pytest.fixture
def subscribe(remote: Microsoft, listener: Listener) -> Callable[..., requests.Response]:
    def send(client: Graph, resource: str) -> requests.Response:
        body = {
            "changeType": "created,updated,deleted",
            "notificationUrl": listener.url,
            "lifecycleNotificationUrl": listener.url,
            "resource": resource,
            "expirationDateTime": (remote.now() + timedelta(days=1)).isoformat(),
            "clientState": "s",
        }
        return client.post("/subscriptions", body)

    return send


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
