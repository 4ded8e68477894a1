"""Personal Microsoft accounts: ids, tokens, what Graph gives them and what not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests

from local.microsoft.browser import PageShownError, walk
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import ControlError, Microsoft
from local.microsoft.server import Simulator

from .conftest import SignIn, authorize_url, callback

PETRA, FRED, NILS = "petra.personal@outlook.com", "fred@freelance.example", "nils@elsewhere.example"
Redeem = Callable[..., requests.Response]
Call = Callable[..., requests.Response]


@pytest.fixture
def call(microsoft: Simulator, session: requests.Session, msal_sign_in: SignIn) -> Call:
    """Graph as a personal account."""
    tokens: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, upn: str = PETRA) -> requests.Response:
        if upn not in tokens:
            tokens[upn] = msal_sign_in(upn, "common")["access_token"]
        headers = {"Authorization": f"Bearer {tokens[upn]}"}
        return session.request(method, f"{microsoft.https_url}/v1.0{path}", json=body, headers=headers)

    return send


def test_the_id_token_names_the_tenant_of_all_and_an_id_of_sixteen_digits(
    microsoft: Simulator, session: requests.Session, msal_sign_in: SignIn
) -> None:
    token = msal_sign_in(PETRA, "common")["id_token"]
    document = session.get(f"{microsoft.https_url}/consumers/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(session.get(document["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID, issuer=document["issuer"])
    assert (claims["tid"], claims["iss"]) == (PERSONAL_TENANT, f"{microsoft.https_url}/{PERSONAL_TENANT}/v2.0")
    assert re.fullmatch(r"00000000-0000-0000-[0-9a-f]{4}-[0-9a-f]{12}", claims["oid"])
    assert (claims["preferred_username"], claims["ver"]) == (PETRA, "2.0")
    assert not {"wids", "upn", "idp"} & claims.keys()


def test_access_tokens_are_opaque(call: Call, msal_sign_in: SignIn) -> None:
    token = msal_sign_in(PETRA, "common")["access_token"]
    with pytest.raises(jwt.DecodeError):
        jwt.decode(token, options={"verify_signature": False})


def test_graph_knows_them_by_the_digits_of_their_id(call: Call, msal_sign_in: SignIn) -> None:
    oid = msal_sign_in(PETRA, "common")["id_token_claims"]["oid"]
    me = call("GET", "/me").json()
    assert me["id"] == oid.replace("-", "")[16:]
    assert me["userPrincipalName"] == PETRA
    for key in (me["id"], oid, PETRA):
        assert call("GET", f"/users/{key}").json()["id"] == me["id"]
        assert call("GET", f"/users/{key}/calendars").status_code == 200


@pytest.mark.parametrize("upn", [PETRA, FRED])
def test_they_have_calendars_and_write_into_them(call: Call, upn: str) -> None:
    calendar = call("GET", "/me/calendar", upn=upn).json()
    assert calendar["owner"]["address"].endswith("@outlook.com")
    assert calendar["allowedOnlineMeetingProviders"] == []
    start, end = ({"dateTime": f"2027-03-01T{hour}:00:00", "timeZone": "UTC"} for hour in ("09", "10"))
    made = call("POST", "/me/events", {"subject": "x", "start": start, "end": end}, upn)
    assert made.status_code == 201
    view = "/me/calendarView?startDateTime=2027-03-01&endDateTime=2027-03-02&$top=50"
    assert made.json()["id"] in [event["id"] for event in call("GET", view, upn=upn).json()["value"]]
    assert call("DELETE", f"/me/events/{made.json()['id']}", upn=upn).status_code == 204


def test_they_have_no_directory_and_no_free_busy_of_others(call: Call) -> None:
    refused = [call("GET", "/users"), call("GET", "/users/delta"), call("GET", f"/users/{FRED}")]
    refused.append(call("POST", "/me/calendar/getSchedule", {"schedules": [FRED]}))
    assert {answer.status_code for answer in refused} == {403}


def test_some_have_no_mailbox(call: Call) -> None:
    assert call("GET", "/me", upn=NILS).json()["mail"] is None
    answer = call("GET", "/me/calendars", upn=NILS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "MailboxNotEnabledForRESTAPI")


def test_they_do_not_reach_each_other(call: Call) -> None:
    assert call("GET", f"/users/{FRED}/calendars").status_code == 403


@pytest.mark.parametrize("authority", ["organizations", "contoso.com"])
def test_they_are_refused_where_only_work_accounts_are_let_in(
    microsoft: Simulator, remote: Microsoft, redeem: Redeem, authority: str
) -> None:
    with pytest.raises(PageShownError) as shown:
        walk(authorize_url(microsoft, authority), PETRA)
    assert shown.value.number == 50020
    address = authorize_url(microsoft, "common", scope="openid offline_access")
    code = callback(walk(address, PETRA).url)["code"]
    remote.set_switches(foreign_code="refused")
    assert redeem(authority, code=code).json()["error"] == "invalid_grant"
    token = redeem("common", code=code).json()["refresh_token"]
    for place, status in ((authority, 400), ("common", 200), ("consumers", 200)):
        assert redeem(place, grant_type="refresh_token", refresh_token=token).status_code == status


def test_one_can_be_made_and_signs_in(remote: Microsoft, call: Call) -> None:
    made = remote.add_consumer("Gwen", "gwen@mail.example", time_zone="Europe/Paris")
    assert (made["user_principal_name"], made["mailbox"]["time_zone"]) == ("gwen@mail.example", "Europe/Paris")
    assert call("GET", "/me", upn="gwen@mail.example").json()["id"] == made["id"].replace("-", "")[16:]
    assert remote.user("outlook.com", "gwen@mail.example")["id"] == made["id"]
    with pytest.raises(ControlError):
        remote.add_consumer("Gwen again", "GWEN@mail.example")
