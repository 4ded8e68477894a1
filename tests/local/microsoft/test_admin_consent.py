"""Admin consent: facts, section 1."""

from __future__ import annotations

import pytest
import requests

from local.microsoft.browser import PageShownError
from local.microsoft.faults import Fault
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft, consent
from local.microsoft.sample import CONTOSO, FABRIKAM
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE, ALICE, CONSENT, callback, consent_url

ROLES = {"User.Read.All", "Calendars.ReadWrite"}


@pytest.mark.parametrize("authority", ["organizations", CONTOSO, "contoso.com"])
def test_an_admin_grants_all_registered_permissions(microsoft: Simulator, world: World, authority: str) -> None:
    address = consent(consent_url(microsoft, authority), ALICE)
    back = callback(address)
    assert address.startswith(CONSENT + "?")
    assert (back["admin_consent"], back["tenant"], back["state"]) == ("True", CONTOSO, "st&te")
    assert "https://graph.microsoft.com/User.Read.All" in back["scope"].split()
    assert world.tenants[CONTOSO].principals[CLIENT_ID].roles == ROLES
    assert CLIENT_ID not in world.tenants[FABRIKAM].principals


def test_the_old_form_grants_the_same_without_scope(microsoft: Simulator, world: World) -> None:
    back = callback(consent(consent_url(microsoft, version=""), "rob.roles@contoso.com"))
    assert back == {"admin_consent": "True", "tenant": CONTOSO, "state": "st&te"}
    assert world.tenants[CONTOSO].principals[CLIENT_ID].roles == ROLES


def test_named_scopes_grant_no_application_permission(microsoft: Simulator, world: World) -> None:
    back = callback(consent(consent_url(microsoft, scope="https://graph.microsoft.com/Calendars.ReadWrite"), ALICE))
    assert back["scope"] == "https://graph.microsoft.com/Calendars.ReadWrite"
    assert CLIENT_ID not in world.tenants[CONTOSO].principals


def test_declining_still_says_admin_consent_true(microsoft: Simulator, world: World) -> None:
    back = callback(consent(consent_url(microsoft), ALICE, accept=False))
    assert (back["admin_consent"], back["error"], back["state"]) == ("True", "consent_required", "st&te")
    assert back["error_description"].startswith("AADSTS65004: ")
    assert "\r\nTimestamp: " in back["error_description"]
    assert not world.tenants[CONTOSO].principals


def test_declining_the_old_form_has_its_own_words(microsoft: Simulator) -> None:
    back = callback(consent(consent_url(microsoft, version=""), ALICE, accept=False))
    assert back == {
        "error": "permission_denied",
        "error_description": "The admin canceled the request",
        "state": "st&te",
    }


@pytest.mark.parametrize("upn", [ADELE, "apple.apps@contoso.com", "clara.cloudapps@contoso.com"])
def test_others_meet_a_dead_end(microsoft: Simulator, world: World, upn: str) -> None:
    with pytest.raises(PageShownError) as shown:
        consent(consent_url(microsoft), upn)
    assert shown.value.number == 90094
    assert not world.tenants[CONTOSO].principals


def test_an_admin_of_another_tenant_cannot_consent_here(microsoft: Simulator, world: World) -> None:
    with pytest.raises(PageShownError) as shown:
        consent(consent_url(microsoft, CONTOSO), "frank.admin@fabrikam.com")
    assert shown.value.number == 50020
    assert not world.tenants[CONTOSO].principals


@pytest.mark.parametrize(
    ("authority", "changes", "number"),
    [
        ("common", {}, 90002),
        ("consumers", {}, 90002),
        ("organizations", {"redirect_uri": CONSENT + "?x"}, 50011),
        ("organizations", {"scope": " "}, 900144),
    ],
)
def test_wrong_requests_are_shown(
    microsoft: Simulator, session: requests.Session, authority: str, changes: dict[str, str], number: int
) -> None:
    answer = session.get(consent_url(microsoft, authority, **changes), allow_redirects=False)
    assert answer.status_code == 400
    assert f"AADSTS{number}" in answer.text


def test_the_consent_page_names_every_permission(microsoft: Simulator, session: requests.Session) -> None:
    page = session.post(consent_url(microsoft), data={"user": ALICE}).text
    for words in ("Contoso", "Read all users&#39; full profiles", "Read and write calendars in all mailboxes"):
        assert words in page


def test_a_fault_sends_the_admin_back_with_an_error(microsoft: Simulator, world: World) -> None:
    world.faults.add(Fault("adminconsent", code="temporarily_unavailable", error_number=90033))
    back = callback(consent(consent_url(microsoft), ALICE))
    assert (back["error"], back["admin_consent"]) == ("temporarily_unavailable", "True")


def test_consenting_again_brings_removed_permissions_back(
    microsoft: Simulator, remote: Microsoft, world: World
) -> None:
    consent(consent_url(microsoft), ALICE)
    remote.revoke_consent(CONTOSO, "roles_removed", ["Calendars.ReadWrite"])
    assert world.tenants[CONTOSO].principals[CLIENT_ID].roles == {"User.Read.All"}
    consent(consent_url(microsoft), ALICE)
    assert world.tenants[CONTOSO].principals[CLIENT_ID].roles == ROLES
