"""Access policies at sign-in and at Graph."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Callable

import pytest
import requests

from local.microsoft.browser import PageShownError
from local.microsoft.remote import ControlError, Microsoft
from local.microsoft.sample import CONTOSO
from local.microsoft.server import Simulator

from .conftest import ADELE, CALENDARS, SignIn

Me = Callable[[str], requests.Response]


@pytest.fixture
def me(microsoft: Simulator, session: requests.Session) -> Me:
    def get(token: str) -> requests.Response:
        return session.get(f"{microsoft.https_url}/v1.0/me", headers={"Authorization": f"Bearer {token}"})

    return get


def claims_of(answer: requests.Response) -> str:
    found = re.search(r'claims="([^"]+)"', answer.headers["WWW-Authenticate"])
    assert found
    return b64decode(found[1]).decode()


def test_graph_challenges_tokens_from_before_and_takes_those_that_answer(
    remote: Microsoft, msal_sign_in: SignIn, me: Me
) -> None:
    signed_in = msal_sign_in()
    assert me(signed_in["access_token"]).status_code == 200
    remote.set_access_policy(CONTOSO, ADELE, "claims", "graph")
    refused = me(signed_in["access_token"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert 'error="insufficient_claims"' in refused.headers["WWW-Authenticate"]
    claims = claims_of(refused)
    assert "access_token" in json.loads(claims)
    app = signed_in["app"]
    again = app.acquire_token_silent_with_error(CALENDARS, app.get_accounts()[0], force_refresh=True)
    assert me(again["access_token"]).status_code == 401
    answered = app.acquire_token_silent_with_error(CALENDARS, app.get_accounts()[0], claims_challenge=claims)
    assert me(answered["access_token"]).status_code == 200


def test_where_the_token_endpoint_insists_too_only_a_person_can_answer(
    remote: Microsoft, msal_sign_in: SignIn, me: Me
) -> None:
    signed_in = msal_sign_in()
    remote.set_access_policy(CONTOSO, ADELE, "claims", "graph", "token")
    claims = claims_of(me(signed_in["access_token"]))
    app = signed_in["app"]
    refused = app.acquire_token_silent_with_error(CALENDARS, app.get_accounts()[0], claims_challenge=claims)
    assert refused["error"] == "interaction_required"
    assert me(msal_sign_in()["access_token"]).status_code == 200
    assert me(signed_in["access_token"]).status_code == 401


def test_a_batch_is_challenged_as_a_whole(
    microsoft: Simulator, session: requests.Session, remote: Microsoft, msal_sign_in: SignIn
) -> None:
    token = msal_sign_in()["access_token"]
    remote.set_access_policy(CONTOSO, ADELE, "claims", "graph")
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/me"}]}
    answer = session.post(
        f"{microsoft.https_url}/v1.0/$batch", json=batch, headers={"Authorization": f"Bearer {token}"}
    )
    assert "insufficient_claims" in answer.headers["WWW-Authenticate"]


def test_only_the_user_who_is_meant_is_challenged(remote: Microsoft, msal_sign_in: SignIn, me: Me) -> None:
    remote.set_access_policy(CONTOSO, ADELE, "blocked", "graph", "token")
    assert me(msal_sign_in("bram.de.vries@contoso.com")["access_token"]).status_code == 200
    with pytest.raises(PageShownError) as shown:
        msal_sign_in()
    assert shown.value.number == 53003


def test_a_demand_nobody_knows_is_refused(remote: Microsoft) -> None:
    with pytest.raises(ControlError):
        remote.set_access_policy(CONTOSO, ADELE, "retina")  # type: ignore[arg-type]


@pytest.mark.parametrize(("switch", "status"), [(False, 200), (True, 401)])
def test_access_tokens_outlive_a_revocation_unless_switched(
    remote: Microsoft, msal_sign_in: SignIn, me: Me, switch: bool, status: int
) -> None:
    remote.set_switches(revocation_reaches_graph=switch)
    token = msal_sign_in()["access_token"]
    remote.revoke_sign_ins(CONTOSO, ADELE)
    assert me(token).status_code == status
    assert me(msal_sign_in()["access_token"]).status_code == 200
