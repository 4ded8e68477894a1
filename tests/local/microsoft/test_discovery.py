"""Discovery documents: facts, section 2.5."""

from __future__ import annotations

import msal
import pytest
import requests

from local.certificates import Certificates
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.faults import Fault
from local.microsoft.registration import CLIENT_ID
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator
from local.microsoft.world import World

DOCUMENT = "/v2.0/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("segment", "issuer", "base"),
    [
        (CONTOSO, CONTOSO, CONTOSO),
        ("contoso.com", CONTOSO, CONTOSO),
        ("organizations", "{tenantid}", "organizations"),
        ("common", "{tenantid}", "common"),
        ("consumers", PERSONAL_TENANT, "consumers"),
    ],
)
def test_every_authority_has_its_document(
    microsoft: Simulator, session: requests.Session, segment: str, issuer: str, base: str
) -> None:
    document = session.get(f"{microsoft.https_url}/{segment}{DOCUMENT}").json()
    assert document["issuer"] == f"{microsoft.https_url}/{issuer}/v2.0"
    assert document["token_endpoint"] == f"{microsoft.https_url}/{base}/oauth2/v2.0/token"
    assert document["authorization_endpoint"] == f"{microsoft.http_url}/{base}/oauth2/v2.0/authorize"
    assert session.get(document["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"


def test_an_unknown_tenant_has_none(microsoft: Simulator, session: requests.Session) -> None:
    answer = session.get(f"{microsoft.https_url}/nowhere.example{DOCUMENT}")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_msal_accepts_the_issuer_of_an_oidc_authority(
    microsoft: Simulator, certificates: Certificates, session: requests.Session
) -> None:
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        oidc_authority=f"{microsoft.https_url}/{CONTOSO}/v2.0",
        client_credential={
            "private_key": certificates.client.read_text(),
            "public_certificate": certificates.client_public.read_text(),
        },
        http_client=session,
    )
    result = app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert result["error_codes"] == [7000229]


def test_instance_discovery_lists_the_simulator_itself(microsoft: Simulator, session: requests.Session) -> None:
    body = session.get(f"{microsoft.https_url}/common/discovery/instance?api-version=1.1").json()
    aliases = {alias for entry in body["metadata"] for alias in entry["aliases"]}
    assert {microsoft.https_url.removeprefix("https://"), "login.microsoftonline.com"} <= aliases


def test_faults_strike_discovery_and_keys(microsoft: Simulator, world: World, session: requests.Session) -> None:
    world.faults.add(Fault("discovery", status=503, retry_after=3))
    world.faults.add(Fault("keys", status=500))
    document, keys = f"{microsoft.https_url}/common{DOCUMENT}", f"{microsoft.https_url}/common/discovery/v2.0/keys"
    assert [session.get(address).status_code for address in (document, keys) * 2] == [503, 500, 200, 200]


def test_both_listeners_serve_everything(microsoft: Simulator, session: requests.Session) -> None:
    path = f"/{CONTOSO}/discovery/v2.0/keys"
    assert session.get(microsoft.http_url + path).json() == session.get(microsoft.https_url + path).json()
