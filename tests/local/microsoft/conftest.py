"""The sample world in a running simulator, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msal
import pytest
import requests

from local.certificates import Certificates, prepare
from local.microsoft.browser import walk
from local.microsoft.entra.consent import grant_tenant
from local.microsoft.entra.issue import app_token
from local.microsoft.entra.keys import KeyRing
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO, sample_world
from local.microsoft.server import Simulator
from local.microsoft.world import World

DEFAULT_SCOPE = ["https://graph.microsoft.com/.default"]
ALICE = "alice.admin@contoso.com"
ADELE = "adele.vance@contoso.com"
SIGN_IN = "http://localhost:7071/callback/sign-in"
CALENDARS = ["Calendars.ReadWrite", "User.Read"]
CONSENT = "http://localhost:7071/callback/consent"
MsalApp = Callable[..., msal.ConfidentialClientApplication]
SignIn = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return prepare(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    return KeyRing()


@pytest.fixture
def world(certificates: Certificates, keys: KeyRing) -> World:
    world = sample_world(certificates.client_public.read_bytes())
    world.keys = KeyRing(keys.keys)
    return world


@pytest.fixture
def microsoft(world: World, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    with Simulator(world, certificates) as running:
        yield running


@pytest.fixture
def remote(microsoft: Simulator) -> Iterator[Microsoft]:
    client = Microsoft(microsoft.http_url)
    yield client
    client.close()


@pytest.fixture
def session(microsoft: Simulator) -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def msal_app(
    microsoft: Simulator, certificates: Certificates, session: requests.Session
) -> Callable[..., msal.ConfidentialClientApplication]:
    """MSAL as the product uses it: a certificate, one authority, no instance discovery."""

    def make(authority: str = CONTOSO, **credential: object) -> msal.ConfidentialClientApplication:
        pem = certificates.client.read_text()
        given = credential or {"private_key": pem, "public_certificate": certificates.client_public.read_text()}
        return msal.ConfidentialClientApplication(
            CLIENT_ID,
            authority=f"{microsoft.https_url}/{authority}",
            client_credential=given,
            instance_discovery=False,
            http_client=session,
        )

    return make


@pytest.fixture
def msal_sign_in(msal_app: MsalApp) -> SignIn:
    """MSAL's whole code flow; the result also has the `app`."""

    def run(upn: str = ADELE, authority: str = "organizations", scopes: list[str] | None = None) -> dict[str, Any]:
        app = msal_app(authority)
        wanted = CALENDARS if scopes is None else scopes
        flow = app.initiate_auth_code_flow(wanted, redirect_uri=SIGN_IN, response_mode="form_post")
        back = walk(flow["auth_uri"], upn)
        return {**app.acquire_token_by_auth_code_flow(flow, back.fields), "app": app}

    return run


@pytest.fixture
def redeem(microsoft: Simulator, session: requests.Session, msal_app: MsalApp) -> Callable[..., requests.Response]:
    """POST a code or refresh token as our app, with a client assertion made by MSAL."""

    def post(tenant: str = "organizations", **form: str) -> requests.Response:
        assertion = msal_app(tenant).client.client_assertion
        given = {
            "client_id": CLIENT_ID,
            "grant_type": "authorization_code",
            "redirect_uri": SIGN_IN,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion() if callable(assertion) else assertion,
            **form,
        }
        return session.post(f"{microsoft.https_url}/{tenant}/oauth2/v2.0/token", data=given)

    return post


@pytest.fixture
def consented(microsoft: Simulator, world: World) -> None:
    """Contoso has consented."""
    microsoft.call(lambda: grant_tenant(world, world.tenants[CONTOSO], world.apps[CLIENT_ID]))


@pytest.fixture
def graph(
    consented: None, microsoft: Simulator, world: World, session: requests.Session
) -> Callable[..., requests.Response]:
    """GET from Graph as the app in Contoso, by path or by link."""
    token = app_token(world, CONTOSO, world.tenants[CONTOSO].principals[CLIENT_ID])

    def get(path: str, **headers: str) -> requests.Response:
        address = path if path.startswith("https://") else f"{microsoft.https_url}/v1.0{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return session.get(address, headers={"Authorization": f"Bearer {token}", **named})

    return get


def callback(address: str) -> dict[str, str]:
    """The parameters a callback came with, in its query or fragment."""
    parts = urlsplit(address)
    return dict(parse_qsl(parts.query or parts.fragment))


def authorize_url(microsoft: Simulator, authority: str = "organizations", **parameters: str) -> str:
    """An authorize request of our app."""
    query = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": SIGN_IN,
        "scope": "openid profile",
        "state": "st&te",
        **parameters,
    }
    return f"{microsoft.http_url}/{authority}/oauth2/v2.0/authorize?{urlencode(query)}"


def consent_url(microsoft: Simulator, authority: str = "organizations", version: str = "/v2.0", **more: str) -> str:
    """An admin-consent request of our app."""
    query = {"client_id": CLIENT_ID, "redirect_uri": CONSENT, "state": "st&te", **more}
    if version:
        query.setdefault("scope", DEFAULT_SCOPE[0])
    return f"{microsoft.http_url}/{authority}{version}/adminconsent?{urlencode(query)}"
