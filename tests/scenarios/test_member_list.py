"""What an admin finds among many members: filters, search, pages and the table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.data.tables import TableServiceClient

from local.stack import Stack
from shared.functions.cursors import cursor_of
from shared.model import (
    Connection,
    ConnectionStatus,
    Mailbox,
    MailboxKey,
    Member,
    MemberKey,
    OwnConnection,
    own_mailbox,
)
from tests.scenarios.company import Company, Json

NOW = datetime(2026, 12, 9, 12, tzinfo=UTC)
S = ConnectionStatus
STATES = [S.CONNECTED, S.CONNECTED, S.CONNECTED, S.STALE, S.NOT_MATCHED, None, S.AMBIGUOUS]
"""Of one member after the other; None has no connection."""
ODD = {
    "a.b": "Zoe\u0308 O'Brien <b>",
    "a:b@c-d_e": '=HYPERLINK("http://evil.example")',
    "A1": "会社 太郎",
    "a1": 'Say "hello", \\ and\na line',
    "10": "100% & more; #1 + 1",
    "9": "STRASSE",
}
OWN = [S.CONNECTED, None, S.RECONNECT_REQUIRED, None, S.USER_DISCONNECTED]
"""Of accounts of their own; the last is over, and only still to be told of."""
NAMES = ODD | {f"m{number:03}": f"Member {number}" for number in range(120)}


@pytest.fixture(scope="module")
def crowd(stack: Stack) -> Company:
    """Many members in all kinds of states, written where the product keeps them."""
    company = Company(stack, "crowd")
    tables, one, two = company.services().tables, f"{company.org}-one", f"{company.org}-two"
    people = [Member(key, name, (f"{key.strip('@')}@x.example",)) for key, name in NAMES.items()]
    tables.members.save_all(company.org, ((None, person.id, person) for person in people))
    connections = [
        connection(key, state, two if number % 2 else one)
        for number, key in enumerate(sorted(NAMES))
        if (state := STATES[number % len(STATES)])
    ]
    gone = connection("m0005", S.AMBIGUOUS, one)
    tables.connections.save_all(company.org, ((None, one.member, one) for one in [*connections, gone]))
    own = [
        own_connection(company, key, state)
        for number, key in enumerate(sorted(NAMES))
        if (state := OWN[number % len(OWN)])
    ]
    tables.own_connections.save_all(company.org, ((None, one.member, one) for one in own))
    for tenant in (one, two):
        read = [one.active_mailbox for one in connections if one.active_mailbox and one.tenant_id == tenant]
        tables.mailboxes.insert_all(tenant, (mailbox(company, key) for key in read))
    return company


def connection(key: str, state: ConnectionStatus, tenant: str) -> Connection:
    if state in (S.NOT_MATCHED, S.AMBIGUOUS):
        return Connection(key, state, NOW, "several_users" if state is S.AMBIGUOUS else None)
    return Connection(key, state, NOW, None, tenant, f"object-{key}", f"{key}@mailbox.example")


def own_connection(company: Company, key: str, state: ConnectionStatus) -> OwnConnection:
    account = MailboxKey("their-tenant", f"their-object-{key}")
    owner = MemberKey(company.org, key)
    return OwnConnection(key, own_mailbox(owner), account, f"secret-{key}@outlook.example", 1, state, NOW)


def mailbox(company: Company, key: MailboxKey) -> Mailbox:
    who = MemberKey(company.org, key.object_id.removeprefix("object-"))
    return Mailbox(key, (who,), read_at=NOW, due_at=NOW + timedelta(days=3650))


def pages(company: Company, **query: str) -> Iterator[list[Json]]:
    cursor: str | None = ""
    while cursor is not None:
        answer = company.admin.call("GET", "/api/outlook/members", **query, **({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page["members"]
        cursor = page["next"]


def found(company: Company, **query: str) -> list[str]:
    return [member["id"] for page in pages(company, limit="200", **query) for member in page]


def test_everybody_is_listed_once_in_order_with_all_that_is_known(crowd: Company) -> None:
    everybody = [member for page in pages(crowd, limit="50") for member in page]
    assert [member["id"] for member in everybody] == sorted(NAMES)
    assert {member["id"]: member["name"] for member in everybody} == NAMES
    expected = [(STATES[number % len(STATES)] or S.NOT_MATCHED).value for number in range(len(NAMES))]
    assert [member["state"] for member in everybody] == expected
    shown = [None if state is S.USER_DISCONNECTED else state for state in OWN]
    assert [member["own_state"] for member in everybody] == [shown[n % len(OWN)] for n in range(len(NAMES))]
    assert "secret" not in str(everybody)
    assert "their-" not in str(everybody)
    bound = next(member for member in everybody if member["state"] == "connected")
    assert bound["mailbox"] == f"{bound['id']}@mailbox.example"
    assert bound["source"] == "admin_managed"
    assert datetime.fromisoformat(bound["last_read"]) == NOW
    assert datetime.fromisoformat(bound["next_due"]) == NOW + timedelta(days=3650)
    unbound = next(member for member in everybody if member["state"] == "ambiguous")
    assert [unbound[name] for name in ("source", "mailbox", "tenant", "last_read", "next_due")] == [None] * 5
    assert "more than one directory user" in unbound["state_text"]


FILTERS: dict[str, dict[str, str]] = {
    "everybody": {},
    "a common state": {"state": "connected"},
    "a state some are in because nobody looked for them": {"state": "not_matched"},
    "a state nobody is in": {"state": "throttled"},
    "a state a removed member was in": {"state": "ambiguous"},
    "a tenant": {"tenant": "one"},
    "a tenant and a state": {"tenant": "two", "state": "stale"},
    "a tenant and a state that has none": {"tenant": "one", "state": "not_matched"},
    "text": {"q": "MEMBER 1"},
    "text and a state": {"q": "member 1", "state": "connected"},
    "text, a tenant and a state": {"q": "@mailbox.example", "tenant": "one", "state": "connected"},
    "text nobody has": {"q": "nobody at all"},
    "the address of somebody's own account": {"q": "@outlook.example"},
    "a state of own accounts": {"own_state": "connected"},
    "an own account that is over": {"own_state": "user_disconnected"},
    "states of both": {"own_state": "reconnect_required", "state": "not_matched"},
    "a state of own accounts, a tenant and text": {"own_state": "connected", "tenant": "two", "q": "member 1"},
}


def wanted(member: Json, asked: dict[str, str]) -> bool:
    readable = " ".join([member["id"], member["name"], *member["addresses"], member["mailbox"] or ""]).casefold()
    return (
        asked.get("state", member["state"]) == member["state"]
        and asked.get("own_state", member["own_state"]) == member["own_state"]
        and (member["tenant"] or "").endswith(asked.get("tenant", ""))
        and asked.get("q", "").casefold() in readable
    )


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("asked", FILTERS.values(), ids=FILTERS)
def test_filters_combine_and_pages_are_full(crowd: Company, asked: dict[str, str], limit: int) -> None:
    if limit == 1 and len(asked) < 2:
        limit = 3  # one by one where few are found
    expected = [member["id"] for page in pages(crowd, limit="200") for member in page if wanted(member, asked)]
    query = asked | ({"tenant": f"{crowd.org}-{asked['tenant']}"} if "tenant" in asked else {})
    sizes, ids = [], []
    for page in pages(crowd, limit=str(limit), **query):
        sizes.append(len(page))
        ids += [member["id"] for member in page]
    assert ids == expected
    assert set(sizes[:-1]) <= {limit}
    assert sizes[-1] > 0 or not expected


SEARCHES = {
    "an accent written in two characters": ("zoë o'BRIEN <B>", ["a.b"]),
    "an accent in one": ("zoe\u0308", ["a.b"]),
    "a sharp s": ("straße", ["9"]),
    "another script": ("太郎", ["A1"]),
    "quotes and backslashes": ('"HELLO", \\', ["a1"]),
    "a line break": ("and\na", ["a1"]),
    "what addresses and OData would make something of": ("100% & more; #1 + 1", ["10"]),
    "OData": ("' or PartitionKey ne '", []),
    "a formula": ("=hyperlink(", ["a:b@c-d_e"]),
    "an id": ("M007", ["m007"]),
    "an address": ("m007@x.", ["m007"]),
    "with blanks around": ("  strasse ", ["9"]),
}


@pytest.mark.parametrize(("text", "ids"), SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_what_a_reader_would(crowd: Company, text: str, ids: list[str]) -> None:
    assert found(crowd, q=text) == ids


REFUSED = {
    "an unknown state": ({"state": "happy"}, "state"),
    "an unknown state of own accounts": ({"own_state": "happy"}, "own_state"),
    "no members": ({"limit": "0"}, "limit"),
    "too many": ({"limit": "201"}, "limit"),
    "limit as text": ({"limit": "some"}, "limit"),
    "a long text": ({"q": "x" * 201}, "q"),
    "an unknown parameter": ({"page": "2"}, "page"),
    "a made up cursor": ({"cursor": "!!!"}, "cursor"),
    "a cursor of something else": ({"cursor": "Jw"}, "cursor"),
}


@pytest.mark.parametrize(("query", "field"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused_by_name(crowd: Company, query: dict[str, str], field: str) -> None:
    answer = crowd.admin.call("GET", "/api/outlook/members", **query)
    assert (answer.status_code, answer.json().get("field")) == (400, field)


def test_a_cursor_of_another_organization_or_question_is_only_a_place_among_ones_own(
    crowd: Company, untouched: Company
) -> None:
    cursor = crowd.admin.call("GET", "/api/outlook/members", limit="3").json()["next"]
    theirs = untouched.admin.call("GET", "/api/outlook/members", cursor=cursor).json()
    assert {member["id"] for member in theirs["members"]} <= {"ann", "ben"}
    assert theirs["next"] is None
    here = crowd.admin.call("GET", "/api/outlook/members", cursor=cursor_of("m100"), state="stale").json()["members"]
    assert [member["id"] for member in here] == [key for key in found(crowd, state="stale") if key > "m100"]


def test_members_who_come_and_go_move_nobody_else(stack: Stack) -> None:
    company = Company(stack, "moving")
    members = company.services().tables.members
    members.save_all(company.org, ((None, key, Member(key, key, ("x@y.example",))) for key in "bdfhj"))
    seen, turns = [], iter([("d", "g"), ("f", "e"), ("j", "k")])
    for page in pages(company, limit="2"):
        seen += [member["id"] for member in page]
        removed, added = next(turns)
        members.delete(company.org, removed)
        members.put(company.org, added, Member(added, added, ("x@y.example",)))
    assert seen == list("bdfghj")


def table_of(company: Company, **query: str) -> list[dict[str, str]]:
    answer = requests.get(
        f"{company.stack.url}/api/outlook/members", params=query, timeout=30,
        headers={"Authorization": f"Bearer {company.token('admin')}", "Accept": "text/csv"},
    )  # fmt: skip
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_table_for_spreadsheets_has_everybody_and_no_formula(crowd: Company) -> None:
    rows = table_of(crowd)
    assert [row["id"] for row in rows] == sorted(NAMES)
    names = {row["id"]: row["name"] for row in rows}
    assert names == NAMES | {"a:b@c-d_e": "'" + NAMES["a:b@c-d_e"]}
    listed = {member["id"]: member for page in pages(crowd, limit="200") for member in page}
    for row in rows:
        member = listed[row["id"]]
        assert set(row) == set(member)
        assert row["own_instead"] == "false"
        for name in ("state", "tenant", "mailbox", "source", "last_read", "next_due", "own_state", "own_changed_at"):
            assert row[name] == (member[name] or "")


def test_the_table_for_spreadsheets_follows_the_filters(crowd: Company) -> None:
    query = {"q": "member 1", "state": "connected"}
    assert [row["id"] for row in table_of(crowd, **query)] == found(crowd, **query)


def test_the_overview_counts_what_the_list_shows(crowd: Company) -> None:
    answer = crowd.admin.call("GET", "/api/outlook").json()
    states = Counter(member["state"] for page in pages(crowd, limit="200") for member in page)
    assert answer["states"] == {state.value: states[state.value] for state in ConnectionStatus}
    assert answer["members"] == len(NAMES)
    assert answer["needing_attention"] == states["not_matched"] + states["ambiguous"]
    own = Counter(member["own_state"] for page in pages(crowd, limit="200") for member in page if member["own_state"])
    assert (answer["own_states"], answer["own_needing_attention"]) == (own, own["reconnect_required"])
    assert answer["tenants"] == []
    assert answer["next_step"] == "Make an activation link for the Microsoft admin."


def test_a_connected_members_calendar_has_a_last_and_a_next_read(untouched: Company) -> None:
    (ann,) = (member for page in pages(untouched, q="ann@") for member in page)
    assert (ann["state"], ann["tenant"], ann["source"]) == ("connected", untouched.tenant, "admin_managed")
    assert datetime.fromisoformat(ann["last_read"]) < datetime.now(UTC) < datetime.fromisoformat(ann["next_due"])
    answer = untouched.admin.call("GET", "/api/outlook").json()
    assert (answer["members"], answer["states"]["connected"]) == (2, 2)
    assert (answer["tenants"][0]["status"], answer["next_step"]) == ("connected", "Nothing to do.")


def test_a_broken_mailbox_row_hides_nobody(stack: Stack) -> None:
    company = Company(stack, "broken")
    tables, tenant = company.services().tables, f"{company.org}-t"
    tables.members.put(company.org, "ann", Member("ann", "Ann", ("ann@x.example",)))
    known = replace(connection("ann", S.CONNECTED, tenant), object_id="o")
    tables.connections.put(company.org, "ann", known)
    tables.mailboxes.insert_all(tenant, [mailbox(company, MailboxKey(tenant, "o"))])
    service = TableServiceClient.from_connection_string(stack.azurite.connection_string)
    service.get_table_client("Mailboxes").update_entity({"PartitionKey": tenant, "RowKey": "o", "json0": "rubbish"})
    (ann,) = (member for page in pages(company) for member in page)
    assert (ann["state"], ann["last_read"]) == ("connected", None)


def test_few_of_a_state_are_found_among_many(stack: Stack) -> None:
    company = Company(stack, "sparse")
    keys = [f"m{number:04}" for number in range(400)]
    rare = [keys[1], keys[2], keys[250], keys[399]]
    tables = company.services().tables
    tables.members.save_all(company.org, ((None, key, Member(key, key, ("x@y.example",))) for key in keys))
    gone = connection("m0300x", S.AMBIGUOUS, "t")
    ambiguous = [*(connection(key, S.AMBIGUOUS, "t") for key in rare), gone]
    tables.connections.save_all(company.org, ((None, one.member, one) for one in ambiguous))
    assert found(company, state="ambiguous") == rare
    assert [[member["id"] for member in page] for page in pages(company, state="ambiguous", limit="3")] == [
        rare[:3],
        rare[3:],
    ]
    assert found(company, state="ambiguous", q="m0399") == [keys[399]]
