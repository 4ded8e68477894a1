"""The authorize endpoint: who signs in, what they consent to, and the way back with a code or an error.

Errors about the app or its address are shown; all others go back to the app.
https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from local.microsoft.addresses import Addresses
from local.microsoft.entra.accounts import pick_page, signed_in_account
from local.microsoft.entra.authority import Authority, find_authority
from local.microsoft.entra.conditional_access import check_sign_in, note_sign_in
from local.microsoft.entra.consent import check_enabled, grant_user
from local.microsoft.entra.errors import EntraError, missing_parameter, unknown_app
from local.microsoft.entra.grants import AuthorizationCode, Browser, SignIn
from local.microsoft.entra.issue import id_token
from local.microsoft.entra.pages import callback_url, needs_admin_approval, send_back
from local.microsoft.entra.people import Person, pick
from local.microsoft.entra.permissions import delegated_permissions
from local.microsoft.entra.proof_key import check_challenge
from local.microsoft.entra.tokens import GRAPH
from local.microsoft.entra.user_consent import declined, may_consent, must_ask, needs_admin
from local.microsoft.pages import page
from local.microsoft.world import AppRegistration, World

RESPONSE_TYPES = {"code", "id_token", "code id_token"}
RESPONSE_MODES = {"query", "fragment", "form_post"}
PROMPTS = {"", "login", "none", "consent", "select_account"}


@dataclass(frozen=True)
class AuthorizeRequest:
    """A sign-in that an app asks for, with an app and a redirect address known to be right."""

    world: World
    addresses: Addresses
    authority: Authority
    app: AppRegistration
    parameters: Mapping[str, str]

    def get(self, name: str) -> str:
        """A query parameter; empty when absent."""
        return self.parameters.get(name, "")

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes asked for."""
        return tuple(self.get("scope").split())

    @property
    def mode(self) -> str:
        """The response mode; tokens must not travel in a query."""
        return self.get("response_mode") or ("query" if self.get("response_type") == "code" else "fragment")

    def back(self, parameters: Mapping[str, str]) -> web.Response:
        """Return to the app, with its state."""
        mode = self.mode if self.mode in RESPONSE_MODES else "query"
        return send_back(self.get("redirect_uri"), mode, {**parameters, "state": self.get("state")})

    def back_with(self, error: EntraError) -> web.Response:
        """Return to the app with an error."""
        return self.back(error.callback(self.world.clock.now()))


def find_app(world: World, authority: Authority, parameters: Mapping[str, str]) -> AppRegistration:
    """The app that asks, if the redirect address is exactly one of its registered ones."""
    client_id, redirect_uri = parameters.get("client_id", ""), parameters.get("redirect_uri", "")
    if not client_id:
        raise missing_parameter("client_id")
    app = world.apps.get(client_id)
    if app is None:
        raise unknown_app(client_id, authority.name)
    if redirect_uri not in app.redirect_uris:
        text = (
            f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured "
            f"for the application '{client_id}'. Make sure the redirect URI sent in the request matches one added to "
            "your application in the Azure portal."
        )
        raise EntraError(50011, "invalid_request", text)
    return app


def answer_authorize(
    world: World,
    addresses: Addresses,
    segment: str,
    parameters: Mapping[str, str],
    form: Mapping[str, str],
    browser: Browser,
) -> web.Response:
    """The page to show, or the way back. `form` is what the person posted on the page before, if any."""
    authority = find_authority(world, segment)
    app = find_app(world, authority, parameters)
    request = AuthorizeRequest(world, addresses, authority, app, parameters)
    problem = next(_problems(request), None)
    if problem is not None:
        return request.back_with(problem)
    if form.get("decision") == "cancel":
        return _cancelled(request, form)
    try:
        person = _who(request, form, browser)
        if person is None:
            return pick_page(world, authority, app, parameters, browser)
        return _decide(request, person, form, browser)
    except EntraError as error:
        if request.get("prompt") == "none":
            return request.back_with(error)
        raise


