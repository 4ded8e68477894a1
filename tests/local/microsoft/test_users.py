"""The directory: facts, sections 4.1 and 4.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE

Get = Callable[..., requests.Response]
FIELDS = "id,displayName,mail,userPrincipalName,proxyAddresses,userType,accountEnabled"


def names(response: requests.Response) -> set[str]:
    return {user["displayName"] for user in response.json()["value"]}


def test_without_select_the_default_properties_come(graph: Get) -> None:
    user = graph("/users?$top=1").json()["value"][0]
    assert {"id", "displayName", "mail", "userPrincipalName", "businessPhones"} <= user.keys()
    assert not {"proxyAddresses", "userType", "accountEnabled"} & user.keys()


def test_select_brings_exactly_what_it_names(graph: Get) -> None:
    user = graph(f"/users?$select={FIELDS}&$filter=id eq '{user_id(graph, ADELE)}'").json()["value"][0]
    assert set(user) == set(FIELDS.split(","))
    assert user["proxyAddresses"] == [f"SMTP:{ADELE}"]
    assert (user["userType"], user["accountEnabled"]) == ("Member", True)


def user_id(graph: Get, upn: str) -> str:
    return str(graph(f"/users/{upn}").json()["id"])


def test_pages_together_hold_everybody_once(graph: Get, world: World) -> None:
    link: str | None = "/users?$select=id&$top=10"
    seen: list[str] = []
    sizes = []
    while link:
        body = graph(link).json()
        sizes.append(len(body["value"]))
        seen += [user["id"] for user in body["value"]]
        link = body.get("@odata.nextLink")
    present = [user.id for user in world.tenants[CONTOSO].users.values() if user.deleted_at is None]
    assert sorted(seen) == sorted(present)
    assert set(sizes[:-1]) == {10}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("userPrincipalName eq 'ADELE.vance@contoso.com'", {"Adele Vance"}),
        ("mail eq 'sam@northwind-consulting.com'", {"Sam Foreign"}),
        ("mail eq null", {"Nora Nomail"}),
        ("proxyAddresses/any(p:p eq 'smtp:ALMA@contoso.com')", {"Alma Alias"}),
        ("proxyAddresses/any(x:x eq 'smtp:jordan@contoso.com')", {"Jordan Two"}),
        ("proxyAddresses/any(p:startswith(p,'smtp:alma'))", {"Alma Alias"}),
        ("startswith(displayName,'jordan')", {"Jordan One", "Jordan Two"}),
        ("startswith(userPrincipalName,'tlee@') or mail eq 'adele.vance@contoso.com'", {"Tom Lee", "Adele Vance"}),
        ("userType eq 'Guest'", {"Gina Guest"}),
        ("accountEnabled eq false and (mail eq 'reception@contoso.com' or mail eq 'x')", {"Reception"}),
        ("displayName eq 'Ren O''Brien <b>&'", {"Ren O'Brien <b>&"}),
        ("mail in ('adele.vance@contoso.com', 'bram.de.vries@contoso.com')", {"Adele Vance", "Bram de Vries"}),
        ("mail eq 'nobody@contoso.com'", set()),
    ],
)
def test_filters_find(graph: Get, text: str, expected: set[str]) -> None:
    assert names(graph("/users?$filter=" + requests.utils.quote(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "mail",
        "mail eq",
        "mail eq 'x",
        "mail eq 'x' or",
        "(mail eq 'x'",
        "nothing eq 'x'",
        "mail eq x",
        "mail lt 'x'",
        "%24",
    ],
)
def test_filters_that_make_no_sense_are_refused(graph: Get, text: str) -> None:
    assert graph("/users?$filter=" + requests.utils.quote(text)).status_code == 400


def test_advanced_filters_need_eventual_consistency_and_count(graph: Get) -> None:
    address = "/users?$count=true&$filter=" + requests.utils.quote("endswith(mail,'@northwind-consulting.com')")
    refused = graph(address)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    found = graph(address, ConsistencyLevel="eventual").json()
    assert (found["@odata.count"], len(found["value"])) == (1, 1)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("$select=mailboxSettings", 501),
        ("$select=nonsense", 400),
        ("$top=0", 400),
        ("$top=1000", 400),
        ("$top=x", 400),
        ("$skip=5", 400),
        ("$skiptoken=bogus", 400),
    ],
)
def test_unsupported_queries_are_refused(graph: Get, query: str, status: int) -> None:
    assert graph("/users?" + query).status_code == status


def test_deleted_users_are_not_there(graph: Get, world: World) -> None:
    leo = next(u for u in world.tenants[CONTOSO].users.values() if u.display_name == "Leo Left")
    answer = graph(f"/users/{leo.id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_another_tenants_users_are_not_there(graph: Get) -> None:
    assert graph("/users/alex.wilber@fabrikam.com").status_code == 404
    assert names(graph("/users?$filter=mail eq 'alex.wilber@fabrikam.com'")) == set()


def test_an_app_has_no_me(graph: Get) -> None:
    assert graph("/me").status_code in (400, 403)


def test_the_organization_needs_a_permission_of_its_own(graph: Get, world: World) -> None:
    answer = graph("/organization")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_the_organization_lists_the_verified_domains(
    remote: Microsoft, microsoft: Simulator, session: requests.Session, msal_app: Any
) -> None:
    remote.grant_consent(CONTOSO, ["Organization.Read.All", "MailboxSettings.Read"])
    token = msal_app().acquire_token_for_client(["https://graph.microsoft.com/.default"])["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    organization = session.get(f"{microsoft.https_url}/v1.0/organization", headers=headers).json()["value"][0]
    assert [domain["name"] for domain in organization["verifiedDomains"]] == [
        "contoso.com", "contoso.onmicrosoft.com", "contoso.nl",
    ]  # fmt: skip
    settings = session.get(
        f"{microsoft.https_url}/v1.0/users/board.room@contoso.com/mailboxSettings", headers=headers
    )
    assert (settings.json()["userPurpose"], settings.json()["timeZone"]) == ("room", "W. Europe Standard Time")


def test_mailbox_settings_need_their_permission_and_a_mailbox(graph: Get, microsoft: Simulator, world: World) -> None:
    assert graph(f"/users/{ADELE}/mailboxSettings").json()["error"]["code"] == "ErrorAccessDenied"


def test_a_null_mail_is_null_in_lists(graph: Get) -> None:
    assert graph("/users/nora.nomail@contoso.com?$select=mail,proxyAddresses").json()["mail"] is None
