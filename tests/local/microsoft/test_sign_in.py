"""Delegated sign-in: facts, section 3, and the ID token of the tenant proof, section 1.3."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from local.microsoft.browser import PageShownError, walk
from local.microsoft.entra.authority import PERSONAL_TENANT
from local.microsoft.entra.issue import EVERY_MEMBER, GLOBAL_ADMINISTRATOR
from local.microsoft.faults import Fault
from local.microsoft.registration import CLIENT_ID
from local.microsoft.remote import Microsoft, sign_in
from local.microsoft.sample import CONTOSO, FABRIKAM
from local.microsoft.server import Simulator
from local.microsoft.world import World

from .conftest import ADELE, ALICE, CALENDARS, SIGN_IN, MsalApp, SignIn, authorize_url, callback


def test_msal_signs_a_user_in_and_reads_the_own_profile(
    microsoft: Simulator, session: requests.Session, msal_sign_in: SignIn
) -> None:
    result = msal_sign_in()
    me = session.get(f"{microsoft.https_url}/v1.0/me", headers={"Authorization": f"Bearer {result['access_token']}"})
    assert me.json()["userPrincipalName"] == ADELE
    assert result["id_token_claims"]["tid"] == CONTOSO
    assert set(result["scope"].split()) == {"openid", "profile", *CALENDARS}


def test_the_id_token_verifies_against_the_published_keys(
    microsoft: Simulator, session: requests.Session, msal_sign_in: SignIn
) -> None:
    token = msal_sign_in(ALICE, scopes=[])["id_token"]
    document = session.get(f"{microsoft.https_url}/{CONTOSO}/v2.0/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(session.get(document["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID, issuer=document["issuer"])
    assert claims["wids"] == sorted([EVERY_MEMBER, GLOBAL_ADMINISTRATOR])
    assert claims["oid"] in microsoft.world.tenants[CONTOSO].users


@pytest.mark.parametrize("how", ["manifest", "switch"])
def test_roles_are_in_id_tokens_only_if_the_manifest_asks(remote: Microsoft, msal_sign_in: SignIn, how: str) -> None:
    if how == "manifest":
        remote.change_app(group_membership_claims="None")
    else:
        remote.set_switches(wids_in_id_token=False)
    assert "wids" not in msal_sign_in(ALICE, scopes=[])["id_token_claims"]


def test_the_nonce_on_the_wire_comes_back(microsoft: Simulator, msal_app: MsalApp) -> None:
    app = msal_app("organizations")
    flow = app.initiate_auth_code_flow([], redirect_uri=SIGN_IN)
    result = app.acquire_token_by_auth_code_flow(flow, callback(sign_in(flow["auth_uri"], ALICE)))
    assert result["id_token_claims"]["nonce"] == hashlib.sha256(flow["nonce"].encode()).hexdigest()


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_state_comes_back_in_every_response_mode(microsoft: Simulator, mode: str) -> None:
    back = walk(authorize_url(microsoft, response_mode=mode), ADELE)
    parts = urlsplit(back.url)
    given = {"query": bool(parts.query), "fragment": bool(parts.fragment), "form_post": bool(back.fields)}
    assert [name for name, used in given.items() if used] == [mode]
    parameters = back.fields or callback(back.url)
    assert parameters["state"] == "st&te"
    assert parameters["code"]


def test_a_code_is_good_once(microsoft: Simulator, redeem: Callable[..., requests.Response]) -> None:
    code = callback(sign_in(authorize_url(microsoft), ADELE))["code"]
    first, second = redeem(code=code), redeem(code=code)
    assert first.status_code == 200
    assert (second.status_code, second.json()["error"], second.json()["error_codes"]) == (
        400,
        "invalid_grant",
        [54005],
    )


def test_a_code_expires(microsoft: Simulator, remote: Microsoft, redeem: Callable[..., requests.Response]) -> None:
    code = callback(sign_in(authorize_url(microsoft), ADELE))["code"]
    remote.advance(601)
    assert redeem(code=code).json()["error_codes"] == [70008]


def test_a_code_belongs_to_its_redirect_address(
    microsoft: Simulator, redeem: Callable[..., requests.Response]
) -> None:
    code = callback(sign_in(authorize_url(microsoft), ADELE))["code"]
    assert redeem(code=code, redirect_uri=SIGN_IN + "2").json()["error"] == "invalid_grant"


def test_refreshing_makes_a_new_token_and_leaves_the_old_alive(
    msal_sign_in: SignIn, redeem: Callable[..., requests.Response]
) -> None:
    old = msal_sign_in()["refresh_token"]
    answers = [redeem(grant_type="refresh_token", refresh_token=old) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({old, *(answer.json()["refresh_token"] for answer in answers)}) == 3


def test_msal_renews_silently(msal_sign_in: SignIn) -> None:
    app = msal_sign_in()["app"]
    result = app.acquire_token_silent_with_error(CALENDARS, app.get_accounts()[0], force_refresh=True)
    assert result["token_source"] == "identity_provider"


def test_a_revoked_sign_in_cannot_be_renewed(remote: Microsoft, msal_sign_in: SignIn) -> None:
    app = msal_sign_in()["app"]
    assert remote.revoke_sign_ins(CONTOSO, ADELE) == 1
    result = app.acquire_token_silent_with_error(CALENDARS, app.get_accounts()[0], force_refresh=True)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [50173])


def test_a_sign_in_unused_for_months_cannot_be_renewed(
    remote: Microsoft, msal_sign_in: SignIn, redeem: Callable[..., requests.Response]
) -> None:
    token = msal_sign_in()["refresh_token"]
    remote.advance(91 * 86_400)
    assert redeem(grant_type="refresh_token", refresh_token=token).json()["error_codes"] == [700082]


def test_conditional_access_asks_the_user_back(
    world: World, msal_sign_in: SignIn, redeem: Callable[..., requests.Response]
) -> None:
    token = msal_sign_in()["refresh_token"]
    fault = Fault("token/refresh_token", status=400, code="interaction_required", error_number=50076)
    fault.claims = '{"access_token":{"capolids":{"essential":true}}}'
    world.faults.add(fault)
    body = redeem(grant_type="refresh_token", refresh_token=token).json()
    assert (body["error"], body["error_codes"], body["claims"]) == ("interaction_required", [50076], fault.claims)


def test_a_fault_can_be_about_one_user(
    world: World, msal_sign_in: SignIn, redeem: Callable[..., requests.Response]
) -> None:
    adele, bram = (msal_sign_in(upn)["refresh_token"] for upn in (ADELE, "bram.de.vries@contoso.com"))
    user = world.find_user(CONTOSO, ADELE)
    assert user is not None
    world.faults.add(Fault("token/user", user=user.id, status=400, code="invalid_grant", error_number=70043))
    codes = [redeem(grant_type="refresh_token", refresh_token=t).json().get("error_codes") for t in (bram, adele)]
    assert codes == [None, [70043]]


def test_a_withdrawn_consent_ends_renewal(
    remote: Microsoft, msal_sign_in: SignIn, redeem: Callable[..., requests.Response]
) -> None:
    token = msal_sign_in()["refresh_token"]
    remote.revoke_consent(CONTOSO)
    body = redeem(grant_type="refresh_token", refresh_token=token).json()
    assert (body["error"], body["suberror"], body["error_codes"]) == ("invalid_grant", "consent_required", [65001])


def test_a_users_consent_alone_gives_the_app_no_role(msal_sign_in: SignIn, world: World) -> None:
    msal_sign_in()
    assert world.tenants[CONTOSO].principals[CLIENT_ID].roles == set()


def test_declining_goes_back_with_an_error(microsoft: Simulator) -> None:
    back = callback(sign_in(authorize_url(microsoft, scope="openid Calendars.ReadWrite"), ADELE, accept=False))
    assert (back["error"], back["state"]) == ("access_denied", "st&te")


def test_where_users_may_not_consent_they_meet_a_dead_end(microsoft: Simulator, remote: Microsoft) -> None:
    remote.set_switches(user_consent_allowed=False)
    with pytest.raises(PageShownError) as shown:
        sign_in(authorize_url(microsoft, scope="openid Calendars.ReadWrite"), ADELE)
    assert shown.value.number == 90094


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"redirect_uri": SIGN_IN + "/"}, 50011),
        ({"redirect_uri": "https://evil.example/"}, 50011),
        ({"client_id": "nobody"}, 700016),
        ({"authority": "nowhere.example"}, 90002),
    ],
)
def test_an_unknown_app_or_address_is_shown_and_never_called(
    microsoft: Simulator, session: requests.Session, changes: dict[str, str], number: int
) -> None:
    answer = session.get(authorize_url(microsoft, **changes), allow_redirects=False)
    assert answer.status_code == 400
    assert f"AADSTS{number}" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token", "response_mode": "form_post"}, "invalid_request"),
        ({"response_type": "code id_token", "response_mode": "query", "nonce": "n"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S512", "code_challenge": "x"}, "invalid_request"),
        ({"scope": ""}, "invalid_request"),
    ],
)
def test_other_mistakes_go_back_to_the_app(microsoft: Simulator, changes: dict[str, str], error: str) -> None:
    back = walk(authorize_url(microsoft, **changes), ADELE)
    parameters = back.fields or callback(back.url)
    assert (parameters["error"], parameters["state"]) == (error, "st&te")


def test_who_may_sign_in_depends_on_the_authority(microsoft: Simulator) -> None:
    def tenant_of(upn: str, authority: str) -> str | None:
        address = authorize_url(microsoft, authority, response_type="id_token", response_mode="form_post", nonce="n")
        try:
            token = walk(address, upn).fields["id_token"]
        except PageShownError as shown:
            return str(shown.number)
        return str(jwt.decode(token, options={"verify_signature": False})["tid"])

    personal = "petra.personal@outlook.com"
    assert tenant_of(personal, "organizations") == "50020"
    assert tenant_of(personal, "common") == tenant_of(personal, "consumers") == PERSONAL_TENANT
    assert tenant_of(ADELE, "common") == tenant_of(ADELE, "contoso.com") == CONTOSO
    assert tenant_of(ADELE, FABRIKAM) == tenant_of(ADELE, "consumers") == "50020"


def test_a_guest_signs_in_only_where_the_tenant_is_named(microsoft: Simulator) -> None:
    guest = "gina.guest_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    named = authorize_url(microsoft, CONTOSO, response_type="id_token", response_mode="form_post", nonce="n")
    claims = jwt.decode(walk(named, guest).fields["id_token"], options={"verify_signature": False})
    assert (claims["tid"], claims["idp"]) == (CONTOSO, f"https://sts.windows.net/{FABRIKAM}/")
    with pytest.raises(PageShownError):
        sign_in(authorize_url(microsoft), guest)


def test_a_blocked_account_cannot_sign_in(microsoft: Simulator) -> None:
    with pytest.raises(PageShownError) as shown:
        sign_in(authorize_url(microsoft), "dora.disabled@contoso.com")
    assert shown.value.number == 50057


def test_the_page_shows_tenants_roles_and_the_hinted_person_first(
    microsoft: Simulator, session: requests.Session
) -> None:
    page = session.get(authorize_url(microsoft, login_hint="yara.haddad@contoso.com")).text
    assert page.index("yara.haddad@contoso.com") < page.index(ALICE) < page.index(ADELE)
    assert "Global Administrator" in page
    assert page.index("Contoso") < page.index("Fabrikam")
    assert "Petra Personal" not in page


def test_the_search_box_finds_people(microsoft: Simulator, session: requests.Session) -> None:
    page = session.get(authorize_url(microsoft) + "&search=OLGA").text
    assert "olga.petrova@contoso.com" in page
    assert ADELE not in page


def test_pages_escape_what_comes_from_outside(microsoft: Simulator, session: requests.Session) -> None:
    address = authorize_url(microsoft, login_hint='"><script>x', state="<script>y") + "&search=%3Cscript%3Ez"
    page = session.get(address).text + session.get(authorize_url(microsoft)).text
    page += session.get(authorize_url(microsoft, redirect_uri="<script>w")).text
    assert "Ren O&#39;Brien &lt;b&gt;&amp;" in page
    assert "<script>" not in page
    assert "<b>" not in page


def test_a_rotated_key_signs_at_once_and_can_be_the_only_one(
    remote: Microsoft, world: World, msal_sign_in: SignIn
) -> None:
    before = world.keys.current.kid
    kid = remote.rotate_keys()
    assert [key.kid for key in world.keys.keys] == [before, kid]
    assert jwt.get_unverified_header(msal_sign_in()["id_token"])["kid"] == kid
    assert [key["kid"] for key in world.keys.jwks()["keys"]] == [before, kid]
    newest = remote.rotate_keys(retire=True)
    assert [key["kid"] for key in world.keys.jwks()["keys"]] == [newest]
