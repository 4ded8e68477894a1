"""What a post of change notifications amounts to: believed or ignored, item by item, and never an exception."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.client_state import ClientState
from shared.lanes import MOST, Lanes
from shared.messages import GROUP, CalendarSync, Reason, encode
from shared.model import MailboxKey
from shared.notifications import LARGEST_POST, Accepted, accept
from tests.properties import given

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
CLIENT_STATE = ClientState([b"k" * 32])
TENANT = "7c5f0000-0000-4000-8000-00000000abcd"
OTHER_TENANT = "7c5f0000-0000-4000-8000-00000000dcba"


def user(number: int) -> str:
    return str(uuid.UUID(int=number))


def item(number: int = 1, tenant: str = TENANT, **changed: Any) -> dict[str, Any]:
    """A change notification as Graph sends it."""
    state = CLIENT_STATE.issue(MailboxKey(tenant, user(number)))
    return {
        "id": "n1",
        "subscriptionId": user(1000 + number),
        "subscriptionExpirationDateTime": "2026-12-08T03:12:18.2257768+05:30",
        "clientState": state,
        "tenantId": tenant,
        "changeType": "updated",
        "resource": f"Users/{user(number)}/Events/AAMk",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAMk"},
        **changed,
    }


def lifecycle(number: int, event: str) -> dict[str, Any]:
    sent = item(number, lifecycleEvent=event)
    return {key: value for key, value in sent.items() if key not in ("id", "changeType", "resource", "resourceData")}


def post(*items: Any) -> bytes:
    return json.dumps({"value": list(items)}).encode()


def accepted(*items: Any) -> Accepted:
    return accept(post(*items), CLIENT_STATE, Lanes(), NOW)


def test_a_notification_makes_its_mailbox_dirty_as_of_now() -> None:
    assert accepted(item(1)) == Accepted(
        (CalendarSync(TENANT, (user(1),), NOW, Reason.NOTIFIED),), believed=1, ignored=0
    )


BELIEVED = {
    "without the fields nobody looks at": {"tenantId": TENANT, "clientState": item(1)["clientState"]},
    "without the nullable fields": item(1, id=None, resourceData=None, lifecycleEvent=None),
    "the tenant in upper case": item(1, tenantId=TENANT.upper()),
    "unknown fields": item(1, encryptedContent={"data": "x"}, organizationId="y"),
    "a deletion": item(1, changeType="deleted"),
    "a change type nobody knows": item(1, changeType="archived"),
    "another spelling of the resource": item(1, resource="users('x')/events('y')"),
    "a resource of somebody else": item(1, resource=f"Users/{user(2)}/Events/AAMk"),
}


@pytest.mark.parametrize("sent", BELIEVED.values(), ids=BELIEVED.keys())
def test_the_client_state_alone_says_whose_it_is(sent: dict[str, Any]) -> None:
    assert accepted(sent) == Accepted(
        (CalendarSync(TENANT, (user(1),), NOW, Reason.NOTIFIED),), believed=1, ignored=0
    )


FORGED = ClientState([b"f" * 32]).issue(MailboxKey(TENANT, user(1)))
IGNORED = {
    "forged": item(1, clientState=FORGED),
    "no client state": item(1, clientState=None),
    "an empty client state": item(1, clientState=""),
    "a client state of another shape": item(1, clientState={"a": 1}),
    "a client state with a line break": item(1, clientState=item(1)["clientState"] + "\n"),
    "another tenant": item(1, tenantId=OTHER_TENANT),
    "no tenant": item(1, tenantId=None),
    "a tenant that is a number": item(1, tenantId=7),
    "an empty tenant": item(1, tenantId=""),
    "a lifecycle event of another shape": item(1, lifecycleEvent=["missed"]),
    "an empty object": {},
    "null": None,
    "a number": 1,
    "a text": "x",
    "a list": [item(1)],
    "true": True,
    "the validation of an event hub": {"subscriptionId": "NA", "tenantId": ""},
}


@pytest.mark.parametrize("sent", IGNORED.values(), ids=IGNORED.keys())
def test_ignored(sent: Any) -> None:
    assert accepted(sent) == Accepted((), believed=0, ignored=1)


@pytest.mark.parametrize("sent", IGNORED.values(), ids=IGNORED.keys())
def test_the_genuine_items_beside_it_are_believed(sent: Any) -> None:
    found = accepted(item(1), sent, item(2))
    assert found == Accepted((CalendarSync(TENANT, (user(1), user(2)), NOW, Reason.NOTIFIED),), believed=2, ignored=1)


def test_a_mailbox_named_often_is_one_piece_of_work() -> None:
    found = accepted(item(1), item(1, changeType="deleted"), item(2), item(1, changeType="created"))
    assert found.messages == (CalendarSync(TENANT, (user(1), user(2)), NOW, Reason.NOTIFIED),)
    assert found.believed == 4


LIFECYCLE = {
    "reauthorizationRequired": Reason.REAUTHORIZE,
    "subscriptionRemoved": Reason.REMOVED,
    "missed": Reason.NOTIFIED,
    "unheardOf": Reason.NOTIFIED,
    "": Reason.NOTIFIED,
}


@pytest.mark.parametrize(("event", "reason"), LIFECYCLE.items(), ids=LIFECYCLE)
def test_a_lifecycle_notification_asks_for_what_it_says_or_for_a_read(event: str, reason: Reason) -> None:
    assert accepted(lifecycle(1, event)).messages == (CalendarSync(TENANT, (user(1),), NOW, reason),)


def test_a_tenant_that_tells_much_goes_through_the_bulk_queue() -> None:
    crowd = [item(number) for number in range(MOST + 1)]
    found = accepted(item(1, tenant=OTHER_TENANT), *crowd)
    assert {(message.tenant, message.bulk) for message in found.messages} == {(TENANT, True), (OTHER_TENANT, False)}


def test_changes_and_lifecycle_of_several_tenants_in_one_post() -> None:
    removed = [lifecycle(number, "subscriptionRemoved") for number in (1, 2)]
    found = accepted(item(1), removed[0], item(1, tenant=OTHER_TENANT), removed[1], lifecycle(1, "missed"))
    assert set(found.messages) == {
        CalendarSync(TENANT, (user(1),), NOW, Reason.NOTIFIED),
        CalendarSync(TENANT, (user(1), user(2)), NOW, Reason.REMOVED),
        CalendarSync(OTHER_TENANT, (user(1),), NOW, Reason.NOTIFIED),
    }


def test_a_thousand_items_are_fifty_messages_that_fit_a_queue() -> None:
    found = accepted(*(item(number) for number in range(1000)))
    assert found.believed == 1000
    assert [len(message.mailboxes) for message in found.messages] == [GROUP] * 50
    assert sorted(m for message in found.messages for m in message.mailboxes) == [user(n) for n in range(1000)]
    assert max(len(encode(message)) for message in found.messages) < 48 * 1024


GENUINE = post(item(1))
NOTHING = {
    "nothing": b"",
    "blanks": b"  \n",
    "a page": b"<html><body>Bad gateway</body></html>",
    "null": b"null",
    "a list": b"[" + GENUINE + b"]",
    "an object without items": b"{}",
    "items that are null": b'{"value": null}',
    "items that are an object": b'{"value": {}}',
    "items that are a text": b'{"value": "x"}',
    "no items": b'{"value": []}',
    "cut off": GENUINE[:-1],
    "something behind it": GENUINE + b"x",
    "twice": GENUINE + GENUINE,
    "with a byte order mark": b"\xef\xbb\xbf" + GENUINE,
    "in another encoding": GENUINE.decode().encode("utf-16"),
    "not UTF-8": b'{"value": ["\xff\xfe"]',
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "too large": b'{"value": []' + b" " * LARGEST_POST + b"}",
    "too large though genuine": GENUINE + b" " * LARGEST_POST,
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING.keys())
def test_a_post_that_is_none_asks_for_nothing(body: bytes) -> None:
    assert accept(body, CLIENT_STATE, Lanes(), NOW) == Accepted((), believed=0, ignored=0)


HOSTILE = {
    "nested deeply": '{"tenantId": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "nested deeply in a field nobody reads": '{"x": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "not UTF-8 inside": '{"tenantId": "\udcff"}',
    "half a surrogate": '{"tenantId": "\\ud800"}',
    "a huge number": '{"tenantId": 1e999999}',
    "a number of many digits": '{"tenantId": ' + "9" * 10_000 + "}",
    "the same field twice": '{"tenantId": null, "tenantId": 1}',
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_item_does_not_raise_nor_pass(hostile: str) -> None:
    body = b'{"value": [' + hostile.encode(errors="surrogateescape") + b"]}"
    assert accept(body, CLIENT_STATE, Lanes(), NOW).messages == ()


@given(st.binary())
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert accept(body, CLIENT_STATE, Lanes(), NOW).messages == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["tenantId", "clientState", "lifecycleEvent", "resource"]), anything))
def test_no_value_in_a_field_makes_it_raise_or_hides_its_neighbour(fields: dict[str, Any]) -> None:
    assert accepted(fields, item(1)).messages == (CalendarSync(TENANT, (user(1),), NOW, Reason.NOTIFIED),)


@given(st.lists(st.integers(0, 60)))
def test_the_messages_are_exactly_the_mailboxes_named_each_once(numbers: list[int]) -> None:
    found = accepted(*map(item, numbers))
    named = [mailbox for message in found.messages for mailbox in message.mailboxes]
    assert sorted(named) == sorted({user(number) for number in numbers})
    assert found.believed == len(numbers)
