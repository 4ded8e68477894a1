"""What callers may send: each field's limits, and problems that name the field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.contract.activation_links import LinkInput
from shared.contract.parsing import LARGEST_BODY, parse_body
from shared.contract.people import MemberInput, RosterInput
from shared.errors import InvalidInput, TooLarge
from tests.properties import given

MEMBER = {"name": "Ada", "addresses": ["ada@contoso.com"]}


def refused(body: Any, kind: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as raised:
        parse_body(body if isinstance(body, bytes) else json.dumps(body).encode(), kind)
    return raised.value


ACCEPTED = {
    "a member": MEMBER,
    "with a zone": {**MEMBER, "time_zone": "Europe/Berlin"},
    "with null for a zone": {**MEMBER, "time_zone": None},
    "twenty addresses": {**MEMBER, "addresses": [f"a{n}@contoso.com" for n in range(20)]},
    "a name of 200 characters": {**MEMBER, "name": "é" * 200},
    "an address in another script": {**MEMBER, "addresses": ["zoë@contoso.com"]},
    "the longest address": {**MEMBER, "addresses": ["a" * 64 + "@" + "b" * 255]},
}


@pytest.mark.parametrize("given", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(given: dict[str, Any]) -> None:
    assert parse_body(json.dumps(given).encode(), MemberInput).name == given["name"]


REFUSED = {
    "no name": ({"addresses": ["a@b"]}, "name"),
    "no addresses": ({"name": "Ada"}, "addresses"),
    "an empty name": ({**MEMBER, "name": ""}, "name"),
    "a name of 201 characters": ({**MEMBER, "name": "x" * 201}, "name"),
    "a name that is a number": ({**MEMBER, "name": 1}, "name"),
    "an empty list of addresses": ({**MEMBER, "addresses": []}, "addresses"),
    "21 addresses": ({**MEMBER, "addresses": [f"a{n}@b" for n in range(21)]}, "addresses"),
    "addresses that are a text": ({**MEMBER, "addresses": "a@b"}, "addresses"),
    "an address without @": ({**MEMBER, "addresses": ["ada"]}, "addresses[0]"),
    "an address with two": ({**MEMBER, "addresses": ["a@b@c"]}, "addresses[0]"),
    "an address with a blank": ({**MEMBER, "addresses": ["a b@c"]}, "addresses[0]"),
    "an address with a line break": ({**MEMBER, "addresses": ["a\n@c"]}, "addresses[0]"),
    "an address with a zero byte": ({**MEMBER, "addresses": ["a\0b@c"]}, "addresses[0]"),
    "an address with a control character behind the @": ({**MEMBER, "addresses": ["a@\x7fc"]}, "addresses[0]"),
    "an address with a line break at the end": ({**MEMBER, "addresses": ["a@c\n"]}, "addresses[0]"),
    "an address with a name": ({**MEMBER, "addresses": ["Ada <a@c>"]}, "addresses[0]"),
    "an address of no person": ({**MEMBER, "addresses": ["@c"]}, "addresses[0]"),
    "an address of no domain": ({**MEMBER, "addresses": ["a@"]}, "addresses[0]"),
    "an address too long": ({**MEMBER, "addresses": ["a" * 65 + "@b"]}, "addresses[0]"),
    "an address that is null": ({**MEMBER, "addresses": [None]}, "addresses[0]"),
    "a field nobody knows": ({**MEMBER, "password": "x"}, "password"),
    "a zone that is a number": ({**MEMBER, "time_zone": 1}, "time_zone"),
    "a zone too long": ({**MEMBER, "time_zone": "x" * 65}, "time_zone"),
    "a list": ([MEMBER], None),
    "null": (None, None),
}


@pytest.mark.parametrize(("given", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_naming_the_field(given: Any, field: str | None) -> None:
    assert refused(given, MemberInput).field == field


NO_IDS = ["a" * 65, "-a", ".", "..", "a/b", "a\\b", "a#b", "a?b", "a|b", "a~b", "a b", "a\n", "\n", "é", "a\0"]


@pytest.mark.parametrize("member_id", NO_IDS)
def test_an_id_that_is_no_storage_key_is_refused(member_id: str) -> None:
    assert refused({"members": [{**MEMBER, "id": member_id}]}, RosterInput).field == "members[0].id"


@pytest.mark.parametrize("member_id", ["m-1", "a" * 64, "A.b_c@d:e-f", "7"])
def test_an_id_of_the_platform_is_taken(member_id: str) -> None:
    roster = parse_body(json.dumps({"members": [{**MEMBER, "id": member_id}]}).encode(), RosterInput)
    assert roster.members[0].id == member_id


DOMAINS = ["contoso.com", "x.y.contoso.co.uk", "CONTOSO.com", "1and1.de"]
NO_DOMAINS = ["", "c", ".com", "-x.com", "con toso.com", "contoso.com\n", "a@contoso.com", "contoso.com/x", "ü.de"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_is_taken(domain: str) -> None:
    assert parse_body(json.dumps({"expected_domains": [domain]}).encode(), LinkInput).expected_domains == [domain]


@pytest.mark.parametrize("domain", NO_DOMAINS)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    assert refused({"expected_domains": [domain]}, LinkInput).field == "expected_domains[0]"


@pytest.mark.parametrize(
    ("days", "taken"),
    [(0, False), (1, True), (30, True), (31, False), (7.0, False), (7.5, False), ("7", False), (True, False)],
)
def test_a_link_lives_one_to_thirty_days(days: Any, taken: bool) -> None:
    if taken:
        assert parse_body(json.dumps({"expires_in_days": days}).encode(), LinkInput).expires_in_days == days
    else:
        assert refused({"expires_in_days": days}, LinkInput).field == "expires_in_days"


def test_no_body_is_an_empty_object() -> None:
    assert parse_body(b"", LinkInput) == LinkInput(7, [])
    assert parse_body(b"{}", LinkInput) == LinkInput()


def test_one_links_domains_are_not_anothers() -> None:
    parse_body(b"", LinkInput).expected_domains.append("contoso.com")
    assert parse_body(b"", LinkInput).expected_domains == []


NO_JSON = {
    "a word": b"hello",
    "a form": b"name=Ada",
    "half an object": b'{"name": "Ada"',
    "two objects": b"{}{}",
    "not UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "Ada"}'.encode("utf-16"),
    "deep lists": b"[" * 200_000,
    "deep lists inside": b'{"name": ' + b"[" * 200_000,
    "half a surrogate": b'{"name": "\\ud800"}',
    "NaN": b'{"name": NaN}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON.keys())
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_body(body, MemberInput)


def test_a_body_may_be_large_but_not_too_large() -> None:
    with pytest.raises(InvalidInput):
        parse_body(b" " * LARGEST_BODY, MemberInput)
    with pytest.raises(TooLarge):
        parse_body(b" " * (LARGEST_BODY + 1), MemberInput)


@given(st.binary(), st.sampled_from([MemberInput, RosterInput]))
def test_no_bytes_make_it_raise_anything_else(body: bytes, kind: Any) -> None:
    with pytest.raises(InvalidInput):
        parse_body(body, kind)


def test_the_message_does_not_repeat_what_was_sent() -> None:
    assert "hunter2" not in str(refused({**MEMBER, "addresses": ["hunter2"]}, MemberInput))
