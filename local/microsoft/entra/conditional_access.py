"""Holding a user to what an access policy asks: at sign-in, at refresh, and at every call of Graph.

Microsoft challenges only clients that said they understand it; here every client is challenged.
https://learn.microsoft.com/en-us/entra/identity-platform/claims-challenge
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping

from local.microsoft.entra.challenges import CLAIMS, Challenge
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.grants import SignIn
from local.microsoft.entra.tokens import AccessToken
from local.microsoft.graph.errors import GraphError
from local.microsoft.world import World

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"


def check_sign_in(world: World, tenant_id: str, user_id: str) -> None:
    """EntraError 53003 for somebody who may not come in at all."""
    challenge = world.grants.challenges.get((tenant_id, user_id))
    if challenge is not None and challenge.blocks_sign_in:
        raise EntraError(53003, "access_denied", challenge.answer.text)


def note_sign_in(world: World, sign_in: SignIn) -> None:
    """Somebody went through the pages, and so did what was asked."""
    challenge = world.grants.challenges.get((sign_in.tenant_id, sign_in.user_id))
    if challenge is not None:
        challenge.met.add(sign_in.session)


def check_refresh(world: World, sign_in: SignIn) -> None:
    """The token endpoint's refusal for a session from before the challenge."""
    challenge = _open_challenge(world, sign_in.tenant_id, sign_in.user_id, sign_in.session)
    if challenge is not None and "token" in challenge.places:
        answer = challenge.answer
        raise EntraError(answer.number, answer.error, answer.text, suberror=answer.suberror, claims=answer.claims)


def answers_claims(form: Mapping[str, str]) -> bool:
    """Whether a token request asks for claims that a resource demanded; a capability alone demands nothing."""
    try:
        wanted = json.loads(form.get("claims") or "{}").get("access_token") or {}
    except (ValueError, AttributeError):
        raise EntraError(50027, "invalid_request", "The claims parameter is not valid JSON.") from None
    return bool(wanted.keys() - {"xms_cc"})


def check_call(world: World, token: AccessToken) -> None:
    """Graph's 401 with a claims challenge, for a token from before the challenge."""
    if token.user_id is None or token.answers_claims:
        return
    challenge = _open_challenge(world, token.tenant_id, token.user_id, token.session)
    if challenge is not None and "graph" in challenge.places:
        raise insufficient_claims()


def insufficient_claims() -> GraphError:
    """The challenge as Graph writes it; the claims are in the header only."""
    text = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenCreatedWithOutdatedPolicies"
    )
    header = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        f'client_id="{GRAPH_APP_ID}", error="insufficient_claims", claims="{b64encode(CLAIMS.encode()).decode()}"'
    )
    return GraphError(401, "InvalidAuthenticationToken", text, {"WWW-Authenticate": header})


def _open_challenge(world: World, tenant_id: str, user_id: str, session: str) -> Challenge | None:
    challenge = world.grants.challenges.get((tenant_id, user_id))
    return None if challenge is None or session in challenge.met else challenge
