"""App-only tokens: facts, sections 1.4 and 2."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from local.certificates import Certificates
from local.microsoft.entra.assertion import ASSERTION_TYPE
from local.microsoft.entra.issue import app_token
from local.microsoft.entra.keys import SigningKey, base64url
from local.microsoft.faults import Fault
from local.microsoft.registration import CLIENT_ID, HOME_TENANT_ID, IDENTITY_CLIENT_ID
from local.microsoft.remote import Microsoft
from local.microsoft.sample import CONTOSO, FABRIKAM
from local.microsoft.server import Simulator
from local.microsoft.world import FederatedCredential, ServicePrincipal, World

from .conftest import DEFAULT_SCOPE

MsalApp = Callable[..., msal.ConfidentialClientApplication]


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.fixture
def assertion(microsoft: Simulator, certificates: Certificates) -> Callable[..., str]:
    """A client assertion as it should be, but for what a test changes."""

    def make(alg: str = "PS256", header: str = "x5t#S256", tenant: str = CONTOSO, **changes: object) -> str:
        certificate = x509.load_pem_x509_certificate(certificates.client_public.read_bytes())
        digest = hashes.SHA1() if header == "x5t" else hashes.SHA256()
        now = time.time()
        claims = {
            "aud": f"{microsoft.https_url}/{tenant}/oauth2/v2.0/token",
            "iss": CLIENT_ID,
            "sub": CLIENT_ID,
            "jti": str(uuid4()),
            "iat": now,
            "exp": now + 600,
            **changes,
        }
        headers = {header: base64url(certificate.fingerprint(digest))}
        return jwt.encode(claims, certificates.client.read_text(), algorithm=alg, headers=headers)

    return make


@pytest.fixture
def ask(microsoft: Simulator, session: requests.Session) -> Callable[..., requests.Response]:
    """POST to the token endpoint."""

    def post(client_assertion: str | None, tenant: str = CONTOSO, **changes: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "scope": DEFAULT_SCOPE[0],
            "client_assertion_type": ASSERTION_TYPE,
            **changes,
        }
        if client_assertion is not None:
            form["client_assertion"] = client_assertion
        return session.post(f"{microsoft.https_url}/{tenant}/oauth2/v2.0/token", data=form)

    return post


def test_msal_gets_a_token_with_a_certificate(consented: None, msal_app: MsalApp, world: World) -> None:
    result = msal_app().acquire_token_for_client(DEFAULT_SCOPE)
    claims = claims_of(result["access_token"])
    assert claims["iss"] == f"https://sts.windows.net/{CONTOSO}/"
    assert (claims["aud"], claims["tid"], claims["appid"]) == ("https://graph.microsoft.com", CONTOSO, CLIENT_ID)
    assert (claims["idtyp"], claims["appidacr"]) == ("app", "2")
    assert claims["roles"] == ["Calendars.ReadWrite", "User.Read.All"]
    assert claims["oid"] == world.tenants[CONTOSO].principals[CLIENT_ID].object_id


def test_msal_gets_a_token_with_a_sha1_thumbprint(
    consented: None, msal_app: MsalApp, certificates: Certificates
) -> None:
    certificate = x509.load_pem_x509_certificate(certificates.client_public.read_bytes())
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex()
    app = msal_app(private_key=certificates.client.read_text(), thumbprint=thumbprint)
    assert app.acquire_token_for_client(DEFAULT_SCOPE)["token_source"] == "identity_provider"


def test_msal_may_name_the_tenant_by_its_domain(consented: None, msal_app: MsalApp) -> None:
    result = msal_app("contoso.com").acquire_token_for_client(DEFAULT_SCOPE)
    assert claims_of(result["access_token"])["tid"] == CONTOSO


def test_a_managed_identity_stands_in_for_the_certificate(
    consented: None,
    msal_app: MsalApp,
    microsoft: Simulator,
    session: requests.Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{microsoft.http_url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", microsoft.world.identity_header)
    identity = msal.ManagedIdentityClient(
        msal.UserAssignedManagedIdentity(client_id=IDENTITY_CLIENT_ID), http_client=session
    )
    own = identity.acquire_token_for_client(resource="api://AzureADTokenExchange")
    result = msal_app(client_assertion=lambda: own["access_token"]).acquire_token_for_client(DEFAULT_SCOPE)
    assert claims_of(result["access_token"])["tid"] == CONTOSO


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"issuer": "https://login.microsoftonline.com/other/v2.0"}, 700211),
        ({"audience": "api://other"}, 700212),
        ({"subject": "other"}, 700213),
    ],
)
def test_a_federated_identity_must_match_to_the_letter(
    consented: None,
    world: World,
    microsoft: Simulator,
    session: requests.Session,
    ask: Callable[..., requests.Response],
    changes: dict[str, str],
    number: int,
) -> None:
    registered = world.apps[CLIENT_ID].federated_credentials[0]
    given = {"issuer": registered.issuer, "subject": registered.subject, **changes}
    world.apps[CLIENT_ID].federated_credentials = [FederatedCredential(**given)]
    own = session.get(
        f"{microsoft.http_url}/identity/token",
        params={"api-version": "2019-08-01", "resource": registered.audience, "client_id": IDENTITY_CLIENT_ID},
        headers={"X-IDENTITY-HEADER": world.identity_header},
    ).json()
    assert claims_of(own["access_token"])["iss"] == f"https://login.microsoftonline.com/{HOME_TENANT_ID}/v2.0"
    answer = ask(own["access_token"])
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def test_the_identity_endpoint_wants_its_header(microsoft: Simulator, session: requests.Session) -> None:
    address = f"{microsoft.http_url}/identity/token?api-version=2019-08-01&resource=x&client_id={IDENTITY_CLIENT_ID}"
    assert session.get(address, headers={"X-IDENTITY-HEADER": "guess"}).status_code == 401


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
@pytest.mark.parametrize("header", ["x5t#S256", "x5t"])
def test_either_algorithm_goes_with_either_thumbprint(
    consented: None, assertion: Callable[..., str], ask: Callable[..., requests.Response], alg: str, header: str
) -> None:
    assert ask(assertion(alg=alg, header=header)).status_code == 200


def test_an_assertion_may_be_sent_again(
    consented: None, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    same = assertion()
    assert [ask(same).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"aud": "https://example.com/token"}, 700023),
        ({"tenant": FABRIKAM}, 700023),
        ({"iss": "other"}, 700021),
        ({"exp": 1.0}, 700024),
        ({"nbf": time.time() + 4000}, 700024),
    ],
)
def test_wrong_assertion_claims_are_refused(
    consented: None,
    assertion: Callable[..., str],
    ask: Callable[..., requests.Response],
    changes: dict[str, Any],
    number: int,
) -> None:
    answer = ask(assertion(**changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_codes"] == [number]


def test_a_tampered_assertion_is_refused(
    consented: None, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    head, _, signature = assertion().split(".")
    _, body, _ = assertion(exp=time.time() + 9000).split(".")
    assert ask(f"{head}.{body}.{signature}").json()["error_codes"] == [700027]


def test_an_unregistered_certificate_is_refused(
    consented: None, world: World, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    world.apps[CLIENT_ID].certificates.clear()
    answer = ask(assertion())
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [700027])


def test_an_expired_certificate_is_refused(
    consented: None, world: World, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    world.clock.advance(timedelta(days=400))
    answer = ask(assertion())
    assert answer.json()["error_codes"] == [700027]
    assert "expired" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("changes", "tenant", "status", "error", "number"),
    [
        ({"client_id": "nobody"}, CONTOSO, 400, "unauthorized_client", 700016),
        ({}, "0b9d6d3e-6f0c-4d57-9a4e-3c1f2b8a7e10", 400, "invalid_request", 90002),
        ({}, "common", 400, "invalid_request", 9001023),
        ({}, "organizations", 400, "invalid_request", 9001023),
        ({"scope": "User.Read"}, CONTOSO, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, CONTOSO, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, CONTOSO, 400, "invalid_request", 900144),
    ],
)
def test_wrong_requests_are_told_apart(
    consented: None,
    assertion: Callable[..., str],
    ask: Callable[..., requests.Response],
    changes: dict[str, str],
    tenant: str,
    status: int,
    error: str,
    number: int,
) -> None:
    answer = ask(assertion(), tenant, **changes)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert "\r\nTrace ID: " in body["error_description"]


def test_a_client_without_credential_is_refused(consented: None, ask: Callable[..., requests.Response]) -> None:
    assert ask(None).json()["error_codes"] == [7000218]
    assert ask(None, client_secret="guess").json()["error_codes"] == [7000215]


@pytest.mark.parametrize(("switch", "status", "number"), [("401_7000229", 401, 7000229), ("400_700016", 400, 700016)])
def test_without_consent_there_is_no_token(
    remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response],
    switch: str, status: int, number: int,
) -> None:  # fmt: skip
    remote.set_switches(missing_principal=switch)
    answer = ask(assertion())
    assert (answer.status_code, answer.json()["error_codes"]) == (status, [number])


def test_consent_takes_its_time_to_be_seen(
    remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    remote.set_consent_delay(90)
    remote.grant_consent(CONTOSO)
    assert ask(assertion()).json()["error_codes"] == [7000229]
    remote.advance(91)
    assert ask(assertion()).status_code == 200


def test_a_second_consent_spreads_while_the_first_still_counts(
    consented: None, remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    remote.revoke_consent(CONTOSO, "roles_removed")
    remote.set_consent_delay(90)
    remote.grant_consent(CONTOSO)
    tokens = [ask(assertion()).json()["access_token"]]
    remote.advance(91)
    tokens.append(ask(assertion()).json()["access_token"])
    assert [len(claims_of(token).get("roles", [])) for token in tokens] == [0, 2]


def test_a_disabled_app_gets_no_new_token_but_old_ones_live_on(
    remote: Microsoft,
    graph: Callable[..., requests.Response],
    assertion: Callable[..., str],
    ask: Callable[..., requests.Response],
) -> None:
    remote.revoke_consent(CONTOSO, "disabled")
    assert ask(assertion()).json()["error_codes"] == [7000112]
    assert graph("/users?$top=1").status_code == 200


def test_a_deleted_app_gets_no_token(
    consented: None, remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    remote.revoke_consent(CONTOSO, "deleted")
    assert ask(assertion()).json()["error_codes"] == [7000229]


def test_a_removed_role_shows_only_as_a_refusal_of_graph(
    consented: None,
    remote: Microsoft,
    microsoft: Simulator,
    session: requests.Session,
    assertion: Callable[..., str],
    ask: Callable[..., requests.Response],
) -> None:
    remote.revoke_consent(CONTOSO, "roles_removed")
    token = ask(assertion()).json()["access_token"]
    assert "roles" not in claims_of(token)
    answer = session.get(f"{microsoft.https_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_a_tenant_scoped_by_rbac_grants_no_calendar_role(
    remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    remote.change_tenant(CONTOSO, mailbox_access="rbac")
    remote.grant_consent(CONTOSO)
    assert claims_of(ask(assertion()).json()["access_token"])["roles"] == ["User.Read.All"]


def test_lifetime_and_refresh_hint_follow_the_switches(
    consented: None, remote: Microsoft, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    remote.set_switches(access_token_seconds=120, refresh_in_seconds=60)
    body = ask(assertion()).json()
    assert (body["expires_in"], body["refresh_in"]) == (120, 60)
    claims = claims_of(body["access_token"])
    assert claims["exp"] - claims["iat"] == 120


def test_faults_strike_the_token_endpoint(
    consented: None,
    microsoft: Simulator,
    world: World,
    assertion: Callable[..., str],
    ask: Callable[..., requests.Response],
) -> None:
    world.faults.add(Fault("token", status=429, retry_after=7))
    world.faults.add(Fault("token/client_credentials", status=503, html=True))
    world.faults.add(Fault("token", tenant=FABRIKAM, status=500))
    unavailable, throttled, fine = (ask(assertion()) for _ in range(3))
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "7")
    assert (unavailable.status_code, unavailable.headers["Content-Type"].split(";")[0]) == (503, "text/html")
    assert fine.status_code == 200


def test_a_fault_can_cut_the_connection(
    consented: None, world: World, assertion: Callable[..., str], ask: Callable[..., requests.Response]
) -> None:
    world.faults.add(Fault("token", reset=True))
    with pytest.raises(requests.ConnectionError):
        ask(assertion())
    assert ask(assertion()).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer not.a.token", "Basic abc"])
def test_graph_refuses_what_is_no_token(microsoft: Simulator, session: requests.Session, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = session.get(f"{microsoft.https_url}/v1.0/users", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_graph_refuses_tokens_of_other_keys_audiences_and_times(
    microsoft: Simulator, world: World, session: requests.Session
) -> None:
    good = claims_of(app_token(world, CONTOSO, ServicePrincipal(CLIENT_ID, "sp", {"User.Read.All"})))
    key = world.keys.current
    wrong = [
        SigningKey(kid=key.kid).sign(good),
        SigningKey().sign(good),
        key.sign({**good, "aud": "https://example.com"}),
        key.sign({**good, "iss": f"https://sts.windows.net/{FABRIKAM}/"}),
        key.sign({**good, "exp": int(time.time()) - 1}),
    ]
    tokens = [key.sign(good), *wrong]
    statuses = [
        session.get(f"{microsoft.https_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in tokens
    ]
    assert statuses == [200, 401, 401, 401, 401, 401]
