"""Where Microsoft sends the browser of a member back to, who signed in with an account of their own."""

from __future__ import annotations

import logging

import azure.functions as func

from shared.bootstrap import Services
from shared.errors import MemberRefusal, Refusal
from shared.functions.cookies import BrowserCookie
from shared.functions.microsoft_admin import redirect
from shared.functions.responses import ANYONE, html_answer, is_outage

log = logging.getLogger(__name__)

COOKIE, COOKIE_SECONDS = "outlook_own_sign_in", 15 * 60


def cookie_of(services: Services) -> BrowserCookie:
    """The cookie that ties a member's sign-in to their browser."""
    return BrowserCookie(COOKIE, "/", COOKIE_SECONDS, services.settings.public_url)


def own_sign_in(services: Services) -> func.Blueprint:
    """The way back, and the page at its end."""
    blueprint = func.Blueprint()
    cookie = cookie_of(services)
    target = services.settings.microsoft.sign_in_url

    @blueprint.route("callback/personal", methods=["GET"], auth_level=ANYONE)
    def signed_in_with_own(req: func.HttpRequest) -> func.HttpResponse:
        try:
            _finish(services, req, cookie)
        except Refusal as refusal:
            return html_answer(services.pages.member_refusal(refusal.reason), target)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("sign-in interrupted: %s", type(error).__name__)
            return html_answer(services.pages.member_refusal("microsoft_unavailable"), target)
        return redirect(f"{services.settings.public_url}/connected", cookie.drop())

    @blueprint.route("connected", methods=["GET"], auth_level=ANYONE)
    def connected_own(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return html_answer(services.pages.connected(), target)

    return blueprint


def _finish(services: Services, req: func.HttpRequest, cookie: BrowserCookie) -> None:
    """Connect; what a proven member is refused is kept in the audit trail."""
    try:
        services.own_connections.finish(dict(req.params), cookie.read(req.headers))
    except MemberRefusal as refusal:
        services.audit_trail.sign_in_refused(refusal)
        raise
