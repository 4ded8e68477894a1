"""Where Microsoft Graph sends change notifications. Nothing here reads storage or loads an SDK.

Graph wants an answer within three seconds and counts slow ones against the whole host: an item is believed by its
client state, enqueued by the output binding, and answered 202. A queue that is down fails the invocation, so that
Graph sends again.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

from __future__ import annotations

import logging
from typing import List  # noqa: UP035 - the worker refuses list[str] (azure-functions-python-worker#1176)

import azure.functions as func

from shared.bootstrap import Services
from shared.functions.responses import ANYONE, QUIET
from shared.messages import CALENDAR_BULK, CALENDAR_SYNC, encode
from shared.notifications import accept
from shared.settings import STORAGE

log = logging.getLogger(__name__)

LONGEST_TOKEN = 4096


def webhooks(services: Services) -> func.Blueprint:
    """The change and lifecycle notification endpoints."""
    blueprint = func.Blueprint()

    @blueprint.route("webhooks/graph", methods=["POST"], auth_level=ANYONE)
    @blueprint.queue_output("messages", queue_name=CALENDAR_SYNC, connection=STORAGE)
    @blueprint.queue_output("bulk", queue_name=CALENDAR_BULK, connection=STORAGE)
    def change_notifications(
        req: func.HttpRequest,
        messages: func.Out[List[str]],  # noqa: UP006
        bulk: func.Out[List[str]],  # noqa: UP006
    ) -> func.HttpResponse:
        return _receive(services, req, messages, bulk)

    @blueprint.route("webhooks/graph/lifecycle", methods=["POST"], auth_level=ANYONE)
    @blueprint.queue_output("messages", queue_name=CALENDAR_SYNC, connection=STORAGE)
    @blueprint.queue_output("bulk", queue_name=CALENDAR_BULK, connection=STORAGE)
    def lifecycle_notifications(
        req: func.HttpRequest,
        messages: func.Out[List[str]],  # noqa: UP006
        bulk: func.Out[List[str]],  # noqa: UP006
    ) -> func.HttpResponse:
        return _receive(services, req, messages, bulk)

    return blueprint


def _receive(
    services: Services, req: func.HttpRequest, messages: func.Out[list[str]], bulk: func.Out[list[str]]
) -> func.HttpResponse:
    token = req.params.get("validationToken")
    if token is not None:
        return handshake(token)
    accepted = accept(req.get_body(), services.client_state, services.lanes, services.now())
    for queue, is_bulk in ((messages, False), (bulk, True)):
        if texts := [encode(message) for message in accepted.messages if message.bulk is is_bulk]:
            queue.set(texts)
    if accepted.ignored:
        log.warning("%d notifications ignored", accepted.ignored)
    return func.HttpResponse(status_code=202, headers=QUIET)


def handshake(token: str) -> func.HttpResponse:
    """Graph's test that we want to be notified: the token, as inert text."""
    if len(token) > LONGEST_TOKEN:
        return func.HttpResponse(status_code=400, headers=QUIET)
    return func.HttpResponse(token, status_code=200, mimetype="text/plain", charset="utf-8", headers=QUIET)
