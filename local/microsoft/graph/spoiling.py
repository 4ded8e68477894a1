"""A fault's answer in place of Graph's own: wrong statuses, gateway pages, bare bodies."""

from __future__ import annotations

from local.microsoft.faults import Fault
from local.microsoft.graph.errors import IRRESOLVABLE_CONFLICT, GraphError
from local.microsoft.graph.messages import GraphResponse
from local.microsoft.switches import Switches

CODES = {
    400: ("BadRequest", "Bad request."),
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    404: ("ErrorItemNotFound", "The specified object was not found in the store."),
    409: IRRESOLVABLE_CONFLICT,
    410: (
        "SyncStateNotFound",
        "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
    ),
    412: IRRESOLVABLE_CONFLICT,
    429: ("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
    500: ("InternalServerError", "An internal server error occurred."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please retry."),
    504: ("UnknownError", ""),
}
PAGE = (
    "<html><head><title>{status}</title></head><body><h2>Our services aren't available right now</h2></body></html>"
)


def replaces_answer(fault: Fault) -> bool:
    """Whether the fault answers itself; others only slow the true answer down."""
    late = fault.late_seconds is not None
    return fault.status is not None or fault.reset or fault.body is not None or fault.html or late


def spoilt_answer(fault: Fault, path: str, switches: Switches) -> GraphResponse:
    """The answer of a fault without a reset; raises GraphError for one with an error object."""
    status = fault.status or (503 if fault.late_seconds is None else 504)
    headers = dict(fault.headers)
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if fault.body is not None or fault.html:
        body = PAGE.format(status=status) if fault.body is None else fault.body
        headers.setdefault("Content-Type", "text/html" if fault.html else "application/json")
        return GraphResponse(status, body, headers)
    code, message = _error(status, path, switches)
    raise GraphError(status, fault.code or code, message if fault.message is None else fault.message, headers)


def _error(status: int, path: str, switches: Switches) -> tuple[str, str]:
    directory = path.lower().strip("/").split("/")[0] == "users" and path.strip("/").count("/") < 2
    if status == 429 and directory:
        return switches.directory_throttle_code, "Too many requests."
    return CODES.get(status, ("UnknownError", ""))
