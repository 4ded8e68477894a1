"""What Microsoft did not do, by what is to be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.errors.base import OutlookError

if TYPE_CHECKING:
    from shared.model import ConnectionStatus, TenantStatus


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
