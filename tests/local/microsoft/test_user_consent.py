"""Consent of users for themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from local.microsoft.browser import Browser, PageShownError, walk
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO, NORTHWIND, WOODGROVE
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE, authorize_url, callback

PETRA, NADIA = "petra.personal@outlook.com", "nadia.north@northwind-consulting.com"
WILL, WANDA = "will.worker@woodgrove.example", "wanda.admin@woodgrove.example"
OWN_CALENDARS = "openid profile offline_access User.Read Calendars.ReadWrite"
Redeem = Callable[..., requests.Response]


def own(microsoft: Simulator, **more: str) -> str:
    return authorize_url(microsoft, "common", **{"scope": OWN_CALENDARS, **more})


def outcome(microsoft: Simulator, upn: str, **more: str) -> str:
    """`code`, or the error that came back."""
    back = callback(walk(own(microsoft, **more), upn).url)
    return "code" if "code" in back else back["error"]


@pytest.mark.parametrize("upn", [NADIA, PETRA])
def test_the_page_lists_what_is_asked_for_and_is_shown_once(microsoft: Simulator, upn: str) -> None:
    with Browser() as browser:
        address = own(microsoft)
        page = browser.open(address, user=upn).text
        for text in ("Have full access to your calendars", "Sign you in and read your profile", "Maintain access"):
            assert text in page
        assert "all users" not in page
        assert "code" in callback(browser.open(address, user=upn, decision="accept").headers["Location"])
        assert "code" in callback(browser.open(address).headers["Location"])
        assert "Have full access" in browser.open(own(microsoft, prompt="consent")).text


def test_more_than_was_granted_is_asked_for_again(microsoft: Simulator) -> None:
    with Browser() as browser:
        browser.walk(own(microsoft, scope="openid User.Read"), NADIA)
        assert "code" in callback(browser.walk(own(microsoft, scope="openid User.Read")).url)
        page = browser.open(own(microsoft, scope="openid User.Read Calendars.ReadWrite"))
        assert "Have full access to your calendars" in page.text


def test_what_an_admin_granted_for_everybody_is_not_asked_for(microsoft: Simulator, consented: None) -> None:
    address = own(microsoft)
    with Browser() as browser:
        assert "code" in callback(browser.open(address, user=ADELE).headers["Location"])


@pytest.mark.parametrize(("upn", "number"), [(NADIA, "AADSTS65004"), (PETRA, "denied access")])
def test_declining_is_told_to_the_app(microsoft: Simulator, world: World, upn: str, number: str) -> None:
    back = callback(walk(own(microsoft), upn, "cancel").url)
    assert (back["error"], back["state"]) == ("access_denied", "st&te")
    assert number in back["error_description"]
    assert not world.grants.consents


@pytest.mark.parametrize(("kind", "number"), [("admin_only", 90094), ("admin_workflow", 90095)])
def test_where_only_admins_consent_users_meet_a_page_with_a_way_back(
    microsoft: Simulator, remote: Microsoft, kind: str, number: int
) -> None:
    remote.change_tenant(WOODGROVE, user_consent=kind)
    with pytest.raises(PageShownError) as shown:
        walk(own(microsoft), WILL)
    assert (shown.value.number, shown.value.status) == (number, 200)
    back = callback(str(shown.value.back))
    assert (back["error"], back["state"]) == ("access_denied", "st&te")
    assert f"AADSTS{number}" in back["error_description"]


def test_they_may_also_be_sent_back_at_once(microsoft: Simulator, remote: Microsoft) -> None:
    remote.set_switches(admin_approval_returns=True)
    assert outcome(microsoft, WILL) == "access_denied"


def test_their_admins_consent_for_themselves_and_for_all(microsoft: Simulator, remote: Microsoft) -> None:
    assert outcome(microsoft, WANDA) == "code"
    with pytest.raises(PageShownError):
        walk(own(microsoft), WILL)
    remote.grant_consent(WOODGROVE)
    assert outcome(microsoft, WILL) == "code"


def test_what_other_tenants_allow_is_their_own_matter(microsoft: Simulator, remote: Microsoft) -> None:
    assert [remote.tenant(t)["user_consent"] for t in (CONTOSO, NORTHWIND, WOODGROVE)] == [
        "allowed",
        "allowed",
        "admin_only",
    ]
    assert outcome(microsoft, NADIA) == "code"


def test_signing_in_alone_needs_no_consent(microsoft: Simulator) -> None:
    assert outcome(microsoft, WILL, scope="openid profile") == "code"


def test_a_consent_withdrawn_by_one_user_ends_that_users_tokens_only(
    microsoft: Simulator, remote: Microsoft, redeem: Redeem
) -> None:
    tokens = {}
    for upn in (NADIA, "sam@northwind-consulting.com"):
        code = callback(walk(own(microsoft), upn).url)["code"]
        tokens[upn] = redeem("common", code=code).json()["refresh_token"]
    assert remote.sign_ins(NORTHWIND, NADIA)["consents"] == {CLIENT_ID: ["Calendars.ReadWrite", "User.Read"]}
    remote.withdraw_consent(NORTHWIND, NADIA)
    nadia, sam = (redeem("common", grant_type="refresh_token", refresh_token=t).json() for t in tokens.values())
    assert (nadia["error"], nadia["suberror"], nadia["error_codes"]) == (
        "invalid_grant",
        "consent_required",
        [65001],
    )
    assert "access_token" in sam


def test_a_tenant_that_switches_the_app_off_lets_nobody_in(
    microsoft: Simulator, remote: Microsoft, redeem: Redeem
) -> None:
    token = redeem("common", code=callback(walk(own(microsoft), NADIA).url)["code"]).json()["refresh_token"]
    remote.revoke_consent(NORTHWIND, "disabled")
    assert redeem("common", grant_type="refresh_token", refresh_token=token).json()["error_codes"] == [7000112]
    with pytest.raises(PageShownError) as shown:
        walk(own(microsoft), NADIA)
    assert shown.value.number == 7000112
