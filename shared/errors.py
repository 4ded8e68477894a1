"""Every way things go wrong, one class per decision the caller takes.

OutlookError
├── CallerError              answer with a problem (RFC 9457); nothing was changed
│   ├── InvalidInput           400  a field is wrong: says which and how to mend it
│   ├── Unauthenticated        401  no proof of who is calling
│   ├── Forbidden              403  known caller, not allowed
│   │   └── NotEntitled          403  the organization's plan does not include it
│   ├── NotFound               404  no such thing for this caller
│   │   └── Hidden               404  perhaps there is, but not for this caller
│   ├── Conflict               409  the thing is in another state
│   │   ├── TimeTaken              409  somebody is not free then: says who and when
│   │   └── NotWritable            409  Outlook does not take it there: says what to do
│   ├── OutOfDate              412  it is not the version the caller knows
│   ├── TooLarge               413  send less
│   └── Unavailable            503  come back after `Retry-After`
│       └── NotReady             503  the app itself lacks something it needs
├── Refusal                  a person at an activation page is told why and what to do next
│   └── MemberRefusal          whose sign-in it was is proven: it is kept in the audit trail
├── MicrosoftError
│   ├── TryLater               throttled or unreachable: come back after `retry_after`
│   ├── AccessLost             the whole tenant is closed to us: stop, tell the admin
│   ├── MailboxUnreadable      this mailbox only: record the reason, go on with the others
│   ├── BadRequest             our request is wrong: leave it out, go on with the others
│   ├── Gone                   the event, user or subscription is not there (any more)
│   ├── StartOver              the delta link is void: read everything again
│   ├── AlreadyCreated         the transaction has made its event before: find that one
│   ├── ChangedMeanwhile       the event is not the version we know any more: look again
│   ├── AlreadySubscribed      the mailbox has a live subscription that is not in our books
│   ├── ReconnectRequired      a member's own sign-in is no longer good: stop, ask them to connect again
│   └── CredentialRejected     our own certificate or identity is refused: an operator must act
├── StorageError
│   ├── EntityExists           somebody inserted it first
│   ├── EntityChanged          somebody changed it since it was read: read again and decide again
│   ├── EntityUnreadable       what is stored there is no value of ours: an operator must look
│   └── Undecryptable          encrypted for something else, or with a key we no longer have: as good as gone
└── SettingsError            start-up stops with one message naming every wrong setting
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from shared.model import BusyBlock, ConnectionStatus, MemberKey, TenantStatus


class OutlookError(Exception):
    """Base of everything this product raises on purpose."""


class CallerError(OutlookError):
    """The request cannot be carried out; the message is meant for the caller."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad-request"
    title: ClassVar[str] = "The request cannot be carried out"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InvalidInput(CallerError):
    """A field of the request is missing or malformed."""

    code = "invalid-input"
    title = "The request is not valid"


class Unauthenticated(CallerError):
    """The bearer token is missing or proves nothing. Says nothing more to strangers."""

    status = 401
    code = "unauthenticated"
    title = "Sign in first"


