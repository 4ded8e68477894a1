"""What Graph's error answers mean, by status and code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from shared.errors import (
    AccessLost,
    AlreadyCreated,
    AlreadySubscribed,
    BadRequest,
    ChangedMeanwhile,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    StartOver,
    TryLater,
)
from shared.graph.errors import error_code, error_for, retry_after
from shared.model import ConnectionStatus, TenantStatus
from tests.properties import given

HTML = "<html><body>Service unavailable</body></html>"


def body(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "m", "innerError": {"date": "2026-01-01T00:00:00", "request-id": "g"}}}


def told(problem: MicrosoftError) -> tuple[Any, ...]:
    """The error as its class and what a caller decides on."""
    return (type(problem), *(getattr(problem, name) for name in ("status", "code") if hasattr(problem, name)))


NO_MAILBOX = (MailboxUnreadable, ConnectionStatus.NO_MAILBOX)
OUT_OF_SCOPE = (MailboxUnreadable, ConnectionStatus.OUT_OF_SCOPE)
LACKING = (AccessLost, TenantStatus.PERMISSION_MISSING)
MEANINGS = {
    "400": (400, "BadRequest", (BadRequest, "BadRequest")),
    "400 lost sync state": (400, "syncStateNotFound", (StartOver, "syncStateNotFound")),
    "400 resync required": (400, "resyncRequired", (StartOver, "resyncRequired")),
    "400 invalid sync state": (400, "SyncStateInvalid", (StartOver, "SyncStateInvalid")),
    "400 handshake failed": (400, "ValidationError", (BadRequest, "ValidationError")),
    "401": (401, "InvalidAuthenticationToken", (TryLater, "401 InvalidAuthenticationToken")),
    "403 of the directory": (
        403,
        "Authorization_RequestDenied",
        (*LACKING, "Authorization_RequestDenied"),
    ),
    "403 of the directory in other case": (
        403,
        "authorization_requestdenied",
        (*LACKING, "authorization_requestdenied"),
    ),
    "403 of Outlook": (403, "ErrorAccessDenied", (*OUT_OF_SCOPE, "ErrorAccessDenied")),
    "403 by an access policy": (403, "extensionError", (*OUT_OF_SCOPE, "extensionError")),
    "404 no mailbox": (404, "MailboxNotEnabledForRESTAPI", (*NO_MAILBOX, "MailboxNotEnabledForRESTAPI")),
    "404 no mailbox, older": (404, "MailboxNotSupportedForRESTAPI", (*NO_MAILBOX, "MailboxNotSupportedForRESTAPI")),
    "404 no mailbox in other case": (
        404,
        "mailboxnotenabledforrestapi",
        (*NO_MAILBOX, "mailboxnotenabledforrestapi"),
    ),
    "404 no such user, by Outlook": (404, "ErrorInvalidUser", (Gone, "ErrorInvalidUser")),
    "404 no such user, by the directory": (404, "Request_ResourceNotFound", (Gone, "Request_ResourceNotFound")),
    "404 no such event": (404, "ErrorItemNotFound", (Gone, "ErrorItemNotFound")),
    "404 lost sync state": (404, "SyncStateNotFound", (StartOver, "SyncStateNotFound")),
    "409 duplicate subscription": (409, "Conflict", (AlreadySubscribed, "Conflict")),
    "410": (410, "SyncStateNotFound", (StartOver, "SyncStateNotFound")),
    "409 spent transaction": (409, "ErrorDuplicateTransactionId", (AlreadyCreated, "ErrorDuplicateTransactionId")),
    "400 spent transaction": (400, "errorDuplicateTransactionId", (AlreadyCreated, "errorDuplicateTransactionId")),
    "409 event changed": (409, "ErrorIrresolvableConflict", (ChangedMeanwhile, "ErrorIrresolvableConflict")),
    "412": (412, "ErrorIrresolvableConflict", (ChangedMeanwhile, "ErrorIrresolvableConflict")),
    "412 in other words": (412, "resourceModified", (ChangedMeanwhile, "resourceModified")),
    "424 dependant of a failed item": (424, "FailedDependency", (TryLater, "424 FailedDependency")),
    "429": (429, "ApplicationThrottled", (TryLater, "429 ApplicationThrottled")),
    "500": (500, "InternalServerError", (TryLater, "500 InternalServerError")),
    "501": (501, "NotImplemented", (TryLater, "501 NotImplemented")),
    "503": (503, "ServiceUnavailable", (TryLater, "503 ServiceUnavailable")),
    "504": (504, "UnknownError", (TryLater, "504 UnknownError")),
    "509 bandwidth": (509, "BandwidthLimitExceeded", (TryLater, "509 BandwidthLimitExceeded")),
    "a status of nothing": (0, "", (TryLater, "0")),
    "a redirect": (302, "", (TryLater, "302")),
}


@pytest.mark.parametrize(("status", "code", "expected"), MEANINGS.values(), ids=MEANINGS.keys())
def test_what_an_answer_means(status: int, code: str, expected: tuple[Any, ...]) -> None:
    assert told(error_for(status, {}, body(code))) == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("answer", [None, HTML, {}], ids=["nothing", "a page", "an empty object"])
def test_an_answer_that_is_not_graphs_proves_nothing_about_the_tenant_or_mailbox(status: int, answer: Any) -> None:
    """A proxy's or front door's page must neither disconnect anybody nor tell an admin to act."""
    assert isinstance(error_for(status, {}, answer), TryLater)


def test_gone_without_a_body_is_a_void_link() -> None:
    assert told(error_for(410, {}, None)) == (StartOver, "")


CODES = {
    "Graph's": (body("x"), "x"),
    "nothing": (None, ""),
    "a page": (HTML, ""),
    "a list": ([body("x")], ""),
    "an error that is a text": ({"error": "x"}, ""),
    "an error that is null": ({"error": None}, ""),
    "an error that is a list": ({"error": ["x"]}, ""),
    "a code that is null": ({"error": {"code": None}}, ""),
    "a code that is a number": ({"error": {"code": 7}}, ""),
    "no code": ({"error": {"message": "m"}}, ""),
}


@pytest.mark.parametrize(("answer", "code"), CODES.values(), ids=CODES.keys())
def test_the_code_of_an_answer(answer: Any, code: str) -> None:
    assert error_code(answer) == code


HOUR = timedelta(hours=1)
WAITS = {
    "absent": ({}, None),
    "at once": ({"Retry-After": "0"}, timedelta()),
    "a while": ({"Retry-After": "12"}, timedelta(seconds=12)),
    "five minutes": ({"Retry-After": "300"}, timedelta(minutes=5)),
    "in small letters": ({"retry-after": "7"}, timedelta(seconds=7)),
    "among others": ({"Content-Type": "x", "RETRY-AFTER": "7"}, timedelta(seconds=7)),
    "an hour": ({"Retry-After": "3600"}, HOUR),
    "a day": ({"Retry-After": "86400"}, HOUR),
    "longer than time": ({"Retry-After": "9" * 20}, HOUR),
    "longer than Python reads": ({"Retry-After": "9" * 5000}, HOUR),
    "with zeros in front": ({"Retry-After": "007"}, timedelta(seconds=7)),
    "empty": ({"Retry-After": ""}, None),
    "negative": ({"Retry-After": "-5"}, None),
    "a fraction": ({"Retry-After": "1.5"}, None),
    "a word": ({"Retry-After": "soon"}, None),
    "a date": ({"Retry-After": "Wed, 09 Dec 2026 12:00:00 GMT"}, None),
    "digits of another script": ({"Retry-After": "٣"}, None),
    "a superscript": ({"Retry-After": "²"}, None),
    "a number, as a batch item may write it": ({"Retry-After": 7}, timedelta(seconds=7)),
    "null": ({"Retry-After": None}, None),
}


@pytest.mark.parametrize(("headers", "expected"), WAITS.values(), ids=WAITS.keys())
def test_how_long_to_wait(headers: dict[str, Any], expected: timedelta | None) -> None:
    assert retry_after(headers) == expected


@pytest.mark.parametrize("status", [429, 503, 504, 401])
def test_a_wait_is_handed_on_whatever_the_status(status: int) -> None:
    problem = error_for(status, {"Retry-After": "12"}, body("x"))
    assert isinstance(problem, TryLater)
    assert problem.retry_after == timedelta(seconds=12)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_clear_refusal_is_not_tried_again_whatever_wait_it_names(status: int) -> None:
    assert not isinstance(error_for(status, {"Retry-After": "12"}, body("x")), TryLater)


@given(st.integers(0, 999), st.dictionaries(st.text(), st.text()), st.text())
def test_every_answer_means_something(status: int, headers: dict[str, str], code: str) -> None:
    assert isinstance(error_for(status, headers, body(code)), MicrosoftError)


@given(st.integers(0, 999), st.text())
def test_every_error_has_a_code_for_the_log(status: int, code: str) -> None:
    assert isinstance(error_for(status, {}, body(code)).code, str)


def test_the_message_never_becomes_part_of_the_error() -> None:
    for status in range(400, 600):
        problem = error_for(status, {}, {"error": {"code": "c", "message": "private words"}})
        assert "private" not in f"{problem!r} {problem}"
