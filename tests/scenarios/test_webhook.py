"""Graph's posts: believed by their client state alone, answered at once, lost never."""

import uuid

import pytest
import requests

from local.client import wait_for
from local.stack import Stack
from tests.scenarios.company import Company, waits


def post(company: Company, body: bytes | object, path: str = "/webhooks/graph") -> requests.Response:
    raw = {"data": body} if isinstance(body, bytes) else {"json": body}
    return requests.post(f"{company.stack.url}{path}", timeout=30, **raw)


def genuine_item(company: Company, name: str) -> dict[str, str]:
    """A notification as Graph would send it for somebody's mailbox."""
    user = company.microsoft.user(company.tenant, f"{name}@{company.domain}")["id"]
    world = company.stack.microsoft.world
    found = next(s for s in world.subscriptions.values() if s.user_id == user and not s.removed)
    return {
        "subscriptionId": found.id, "clientState": found.fields["clientState"], "tenantId": company.tenant,
        "changeType": "updated", "resource": f"Users/{user}/Events/x",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/webhooks/graph", "/webhooks/graph/lifecycle"])
def test_the_handshake_is_answered_as_plain_text(stack: Stack, path: str) -> None:
    token = "Validation: Testing client application reachability for subscription Request-Id: 1+2/3=&é"
    answer = requests.post(f"{stack.url}{path}", params={"validationToken": token}, timeout=10)
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_a_handshake_with_markup_is_inert(stack: Stack) -> None:
    token = "<script>alert(1)</script>"
    answer = requests.post(f"{stack.url}/webhooks/graph", params={"validationToken": token}, timeout=10)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


RUBBISH = {
    "nothing": b"", "not JSON": b"{", "a list": b"[]", "null": b"null", "value is null": b'{"value":null}',
    "value is text": b'{"value":"x"}', "items of every kind": b'{"value":[null,1,"x",[],{}]}',
    "not UTF-8": b'{"value":["\xff"]}', "nested": b'{"value":' + b"[" * 50_000, "huge": b" " * (9 * 1024 * 1024),
}  # fmt: skip


@pytest.mark.parametrize("body", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_answered_like_anything_else(stack: Stack, body: bytes) -> None:
    answer = requests.post(f"{stack.url}/webhooks/graph", data=body, timeout=30)
    assert (answer.status_code, answer.content) == (202, b"")


def test_forged_items_cause_no_request(connected: Company) -> None:
    item = genuine_item(connected, "ann")
    last = item["clientState"][-1]
    forged = [
        item | {"clientState": item["clientState"][:-1] + ("A" if last != "A" else "B")},
        item | {"clientState": ""}, item | {"clientState": None}, item | {"tenantId": str(uuid.uuid4())},
    ]  # fmt: skip
    before = len(connected.calendar_requests())
    assert post(connected, {"value": forged}).status_code == 202
    assert wait_for(lambda: len(connected.calendar_requests()) > before, 1.5) is None


def test_good_items_beside_bad_ones_are_carried_out(connected: Company) -> None:
    before = len(connected.calendar_requests())
    items = [None, {"tenantId": 1}, genuine_item(connected, "ann"), {"clientState": "x", "tenantId": "y"}]
    assert post(connected, {"value": items}).status_code == 202
    assert waits(lambda: len(connected.calendar_requests()) == before + 1)


def test_a_thousand_items_for_one_mailbox_are_one_read(connected: Company) -> None:
    before = len(connected.calendar_requests())
    assert post(connected, {"value": [genuine_item(connected, "ann")] * 1000}).status_code == 202
    assert waits(lambda: len(connected.calendar_requests()) > before)
    assert wait_for(lambda: len(connected.calendar_requests()) > before + 1, 1.5) is None


def test_what_graph_dropped_is_seen_with_the_next_change(connected: Company) -> None:
    """Held for dropping, Graph tells nothing; held for healthy again, it tells."""
    held = connected.microsoft.hold_endpoints("drop")["endpoints"]
    assert [one["state"] for one in held if one["url"].endswith("/webhooks/graph")] == ["drop"]
    connected.meet("ann")
    assert wait_for(lambda: connected.busy("ann")["busy"] != [], 1) is None
    connected.microsoft.hold_endpoints("healthy")
    connected.meet("ann", hour=15)
    assert connected.becomes_true("ann")
    assert len(connected.busy("ann")["busy"]) == 2
