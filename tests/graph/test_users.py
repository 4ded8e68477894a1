"""Directory users out of Graph's shape, and the filter that looks one up."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import strategies as st

from shared.errors import MicrosoftError
from shared.graph.users import DirectoryPage, _address_filter, directory_page, parse_user
from shared.model import DirectoryUser
from tests.properties import given

ADELE = {
    "id": "u1",
    "displayName": "Adele",
    "mail": "adele@contoso.com",
    "userPrincipalName": "adele@contoso.com",
    "proxyAddresses": ["SMTP:adele@contoso.com", "smtp:av@contoso.com"],
    "userType": "Member",
    "accountEnabled": True,
}
PARSED = DirectoryUser(
    "u1", "Adele", "adele@contoso.com", "adele@contoso.com", ("adele@contoso.com", "av@contoso.com"), False, True
)


def adele(**changed: Any) -> DirectoryUser:
    return parse_user({**ADELE, **changed})


def test_a_user_as_graph_sends_it() -> None:
    assert parse_user(ADELE) == PARSED


def test_an_object_id_is_compared_in_small_letters() -> None:
    """Notifications and look-ups need not write it alike."""
    removed = {"id": "U-3", "@removed": {"reason": "deleted"}}
    assert adele(id="U-1") == replace(PARSED, id="u-1")
    assert directory_page({"value": [removed]}).removed == ("u-3",)


def test_properties_that_were_never_set_are_absent() -> None:
    assert parse_user({"id": "u1"}) == DirectoryUser("u1", "", "")


def test_properties_that_are_null() -> None:
    assert parse_user(dict.fromkeys(ADELE) | {"id": "u1"}) == DirectoryUser("u1", "", "")


GUESTS = {
    "by type": ({"userType": "Guest"}, True),
    "by type in small letters": ({"userType": "guest"}, True),
    "by name": ({"userPrincipalName": "adele_fabrikam.com#EXT#@contoso.onmicrosoft.com"}, True),
    "by name in small letters": ({"userPrincipalName": "a_b.com#ext#@contoso.onmicrosoft.com"}, True),
    "a guest turned into a member keeps the name": (
        {"userPrincipalName": "a_b.com#EXT#@c.onmicrosoft.com", "userType": "Member"},
        True,
    ),
    "a member": ({"userType": "Member"}, False),
    "a type that is null": ({"userType": None}, False),
    "a name with a hash": ({"userPrincipalName": "a#ext@contoso.com"}, False),
}


@pytest.mark.parametrize(("changed", "guest"), GUESTS.values(), ids=GUESTS.keys())
def test_who_is_a_guest(changed: dict[str, Any], guest: bool) -> None:
    assert adele(**changed).is_guest is guest


@pytest.mark.parametrize(("value", "enabled"), [(True, True), (False, False), (None, True)])
def test_who_is_enabled(value: bool | None, enabled: bool) -> None:
    assert adele(accountEnabled=value).is_enabled is enabled


PROXIES = {
    "primary and alias": (["SMTP:a@b", "smtp:c@d"], ("a@b", "c@d")),
    "a blank behind the colon": (["SMTP: a@b "], ("a@b",)),
    "mixed case": (["Smtp:a@b"], ("a@b",)),
    "not mail": (["SIP:a@b", "X500:/o=x", "SPO:SPO_1@SPO_2", "EUM:1", "x400:c=us"], ()),
    "no prefix": (["a@b"], ()),
    "no address": (["SMTP:", "smtp: "], ()),
    "a colon in the address": (["smtp:a:b@c"], ("a:b@c",)),
    "none": ([], ()),
    "null": (None, ()),
}


@pytest.mark.parametrize(("proxies", "expected"), PROXIES.values(), ids=PROXIES.keys())
def test_mail_addresses_among_the_proxy_addresses(proxies: Any, expected: tuple[str, ...]) -> None:
    assert adele(proxyAddresses=proxies).smtp_addresses == expected


LINK = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=opaque"
PAGES = {
    "users, removals and the end": (
        {
            "value": [ADELE, {"id": "u2", "@removed": {"reason": "changed"}}, {"id": "u3", "@removed": {}}],
            "@odata.deltaLink": LINK,
        },
        DirectoryPage((PARSED,), ("u2", "u3"), LINK),
    ),
    "an empty page in the middle": ({"value": [], "@odata.nextLink": "x"}, DirectoryPage((), (), None)),
    "the same user twice": ({"value": [ADELE, ADELE]}, DirectoryPage((PARSED, PARSED), (), None)),
    "a removal that is null": ({"value": [{"id": "u2", "@removed": None}]}, DirectoryPage((), ("u2",), None)),
}


@pytest.mark.parametrize(("page", "expected"), PAGES.values(), ids=PAGES.keys())
def test_a_page_of_changes(page: dict[str, Any], expected: DirectoryPage) -> None:
    assert directory_page(page) == expected


MALFORMED = {
    "no value": {"@odata.deltaLink": LINK},
    "a value that is null": {"value": None},
    "a value that is an object": {"value": {}},
    "an entry that is null": {"value": [None]},
    "an entry without id": {"value": [{"displayName": "x"}]},
    "a removal without id": {"value": [{"@removed": {}}]},
    "a name that is a number": {"value": [{**ADELE, "userPrincipalName": 7}]},
    "a proxy address that is null": {"value": [{**ADELE, "proxyAddresses": [None]}]},
}


@pytest.mark.parametrize("page", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_page_is_no_page_of_few_changes(page: dict[str, Any]) -> None:
    with pytest.raises(MicrosoftError):
        directory_page(page)


FILTERS = {
    "ada@contoso.com": "'ada@contoso.com'",
    "o'neil@contoso.com": "'o''neil@contoso.com'",
    "'@contoso.com": "'''@contoso.com'",
    "' or '1' eq '1": "''' or ''1'' eq ''1'",
    "a+b&c=d#e?f@contoso.com": "'a+b&c=d#e?f@contoso.com'",
    "zoë@contoso.com": "'zoë@contoso.com'",
    "a%27b@contoso.com": "'a%27b@contoso.com'",
}


@pytest.mark.parametrize(("address", "literal"), FILTERS.items())
def test_an_address_cannot_leave_its_literal(address: str, literal: str) -> None:
    written = _address_filter(address)
    assert not set(written) & set("&#?+' /")
    literals = re.findall(r"'(?:[^']|'')*'", unquote(written))
    prefixed = [f"'{prefix}:{literal[1:]}" for prefix in ("smtp", "SMTP")]
    assert literals == [literal, literal, *prefixed]


@given(st.text(st.characters(codec="utf-8")))
def test_a_filter_is_one_query_value_whatever_the_address(address: str) -> None:
    written = _address_filter(address)
    assert quote(unquote(written), safe="") == written
    assert unquote(written).count("'") % 2 == 0
