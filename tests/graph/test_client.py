"""The one way to call Graph, against a real server that answers as it is told."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import (
    AccessLost,
    BadRequest,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    StartOver,
    TryLater,
)
from shared.graph.calendar import CalendarViews
from shared.graph.client import Call, GraphClient
from shared.graph.subscriptions import Subscription, Subscriptions
from shared.graph.users import Users
from shared.http import new_session
from shared.model import CalendarKey, MailboxKey, Window
from tests.graph.conftest import Answer, KnownTokens, QueuedServer
from tests.graph.test_calendar import event, utc

HTML = b"<html><body>Sorry</body></html>"


def error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "m"}}


def test_a_call_carries_the_tenants_token_and_an_id_of_its_own(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers += [Answer({"value": 1}), Answer({"value": 2})]
    assert graph.request("t1", "GET", "/users?$top=1") == {"value": 1}
    assert graph.request("t2", "POST", "/subscriptions", {"a": 1}) == {"value": 2}
    first, second = microsoft.asked
    assert (first.method, first.path, first.headers["authorization"]) == (
        "GET",
        "/v1.0/users?$top=1",
        "Bearer token-of-t1",
    )
    assert (second.path, second.body, second.headers["authorization"]) == (
        "/v1.0/subscriptions",
        {"a": 1},
        "Bearer token-of-t2",
    )
    ids = {uuid.UUID(asked.headers["client-request-id"]) for asked in microsoft.asked}
    assert len(ids) == 2


def test_no_content_is_an_empty_object(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers.append(Answer(status=204))
    assert graph.request("t", "DELETE", "/subscriptions/s1") == {}


NOT_JSON = {
    "a page with status 200": Answer(HTML),
    "a list": Answer([1]),
    "a text": Answer("x"),
    "null": Answer(b"null"),
    "half an object": Answer(b'{"value": ['),
    "not UTF-8": Answer(b'{"a": "\xff\xfe"'),
    "not UTF-8 though it says so": Answer(b"\xff\xfe{}", headers={"Content-Type": "application/json; charset=utf-8"}),
    "an encoding nobody knows": Answer(b"{", headers={"Content-Type": "application/json; charset=nonsense"}),
    "compressed, but not really": Answer(b"{}", headers={"Content-Encoding": "gzip"}),
    "nested deeply": Answer(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "a page with status 500": Answer(HTML, 500),
    "a page with status 502": Answer(HTML, 502),
    "nothing with status 503": Answer(None, 503),
    "a reset connection": Answer(reset=True),
}


@pytest.mark.parametrize("answer", NOT_JSON.values(), ids=NOT_JSON.keys())
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_answer_is_tried_later(
    microsoft: QueuedServer, graph: GraphClient, answer: Answer, method: str
) -> None:
    microsoft.answers += [answer] * 3
    with pytest.raises(TryLater):
        graph.request("t", method, "/users")


def test_nobody_there_is_tried_later(tokens: KnownTokens) -> None:
    with new_session() as session, pytest.raises(TryLater):
        GraphClient(session, "http://127.0.0.1:1", tokens).request("t", "POST", "/x")


def test_a_lost_read_is_repeated_at_once_and_a_lost_write_never(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers += [Answer(reset=True), Answer({"value": 1})]
    assert graph.request("t", "GET", "/users") == {"value": 1}
    microsoft.answers += [Answer(reset=True), Answer({"value": 1})]
    with pytest.raises(TryLater):
        graph.request("t", "POST", "/users/u/events", {})
    assert [asked.method for asked in microsoft.asked] == ["GET", "GET", "POST"]


ERRORS = {
    "400": (Answer(error("BadRequest"), 400), BadRequest),
    "403 of the directory": (Answer(error("Authorization_RequestDenied"), 403), AccessLost),
    "403 of Outlook": (Answer(error("ErrorAccessDenied"), 403), MailboxUnreadable),
    "404": (Answer(error("ErrorItemNotFound"), 404), Gone),
    "410": (Answer(error("SyncStateNotFound"), 410, {"Location": "https://graph/x"}), StartOver),
}


@pytest.mark.parametrize(("answer", "kind"), ERRORS.values(), ids=ERRORS.keys())
def test_an_error_is_what_it_means(
    microsoft: QueuedServer, graph: GraphClient, answer: Answer, kind: type[MicrosoftError]
) -> None:
    microsoft.answers.append(answer)
    with pytest.raises(kind):
        graph.request("t", "GET", "/users")
    assert len(microsoft.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_throttling_is_handed_on_at_once_with_its_wait(
    microsoft: QueuedServer, graph: GraphClient, status: int, method: str
) -> None:
    microsoft.answers += [Answer(error("ApplicationThrottled"), status, {"Retry-After": "5"})] * 2
    began = time.monotonic()
    with pytest.raises(TryLater) as raised:
        graph.request("t", method, "/users")
    assert raised.value.retry_after == timedelta(seconds=5)
    assert time.monotonic() - began < 2
    assert len(microsoft.asked) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "InvalidAuthenticationToken"), (403, "Authorization_RequestDenied"), (403, "ErrorAccessDenied")],
)
def test_a_token_that_was_not_enough_is_forgotten(
    microsoft: QueuedServer, graph: GraphClient, tokens: KnownTokens, status: int, code: str
) -> None:
    """It may be older than the permissions, and MSAL would keep it for an hour."""
    microsoft.answers.append(Answer(error(code), status))
    with pytest.raises(MicrosoftError):
        graph.request("t", "GET", "/users")
    assert tokens.forgotten == ["t"]


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_any_other_failure_keeps_the_token(
    microsoft: QueuedServer, graph: GraphClient, tokens: KnownTokens, status: int
) -> None:
    microsoft.answers += [Answer(error("x"), status)] * 3
    with pytest.raises(MicrosoftError):
        graph.request("t", "POST", "/users")
    assert tokens.forgotten == []


def foreign_links(microsoft: QueuedServer, elsewhere: QueuedServer) -> dict[str, str]:
    host = microsoft.url.removeprefix("http://")
    return {
        "another host": f"{elsewhere.url}/v1.0/users",
        "the base as user": f"http://{host}@{elsewhere.url.removeprefix('http://')}/v1.0/users",
        "the base as prefix of a host": f"{microsoft.url}.evil.example/v1.0/users",
        "the base as prefix of a path": f"{microsoft.url}/v1.0evil/users",
        "another version": f"{microsoft.url}/beta/users",
        "the base itself": f"{microsoft.url}/v1.0",
        "another scheme": f"ftp://{host}/v1.0/users",
        "no scheme": f"{host}/v1.0/users",
        "empty": "",
        "a blank in front": f" {microsoft.url}/v1.0/users",
    }


def test_the_token_goes_nowhere_but_to_graph(
    microsoft: QueuedServer, elsewhere: QueuedServer, graph: GraphClient
) -> None:
    for name, link in foreign_links(microsoft, elsewhere).items():
        with pytest.raises(TryLater):
            graph.request("t", "GET", link)
        assert (microsoft.asked, elsewhere.asked) == ([], []), name


def test_a_foreign_next_link_is_not_followed(
    microsoft: QueuedServer, elsewhere: QueuedServer, graph: GraphClient
) -> None:
    microsoft.answers.append(Answer({"value": [1], "@odata.nextLink": f"{elsewhere.url}/v1.0/users"}))
    with pytest.raises(TryLater):
        list(graph.pages("t", "/users"))
    assert elsewhere.asked == []


@pytest.mark.parametrize("path", ["//127.0.0.1:{port}/v1.0/x", "/../../x", "/@127.0.0.1:{port}/x"])
def test_a_relative_address_stays_under_the_base(
    microsoft: QueuedServer, elsewhere: QueuedServer, graph: GraphClient, path: str
) -> None:
    microsoft.answers.append(Answer({}))
    graph.request("t", "GET", path.format(port=elsewhere.server_address[1]))
    assert (len(microsoft.asked), elsewhere.asked) == (1, [])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_somebody_else_is_no_answer_of_graphs(
    microsoft: QueuedServer, elsewhere: QueuedServer, graph: GraphClient, status: int
) -> None:
    microsoft.answers.append(Answer(status=status, headers={"Location": f"{elsewhere.url}/v1.0/users"}))
    elsewhere.answers.append(Answer({"value": []}))
    with pytest.raises(TryLater):
        graph.request("t", "GET", "/users")
    assert elsewhere.asked == []


def test_pages_are_followed_verbatim_to_the_end(microsoft: QueuedServer, graph: GraphClient) -> None:
    link = f"{microsoft.url}/v1.0/users/delta?$skiptoken=a%2Bb%3D&x='y'"
    microsoft.answers += [Answer({"value": [], "@odata.nextLink": link}), Answer({"value": [1]})]
    assert [page["value"] for page in graph.pages("t", "/users/delta")] == [[], [1]]
    assert [asked.path for asked in microsoft.asked] == ["/v1.0/users/delta", link.removeprefix(microsoft.url)]


def item(number: int, status: int = 200, body: Any = None, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": str(number),
        "status": status,
        "headers": headers or {},
        "body": {"n": number} if body is None else body,
    }


def batched(*items: Any) -> Answer:
    return Answer({"responses": list(items)})


CALLS = [Call("GET", f"/users/{number}") for number in range(45)]


def test_an_empty_batch_asks_nothing(microsoft: QueuedServer, graph: GraphClient) -> None:
    assert graph.batch("t", []) == []
    assert microsoft.asked == []


def test_forty_five_calls_are_three_batches_in_order(microsoft: QueuedServer, graph: GraphClient) -> None:
    for size in (20, 20, 5):
        microsoft.answers.append(batched(*(item(number) for number in reversed(range(size)))))
    answers = graph.batch("t", CALLS)
    assert [answer["n"] for answer in answers if isinstance(answer, dict)] == [*range(20), *range(20), *range(5)]
    sent = [asked.body["requests"] for asked in microsoft.asked]
    assert [len(requests) for requests in sent] == [20, 20, 5]
    assert [request["url"] for requests in sent for request in requests] == [call.url for call in CALLS]
    assert all(len({request["id"] for request in requests}) == len(requests) for requests in sent)
    assert [asked.path for asked in microsoft.asked] == ["/v1.0/$batch"] * 3


def test_each_items_failure_stands_in_its_calls_place(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers.append(
        batched(
            item(3, 404, error("MailboxNotEnabledForRESTAPI")),
            item(1, 429, error("ApplicationThrottled"), {"Retry-After": "7"}),
            item(0),
            item(4, 204, None),
            item(5, 424, error("FailedDependency")),
        )
    )
    answers = graph.batch("t", CALLS[:6])
    assert answers[0] == {"n": 0}
    assert isinstance(answers[1], TryLater)
    assert answers[1].retry_after == timedelta(seconds=7)
    assert isinstance(answers[2], TryLater), "missing from the answer"
    assert isinstance(answers[3], MailboxUnreadable)
    assert isinstance(answers[5], TryLater)


DENIALS = {
    # statuses of the items, whether the token is given up
    "all without a token": ([401, 401], True),
    "all denied": ([403, 403], True),
    "each denied in its way": ([401, 403], True),
    "one of two denied": ([403, 200], False),
    "all missing": ([404, 404], False),
    "denied and throttled": ([403, 429], False),
    "all well": ([200, 200], False),
    "no answers": ([], False),
}


@pytest.mark.parametrize(("statuses", "given_up"), DENIALS.values(), ids=DENIALS.keys())
def test_a_batch_denied_altogether_gives_the_token_up(
    microsoft: QueuedServer, graph: GraphClient, tokens: KnownTokens, statuses: list[int], given_up: bool
) -> None:
    microsoft.answers.append(batched(*(item(n, status, error("x")) for n, status in enumerate(statuses))))
    graph.batch("t", CALLS[:2])
    assert tokens.forgotten == (["t"] if given_up else [])


def test_a_body_says_what_it_is(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers.append(batched(item(0), item(1)))
    graph.batch("t", [Call("POST", "/subscriptions", {"a": 1}), Call("DELETE", "/subscriptions/s")])
    assert microsoft.asked[0].body["requests"] == [
        {
            "id": "0",
            "method": "POST",
            "url": "/subscriptions",
            "body": {"a": 1},
            "headers": {"Content-Type": "application/json"},
        },
        {"id": "1", "method": "DELETE", "url": "/subscriptions/s"},
    ]


STRANGE_ITEMS = {
    "no responses": Answer({}),
    "responses that are null": Answer({"responses": None}),
    "responses that are an object": Answer({"responses": {}}),
    "an item that is null": batched(None),
    "an item that is a text": batched("x"),
    "an id that is a number": batched({"id": 0, "status": 200, "body": {}}),
    "an id that is a list": batched({"id": ["0"], "status": 200, "body": {}}),
    "no status": batched({"id": "0", "body": {}}),
    "a status that is a text": batched({"id": "0", "status": "200", "body": {}}),
    "a status that is null": batched({"id": "0", "status": None, "body": {}}),
    "a page": batched(item(0, 502, HTML.decode())),
    "a body of base64 with a status of failure": batched(item(0, 503, "PGh0bWw+")),
    "headers that are null": batched({"id": "0", "status": 429, "headers": None, "body": None}),
    "a wait that is a number": batched(item(0, 429, error("x"), {"Retry-After": 7})),
    "a wait beyond all time": batched(item(0, 429, error("x"), {"Retry-After": "9" * 20})),
}


@pytest.mark.parametrize("answer", STRANGE_ITEMS.values(), ids=STRANGE_ITEMS.keys())
def test_a_strange_batch_answer_is_tried_later(microsoft: QueuedServer, graph: GraphClient, answer: Answer) -> None:
    microsoft.answers.append(answer)
    try:
        answers = graph.batch("t", CALLS[:1])
    except TryLater:
        return
    assert [type(one) for one in answers] == [TryLater]


@pytest.mark.parametrize("body", ["PGh0bWw+", [1], 7], ids=["a text", "a list", "a number"])
def test_a_look_up_that_answers_no_user_is_tried_later(
    microsoft: QueuedServer, graph: GraphClient, body: Any
) -> None:
    microsoft.answers.append(batched(item(0, 200, body)))
    with pytest.raises(TryLater):
        Users(graph).look_up("t", [], ["u1"])


def test_a_look_up_asks_for_addresses_and_ids_and_names_each_user_once(
    microsoft: QueuedServer, graph: GraphClient
) -> None:
    user = {"id": "u1", "userPrincipalName": "ada@contoso.com"}
    microsoft.answers.append(
        batched(item(1, 200, user), item(2, 404, error("Request_ResourceNotFound")), item(0, 200, {"value": [user]}))
    )
    assert [found.id for found in Users(graph).look_up("t", ["ada@contoso.com"], ["u1", "u2"])] == ["u1"]


def test_a_look_up_fails_if_any_part_of_it_does(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers.append(batched(item(0, 200, {"value": []}), item(1, 503, error("x"))))
    with pytest.raises(TryLater):
        Users(graph).look_up("t", ["ada@contoso.com"], ["u1"])


def test_an_address_that_graphs_filter_refuses_leads_to_nobody(microsoft: QueuedServer, graph: GraphClient) -> None:
    ada = {"id": "u1", "userPrincipalName": "ada@contoso.com"}
    microsoft.answers.append(batched(item(0, 400, error("Request_BadRequest")), item(1, 200, {"value": [ada]})))
    assert [found.id for found in Users(graph).look_up("t", ["odd@contoso.com", "ada@contoso.com"], [])] == ["u1"]


def test_a_link_that_graph_calls_wrong_is_void(microsoft: QueuedServer, graph: GraphClient) -> None:
    microsoft.answers.append(Answer(error("Directory_ExpiredPageToken"), 400))
    with pytest.raises(StartOver):
        list(Users(graph).changes("t", f"{microsoft.url}/v1.0/users/delta?$deltatoken=x"))


def test_a_first_round_that_graph_calls_wrong_has_no_link_to_blame(
    microsoft: QueuedServer, graph: GraphClient
) -> None:
    microsoft.answers.append(Answer(error("Request_BadRequest"), 400))
    with pytest.raises(BadRequest):
        list(Users(graph).changes("t", None))


WINDOW = Window(utc("2026-12-08T00:00"), utc("2027-03-10T00:00"))


def test_calendars_are_read_page_by_page_each_completely_or_not_at_all(
    microsoft: QueuedServer, graph: GraphClient
) -> None:
    link = f"{microsoft.url}/v1.0/users/u1/calendarView?$skiptoken=2"
    failing = f"{microsoft.url}/v1.0/users/u2/calendarView?$skiptoken=2"
    microsoft.answers += [
        batched(
            item(2, 200, {"value": []}),
            item(0, 200, {"value": [event()], "@odata.nextLink": link}),
            item(1, 200, {"value": [event()], "@odata.nextLink": failing}),
            item(3, 404, error("MailboxNotEnabledForRESTAPI")),
            item(4, 200, {"value": [{"id": "x"}]}),
            item(5, 200, {"value": [event()], "@odata.nextLink": "https://evil.example/v1.0/x"}),
        ),
        batched(item(1, 503, error("x")), item(0, 200, {"value": [event(showAs="oof")]})),
    ]
    keys = {f"u{n}": CalendarKey(MailboxKey("t", f"u{n}")) for n in range(1, 7)}
    reads = CalendarViews(graph).read("t", keys.values(), WINDOW)
    read = {name: reads[key] for name, key in keys.items()}
    assert isinstance(read["u1"], tuple)
    assert [seen.block and seen.block.status for seen in read["u1"]] == ["busy", "oof"]
    assert read["u3"] == ()
    assert {name: type(read[name]) for name in ("u2", "u4", "u5", "u6")} == {
        "u2": TryLater,
        "u4": MailboxUnreadable,
        "u5": TryLater,
        "u6": TryLater,
    }
    assert [r["url"] for r in microsoft.asked[1].body["requests"]] == [
        "/users/u1/calendarView?$skiptoken=2",
        "/users/u2/calendarView?$skiptoken=2",
    ]


def test_subscriptions_of_ours_are_those_that_notify_us_about_this_tenant(
    microsoft: QueuedServer, graph: GraphClient
) -> None:
    """It is not certain that Graph lists those of one tenant only."""

    def sent(name: str, url: str | None) -> dict[str, Any]:
        return {
            "id": name,
            "resource": f"users/{name}/events",
            "lifecycleNotificationUrl": url,
            "expirationDateTime": "2026-12-08T09:00:00Z",
        }

    urls = ("https://us/l?tenant=t", "https://staging/l?tenant=t", "https://us/l?tenant=other", "https://us/l", None)
    microsoft.answers.append(Answer({"value": [sent(f"s{n}", url) for n, url in enumerate(urls)]}))
    ours = Subscriptions(graph, "https://us/w", "https://us/l", lambda _: "state")
    assert [found.id for found in ours.live("t") if ours.is_ours(MailboxKey("t", "u1"), found)] == ["s0"]


@pytest.mark.parametrize("entry", [{"id": "x"}, {"id": "x", "expirationDateTime": None}, None])
def test_a_malformed_subscription_among_the_live_ones_is_tried_later(
    microsoft: QueuedServer, graph: GraphClient, entry: Any
) -> None:
    microsoft.answers.append(Answer({"value": [entry]}))
    with pytest.raises(TryLater):
        Subscriptions(graph, "https://us/w", "https://us/l", lambda _: "state").live("t")


def test_creating_renewing_and_deleting_subscriptions(microsoft: QueuedServer, graph: GraphClient) -> None:
    made = {"id": "s1", "resource": "users/u1/events", "expirationDateTime": "2026-12-08T09:00:00Z"}
    microsoft.answers += [
        batched(item(0, 201, made), item(1, 409, error("Conflict"))),
        batched(item(0, 200, made), item(1, 404, error("ResourceNotFound"))),
        batched(item(0, 204, ""), item(1, 404, error("ResourceNotFound"))),
    ]
    ours = Subscriptions(graph, "https://us/w", "https://us/l", lambda mailbox: f"state of {mailbox.object_id}")
    now = utc("2026-12-01T09:00")
    created = ours.create("t", ["u1", "u2"], now)
    assert isinstance(created["u1"], Subscription)
    assert type(created["u2"]).__name__ == "AlreadySubscribed"
    renewed = ours.renew("t", {"s1": "u1", "s2": "u2"}, now)
    assert isinstance(renewed["s1"], Subscription)
    assert isinstance(renewed["s2"], Gone)
    deleted = ours.delete("t", dict.fromkeys(["s1", "s2"]))
    assert deleted["s1"] is None
    assert isinstance(deleted["s2"], Gone)
    assert microsoft.asked[0].body["requests"][0]["body"] == {
        "changeType": "created,updated,deleted",
        "notificationUrl": "https://us/w",
        "lifecycleNotificationUrl": "https://us/l?tenant=t",
        "resource": "users/u1/events",
        "expirationDateTime": "2026-12-08T08:50:00Z",
        "clientState": "state of u1",
        "latestSupportedTlsVersion": "v1_2",
    }
