"""What callers and visitors are told, and that nothing was changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from shared.errors.base import OutlookError

if TYPE_CHECKING:
    from shared.model import BusyBlock, MemberKey


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