def _problems(request: AuthorizeRequest) -> Iterator[EntraError]:
    """What is wrong with the request, the first thing first."""
    response_type = request.get("response_type")
    if response_type not in RESPONSE_TYPES:
        yield EntraError(70005, "unsupported_response_type", "The response_type is not supported.")
    if not request.scopes:
        yield missing_parameter("scope")
    if request.mode not in RESPONSE_MODES:
        yield EntraError(90023, "invalid_request", f"Unsupported response_mode '{request.mode}'.")
    if "id_token" in response_type and (request.mode == "query" or not request.get("nonce")):
        yield EntraError(90014, "invalid_request", "An ID token needs a nonce and must not be returned in a query.")
    wrong_challenge = check_challenge(request.get("code_challenge"), request.get("code_challenge_method"))
    if wrong_challenge is not None:
        yield wrong_challenge
    if request.get("prompt") not in PROMPTS:
        yield EntraError(90023, "invalid_request", "Unsupported 'prompt' value.")
    fault = request.world.faults.take("authorize")
    if fault is not None:
        yield EntraError(
            fault.error_number or 90033, fault.code or "server_error", fault.message or "Try again later."
        )


def _cancelled(request: AuthorizeRequest, form: Mapping[str, str]) -> web.Response:
    """Somebody went away from the page that asks who they are, or from the one that asks for consent."""
    if not form.get("user"):
        return request.back({"error": "access_denied", "error_description": "the user canceled the authentication"})
    answer = declined(pick(request.world, request.authority, form["user"]).tenant.id)
    return request.back_with(answer) if isinstance(answer, EntraError) else request.back(answer)


def _who(request: AuthorizeRequest, form: Mapping[str, str], browser: Browser) -> Person | None:
    """The account that signs in, or None if it must be asked for."""
    if form.get("user"):
        return pick(request.world, request.authority, form["user"])
    return signed_in_account(request.world, request.authority, browser, request.parameters)


def _decide(request: AuthorizeRequest, person: Person, form: Mapping[str, str], browser: Browser) -> web.Response:
    world, app = request.world, request.app
    check_sign_in(world, person.tenant.id, person.user.id)
    check_enabled(person.tenant, app)
    browser.remember(person.tenant.id, person.user.id)
    sign_in = SignIn(app.client_id, person.tenant.id, person.user.id, request.scopes, request.get("nonce") or None)
    if must_ask(world, person, sign_in, request.get("prompt")):
        if request.get("prompt") == "none":
            raise EntraError(65001, "interaction_required", "The user has not consented.")
        if not may_consent(world, person):
            return _ask_an_admin(request, needs_admin(person))
        if form.get("decision") != "accept":
            return _consent_page(request, person)
        grant_user(world, person.tenant, app, sign_in)
    note_sign_in(world, sign_in)
    return request.back(_tokens(request, sign_in, person))


def _consent_page(request: AuthorizeRequest, person: Person) -> web.Response:
    permissions = delegated_permissions(scope.removeprefix(f"{GRAPH}/") for scope in request.scopes)
    return page(
        "consent.html",
        app_name=request.app.display_name,
        person=person,
        permissions=permissions,
        for_organization=False,
    )


def _ask_an_admin(request: AuthorizeRequest, error: EntraError) -> web.Response:
    """A page on which most people stay; the way back is a link, unless it is switched to come at once."""
    if request.world.switches.admin_approval_returns:
        return request.back_with(error)
    parameters = {**error.callback(request.world.clock.now()), "state": request.get("state")}
    back = callback_url(request.get("redirect_uri"), "query", parameters)
    return needs_admin_approval(request.app.display_name, back, error.number)


def _tokens(request: AuthorizeRequest, sign_in: SignIn, person: Person) -> dict[str, str]:
    world, response_type = request.world, request.get("response_type")
    answer: dict[str, str] = {}
    if "code" in response_type.split():
        code = AuthorizationCode(
            sign_in,
            request.get("redirect_uri"),
            request.get("code_challenge") or None,
            request.get("code_challenge_method") or "plain",
            world.clock.now() + timedelta(seconds=world.switches.code_seconds),
        )
        answer["code"] = world.grants.add_code(code)
    if "id_token" in response_type.split():
        answer["id_token"] = id_token(world, request.addresses, sign_in, person.user)
    return answer | {"session_state": sign_in.user_id}
