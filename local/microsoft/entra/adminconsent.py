"""The two admin-consent endpoints: an administrator grants an app its permissions for a whole tenant.

The callback's `tenant` is only a parameter that anybody can forge, and `admin_consent=True` comes with failures too.
https://learn.microsoft.com/en-us/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from local.microsoft.entra.accounts import pick_page
from local.microsoft.entra.authority import PERSONAL_TENANT, Authority, find_authority
from local.microsoft.entra.authorize import find_app
from local.microsoft.entra.consent import app_roles_for, grant_tenant
from local.microsoft.entra.errors import EntraError
from local.microsoft.entra.pages import callback_url, needs_admin_approval, send_back
from local.microsoft.entra.people import Person, pick
from local.microsoft.entra.permissions import Permission, application_permissions, delegated_permissions
from local.microsoft.entra.tokens import GRAPH
from local.microsoft.pages import page
from local.microsoft.world import AppRegistration, World


@dataclass(frozen=True)
class ConsentRequest:
    """An admin consent that an app asks for."""

    world: World
    authority: Authority
    app: AppRegistration
    parameters: Mapping[str, str]
    version: int
    """2 with scopes; 1 asks for everything registered and has other error texts."""

    @property
    def scopes(self) -> list[str]:
        """The scopes asked for; the old form means `.default`."""
        if self.version == 1:
            return [f"{GRAPH}/.default"]
        return self.parameters.get("scope", "").split()

    @property
    def asks_for_app_roles(self) -> bool:
        """Only `.default` can ask for application permissions."""
        return f"{GRAPH}/.default" in self.scopes

    @property
    def delegated(self) -> set[str]:
        """Delegated permissions asked for."""
        named = {scope.removeprefix(f"{GRAPH}/") for scope in self.scopes} - {".default"}
        return named | (self.app.delegated_scopes if self.asks_for_app_roles else set())

    def back(self, parameters: Mapping[str, str]) -> web.Response:
        """Return to the app; failures of the newer form carry `admin_consent=True` as well."""
        return send_back(self.parameters["redirect_uri"], "query", self._complete(parameters))

    def back_url(self, parameters: Mapping[str, str]) -> str:
        """The address of the way back."""
        return callback_url(self.parameters["redirect_uri"], "query", self._complete(parameters))

    def _complete(self, parameters: Mapping[str, str]) -> dict[str, str]:
        failed_in_old_form = "error" in parameters and self.version == 1
        first = {} if failed_in_old_form else {"admin_consent": "True"}
        return {**first, **parameters, "state": self.parameters.get("state", "")}


def answer_admin_consent(
    world: World, segment: str, version: int, parameters: Mapping[str, str], form: Mapping[str, str] | None
) -> web.Response:
    """The page to show, or the way back. `form` is what the person posted on the page before."""
    authority = find_authority(world, segment)
    if authority.name in ("common", "consumers") or segment == PERSONAL_TENANT:
        text = "Admin consent needs a tenant id, a verified domain or 'organizations'."
        raise EntraError(90002, "invalid_request", text)
    app = find_app(world, authority, parameters)
    request = ConsentRequest(world, authority, app, parameters, version)
    if not request.scopes:
        raise EntraError(900144, "invalid_request", "The request must contain the following parameter: 'scope'.")
    fault = world.faults.take("adminconsent")
    if fault is not None:
        error = EntraError(
            fault.error_number or 90033, fault.code or "server_error", fault.message or "Try again later."
        )
        return request.back(error.callback(world.clock.now()))
    if form is None or not (form.get("user") or form.get("decision")):
        return pick_page(world, authority, app, parameters)
    return _decide(request, form)


def _decide(request: ConsentRequest, form: Mapping[str, str]) -> web.Response:
    if form.get("decision") == "cancel":
        return request.back(_declined(request))
    person = pick(request.world, request.authority, form["user"])
    if not person.may_grant_app_roles:
        error = EntraError(90094, "access_denied", "The grant requires admin permission.")
        back = request.back_url(error.callback(request.world.clock.now()))
        return needs_admin_approval(request.app.display_name, back)
    if form.get("decision") != "accept":
        return _consent_page(request, person)
    return request.back(_grant(request, person))


def _declined(request: ConsentRequest) -> dict[str, str]:
    if request.version == 1:
        return {"error": "permission_denied", "error_description": "The admin canceled the request"}
    declined = EntraError(65004, "consent_required", "The user declined to consent to access the app.")
    return declined.callback(request.world.clock.now())


def _consent_page(request: ConsentRequest, person: Person) -> web.Response:
    permissions: list[Permission] = delegated_permissions(request.delegated)
    if request.asks_for_app_roles:
        permissions = application_permissions(request.app.app_roles) + permissions
    return page(
        "consent.html",
        app_name=request.app.display_name,
        person=person,
        permissions=permissions,
        for_organization=True,
    )


def _grant(request: ConsentRequest, person: Person) -> dict[str, str]:
    """Grant, and tell which tenant it was: the home of whoever signed in."""
    granted = set(request.delegated)
    if request.asks_for_app_roles:
        grant_tenant(request.world, person.tenant, request.app)
        granted |= app_roles_for(person.tenant, request.app)
    answer = {"tenant": person.tenant.id}
    if request.version == 2:
        answer["scope"] = " ".join(sorted(f"{GRAPH}/{name}" for name in granted))
    return answer
