"""What the Microsoft admin's browser visits: the activation page, and the ways back from Microsoft."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import TYPE_CHECKING

import azure.functions as func

from shared.bootstrap import Services
from shared.errors import Refusal
from shared.functions.cookies import BrowserCookie
from shared.functions.responses import ANYONE, html_answer, is_outage

if TYPE_CHECKING:
    from shared.model import ActivationLink
    from shared.pages import Page
    from shared.storage.table import Row

log = logging.getLogger(__name__)

COOKIE, COOKIE_SECONDS = "outlook_activation", 3600

Visit = Callable[[func.HttpRequest], func.HttpResponse]


def microsoft_admin(services: Services) -> func.Blueprint:
    """The pages behind an activation link."""
    blueprint = func.Blueprint()
    visiting = partial(explaining, services)
    cookie = BrowserCookie(COOKIE, "/callback", COOKIE_SECONDS, services.settings.public_url)

    @blueprint.route("activate/{token}", methods=["GET"], auth_level=ANYONE)
    @visiting
    def open_activation_link(req: func.HttpRequest) -> func.HttpResponse:
        row = services.activation.open(req.route_params["token"])
        note_opening(services, row)
        return _show(services, services.pages.invitation(row.value))

    @blueprint.route("activate/{token}", methods=["POST"], auth_level=ANYONE)
    @visiting
    def begin_activation(req: func.HttpRequest) -> func.HttpResponse:
        if is_foreign(req.headers, services.settings.public_url):
            raise Refusal("pressed_elsewhere")
        departure = services.activation.begin(req.route_params["token"])
        return redirect(departure.url, cookie.keep(departure.browser))

    @blueprint.route("callback/sign-in", methods=["GET"], auth_level=ANYONE)
    @visiting
    def signed_in(req: func.HttpRequest) -> func.HttpResponse:
        return redirect(services.activation.signed_in(dict(req.params), cookie.read(req.headers)))

    @blueprint.route("callback/consent", methods=["GET"], auth_level=ANYONE)
    @visiting
    def consented(req: func.HttpRequest) -> func.HttpResponse:
        services.activation.consented(dict(req.params), cookie.read(req.headers))
        return redirect(f"{services.settings.public_url}/activated", cookie.drop())

    @blueprint.route("activated", methods=["GET"], auth_level=ANYONE)
    def activated(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the trigger's name
        return _show(services, services.pages.activated())

    return blueprint


def explaining(services: Services, visit: Visit) -> Visit:
    """Tell the visitor on a page what was refused, and what to do; problem documents are for programs."""

    @wraps(visit)
    def answer(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return visit(req)
        except Refusal as refusal:
            return _show(services, services.pages.refusal(refusal.reason))
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("activation interrupted: %s", type(error).__name__)
            return _show(services, services.pages.refusal("microsoft_unavailable"))

    return answer


def note_opening(services: Services, row: Row[ActivationLink]) -> None:
    """For the admin who made the link; a page that can be shown is shown, whether or not this can be kept."""
    try:
        services.activation.note_opening(row)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("opening not noted: %s", type(error).__name__)


def is_foreign(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether the button was pressed on somebody else's page: who asks for what would never have been seen.

    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    return headers.get("Origin") not in (None, public_url)


def redirect(url: str, cookie: str | None = None) -> func.HttpResponse:
    """See-other, so that a reload repeats nothing."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return func.HttpResponse(status_code=303, headers=headers | ({"Set-Cookie": cookie} if cookie else {}))


def _show(services: Services, page: Page) -> func.HttpResponse:
    return html_answer(page, services.settings.microsoft.sign_in_url)