class Forbidden(CallerError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"

    def __init__(self, detail: str, reason: str = "role") -> None:
        super().__init__(detail)
        self.reason = reason
        """A stable code for programs and the audit trail: `role`, `plan`, `feature` or `policy`."""


class NotEntitled(Forbidden):
    """The organization's plan does not include the feature, or it is not switched on."""

    code = "not-entitled"
    title = "Not included"


class NotFound(CallerError):
    """Nothing of that name in the caller's organization."""

    status = 404
    code = "not-found"
    title = "Not found"


class Hidden(NotFound):
    """Whether there is such a thing is not for this caller to know."""

    reason = "not_yours"


class Conflict(CallerError):
    """The thing exists but its state does not allow this."""

    status = 409
    code = "conflict"
    title = "Not possible in the present state"


class TimeTaken(Conflict):
    """A host is not free at that time."""

    code = "time-taken"
    title = "Somebody is not free then"

    def __init__(self, member: str, block: BusyBlock, *, booked: bool = False) -> None:
        kind = "has another booking" if booked else "is not free"
        super().__init__(
            f"{member} {kind} from {block.start.isoformat()} to {block.end.isoformat()}. Offer other times."
        )
        self.member = member
        self.block = block


class NotWritable(Conflict):
    """A host's calendar does not take the meeting."""

    code = "calendar-not-writable"
    title = "Outlook does not take the meeting"

    def __init__(self, detail: str, reason: str, member: str) -> None:
        super().__init__(detail)
        self.reason = reason
        """A stable code."""
        self.member = member


class OutOfDate(CallerError):
    """`If-Match` names another version than the present one."""

    status = 412
    code = "out-of-date"
    title = "It has changed since"


class TooLarge(CallerError):
    """More was sent than is read."""

    status = 413
    code = "too-large"
    title = "The request is too large"


class Unavailable(CallerError):
    """Microsoft, the platform or storage is away for the moment; the same call is good later."""

    status = 503
    code = "unavailable"
    title = "Not available right now"

    def __init__(self, detail: str, retry_after: timedelta = timedelta(seconds=30)) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotReady(Unavailable):
    """The app cannot work yet: storage or its own credential fails."""

    code = "not-ready"
    title = "Not ready"


class Refusal(OutlookError):
    """An activation step is refused; `reason` selects the page's explanation and is safe to audit."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MemberRefusal(Refusal):
    """A sign-in with an account of their own, which a member is proven to have begun, is refused.

    `is_theirs` tells whether it came back unaltered in their browser; else somebody may have had a hand in it.
    """

    def __init__(self, reason: str, owner: MemberKey, *, is_theirs: bool = True) -> None:
        super().__init__(reason)
        self.owner, self.is_theirs = owner, is_theirs


class MicrosoftError(OutlookError):
    """Microsoft did not do what was asked."""

    code: str
    """A stable code for logs and for people who look into it; never anything private."""
    member: str | None = None
    """In whose calendar, where it is about one of several."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(eq=False)
class TryLater(MicrosoftError):
    """Throttled, unavailable or unreachable; asking again earlier than `retry_after` makes it worse."""

    code: str
    retry_after: timedelta | None = None


class BadRequest(MicrosoftError):
    """Our request itself is refused; sending it again changes nothing."""


@dataclass(eq=False)
class AccessLost(MicrosoftError):
    """The tenant as a whole no longer lets us in."""

    status: TenantStatus
    code: str


@dataclass(eq=False)
class MailboxUnreadable(MicrosoftError):
    """One mailbox cannot be read; `status` is what its member's connection becomes."""

    status: ConnectionStatus
    code: str


class Gone(MicrosoftError):
    """What was asked for is not there."""


class StartOver(MicrosoftError):
    """A sync state is no longer valid."""


class AlreadyCreated(MicrosoftError):
    """A transaction is spent: there is an event of it, or was."""


class ChangedMeanwhile(MicrosoftError):
    """Somebody wrote the event since it was looked at."""


class AlreadySubscribed(MicrosoftError):
    """Graph answered 409 to a subscription on a mailbox that already has one."""


@dataclass(eq=False)
class ReconnectRequired(MicrosoftError):
    """The tokens of one member's own account are void; asking again changes nothing until they sign in again."""

    code: str
    generation: int | None = None
    """Of the sign-in that was tried, where that is known."""


class CredentialRejected(MicrosoftError):
    """Entra ID refuses our own credential."""


class StorageError(OutlookError):
    """Table Storage refused a write for a reason the code decides on."""


class EntityExists(StorageError):
    """Insert of a key that is already there."""


class EntityChanged(StorageError):
    """Write with an ETag that is no longer current."""


class EntityUnreadable(StorageError):
    """A row that does not hold what belongs there."""


class Undecryptable(StorageError):
    """An encrypted text that does not belong where it was found, or whose key is lost; the message says which."""


class SettingsError(OutlookError):
    """Settings are missing or wrong; the message lists all of them."""
