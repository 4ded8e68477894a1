"""Why a booking cannot be written, as its caller is told: what it is, and what to do about it."""

from __future__ import annotations

from datetime import timedelta

from shared.errors import (
    AccessLost,
    BadRequest,
    CallerError,
    Gone,
    InvalidInput,
    MailboxUnreadable,
    MicrosoftError,
    NotWritable,
    ReconnectRequired,
    TryLater,
    Unavailable,
)
from shared.model import Connection, ConnectionStatus
from shared.own_states import explain_own
from shared.states import CONNECTIONS, explain

REPEAT = "It is not certain yet what became of this booking. Repeat the same request; it is never booked twice."
_RECIPIENTS = "errorinvalidrecipients"


def refusal(problem: MicrosoftError, member: str) -> CallerError:
    """What Microsoft's refusal means for the caller. `member` is the host who invites, unless it says who it is."""
    member = problem.member or member
    match problem:
        case AccessLost():
            return not_writable(member, ConnectionStatus.PERMISSION_LOST)
        case ReconnectRequired() | MailboxUnreadable():
            return _closed(problem, member)
        case BadRequest():
            return _refused(problem.code, member)
        case Gone():
            text = f"The event is not in the calendar of {member} any more; it was deleted in Outlook."
            return NotWritable(text, "event_deleted", member)
        case TryLater(retry_after=timedelta() as wait):
            return Unavailable(REPEAT, wait)
    return Unavailable(REPEAT)


def caller_error(problem: CallerError | MicrosoftError, member: str) -> CallerError:
    """What is told of a problem that may be the caller's already."""
    return problem if isinstance(problem, CallerError) else refusal(problem, member)


def calendar_changed(member: str) -> NotWritable:
    """For a host whose event is in a calendar that is not theirs any more."""
    text = f"{member} is connected to another calendar than when this was booked. Cancel it, and book with a new id."
    return NotWritable(text, "calendar_changed", member)


def not_certain(member: str) -> NotWritable:
    """For a host who checks somebody else's calendar that cannot be read."""
    text = (
        f"{member} checks a calendar that somebody shares with them, and Microsoft does not let it be read now. "
        "Book another member, or have this one leave it out of the calendars that are checked."
    )
    return NotWritable(text, "shared_calendar_unreadable", member)


def _closed(problem: ReconnectRequired | MailboxUnreadable, member: str) -> NotWritable:
    if isinstance(problem, ReconnectRequired):
        text, next_step = explain_own(ConnectionStatus.RECONNECT_REQUIRED, None)
        return NotWritable(f"{member}: {text} {next_step}", ConnectionStatus.RECONNECT_REQUIRED, member)
    status = problem.status
    if status is not ConnectionStatus.OUT_OF_SCOPE:
        return not_writable(member, status)
    return NotWritable(
        f"Microsoft does not let this service write to the calendar of {member}: it is read-only, or outside of what "
        "the Microsoft admin allows. Book another member, or ask the admin.",
        "calendar_denied",
        member,
    )


def _refused(code: str, member: str) -> CallerError:
    if code.lower() == _RECIPIENTS:
        return InvalidInput("Outlook does not accept one of the addresses.", field="attendees")
    return NotWritable(f"Outlook refuses this meeting ({code}).", "refused", member)


def not_connected(member: str, connection: Connection | None) -> NotWritable:
    """For a member who has no calendar to write to."""
    if connection is None:
        return not_writable(member, ConnectionStatus.NOT_MATCHED)
    text, next_step = explain(connection.status, connection.detail)
    return NotWritable(f"{member} has no connected calendar. {text} {next_step}", connection.status, member)


def not_writable(member: str, status: ConnectionStatus) -> NotWritable:
    """For a calendar in a state in which nothing can be written."""
    text, next_step = CONNECTIONS[status]
    return NotWritable(f"Nothing can be written to the calendar of {member}. {text} {next_step}", status, member)
