"""Answers: JSON, RFC 9457 problems, pages; and the one place where errors become answers.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol

import azure.functions as func
import msgspec

from shared.contract.problems import Problem
from shared.contract.times import BlockOutput
from shared.errors import (
    CallerError,
    Conflict,
    EntityChanged,
    EntityExists,
    Forbidden,
    MicrosoftError,
    NotWritable,
    TimeTaken,
    TryLater,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from shared.pages import Page

P = ParamSpec("P")
Handler = Callable[P, func.HttpResponse]

log = logging.getLogger(__name__)

ANYONE = func.AuthLevel.ANONYMOUS
"""Every endpoint proves its caller itself: by the platform's token, a link, a state or a client state."""

QUIET = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Content(Protocol):
    """What stays the same while the process lives."""

    @property
    def content(self) -> bytes:
        """As it is sent."""

    @property
    def mimetype(self) -> str:
        """What it is."""


_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """A value of `contract` as JSON."""
    return func.HttpResponse(
        msgspec.json.encode(value),
        status_code=status,
        mimetype="application/json",
        headers={**QUIET, **(headers or {})},
    )


def no_content() -> func.HttpResponse:
    """Done, nothing to say."""
    return func.HttpResponse(status_code=204, headers=QUIET)


def file_download(content: str, name: str, mimetype: str) -> func.HttpResponse:
    """A file to keep. `name` is one of ours, never taken from a request."""
    headers = {**QUIET, "Content-Disposition": f'attachment; filename="{name}"'}
    return func.HttpResponse(content, mimetype=mimetype, charset="utf-8", headers=headers)


def html_answer(page: Page, form_target: str) -> func.HttpResponse:
    """A page that may load our own files and nothing else; its forms may lead on to `form_target`."""
    policy = f"{_POLICY}; form-action 'self' {form_target}"
    headers = QUIET | {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}
    return func.HttpResponse(
        page.html, status_code=page.status, mimetype="text/html", charset="utf-8", headers=headers
    )


def file_answer(file: Content, known: str | None) -> func.HttpResponse:
    """A static file or the like, asked about each time, so that a page never meets the script of another version."""
    etag = f'"{hashlib.sha256(file.content).hexdigest()[:16]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag, "X-Content-Type-Options": "nosniff"}
    if known == etag:
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(file.content, mimetype=file.mimetype, headers=headers)


def problem_answer(
    status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> func.HttpResponse:
    """A problem document."""
    document = Problem(f"urn:outlook-connection:problem:{code}", title, status, detail, **more)
    return func.HttpResponse(
        msgspec.json.encode(document),
        status_code=status,
        mimetype="application/problem+json",
        headers={**QUIET, **(headers or {})},
    )


def answering(handler: Handler[P]) -> Handler[P]:
    """Turn the product's errors into problems. What is left is a defect: the host logs it and answers 500."""

    @wraps(handler)
    def answer(*args: P.args, **kwargs: P.kwargs) -> func.HttpResponse:
        try:
            return handler(*args, **kwargs)
        except CallerError as error:
            return _caller_problem(error)
        except (EntityChanged, EntityExists):
            return _caller_problem(Conflict("Somebody else is changing the same thing; try again."))
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("unavailable: %s", type(error).__name__)
            wait = error.retry_after if isinstance(error, TryLater) else None
            return _caller_problem(Unavailable("Try again in a moment.", *([wait] if wait else [])))

    return answer


def _caller_problem(error: CallerError) -> func.HttpResponse:
    return problem_answer(
        error.status, error.code, error.title, error.detail, _headers(error), field=error.field, **_more(error)
    )


def _more(error: CallerError) -> dict[str, Any]:
    """What only some problems say."""
    match error:
        case Forbidden():
            return {"reason": error.reason}
        case NotWritable():
            return {"reason": error.reason, "member": error.member}
        case TimeTaken():
            return {"member": error.member, "conflict": BlockOutput(*error.block)}
    return {}


def _headers(error: CallerError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case Unavailable():
            return {"Retry-After": str(int(error.retry_after.total_seconds()))}
    return {}


def is_outage(error: Exception) -> bool:
    """Whether somebody we depend on (Microsoft, the platform, storage) is away, rather than something is broken."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - only failures pay for it

    return isinstance(error, (MicrosoftError, AzureError))
