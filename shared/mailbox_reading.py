"""What a mailbox's state says to do, and what a read makes of it: pure decisions for `calendar_sync`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from shared.errors import AccessLost, Gone, MailboxUnreadable, MicrosoftError, TryLater
from shared.messages import CalendarSync
from shared.model import ConnectionStatus, Mailbox, MailboxKey, MemberKey, Push
from shared.subscriptions import needs_renewal

RECONCILE = timedelta(hours=6)
"""Every calendar is read at least this often, whatever was notified."""
DISPUTE = timedelta(hours=1)
"""How long a member may be listed before their connection says so; it is a matter of milliseconds."""
MOST_SETTLING = 12
"""Failures after which a refusal is no longer taken for consent still spreading."""
LONGEST_PAUSE = timedelta(hours=6)


@dataclass(frozen=True)
class Owners:
    """Whose mailbox it is: those it lists who are on the roster and whose connection says so too.

    The two are written one after the other; whoever was interrupted in between leaves a listed member whose
    connection says otherwise. Nothing is read or written for them, and after a while they are struck out.
    """

    zones: Mapping[MemberKey, tzinfo | None]
    """Of everybody listed who is on the roster."""
    read: Mapping[MemberKey, MailboxKey | None]
    """Which mailbox each one's connection says to read."""

    def of(self, mailbox: Mailbox) -> list[MemberKey]:
        """Those whose calendar it is."""
        return [owner for owner in mailbox.members if owner in self.zones and self.read.get(owner) == mailbox.key]

    def gone(self, mailbox: Mailbox) -> set[MemberKey]:
        """Listed, but on no roster any more."""
        return set(mailbox.members) - self.zones.keys()

    def disputed(self, mailbox: Mailbox) -> set[MemberKey]:
        """Listed and on the roster, but connected elsewhere or not at all."""
        return set(mailbox.members) - self.gone(mailbox) - set(self.of(mailbox))

    def struck_out(self, mailbox: Mailbox, now: datetime) -> set[MemberKey]:
        """Who is to be taken off the list now."""
        since = mailbox.disputed_since
        lasting = since is not None and now - since > DISPUTE
        return self.gone(mailbox) | (self.disputed(mailbox) if lasting else set())


def after_striking_out(current: Mailbox, out: set[MemberKey], is_disputed: bool, now: datetime) -> Mailbox:
    """The mailbox without those struck out, remembering since when somebody else is in dispute."""
    members = tuple(owner for owner in current.members if owner not in out)
    return replace(current, members=members, disputed_since=(current.disputed_since or now) if is_disputed else None)


def is_due(mailbox: Mailbox, message: CalendarSync, now: datetime) -> bool:
    """Whether the mailbox must be read: never was, its own time has come, or the reason is newer than the read.

    A request to renew the subscription is a reason of its own, which no read makes redundant.
    """
    if mailbox.read_at is None or (mailbox.due_at is not None and mailbox.due_at <= now):
        return True
    if message.since is None:
        return False
    return mailbox.read_at <= message.since or (message.renew and needs_renewal(mailbox.push, now, message.since))


def is_held(mailbox: Mailbox, now: datetime) -> bool:
    """Whether Microsoft asked to leave the mailbox alone for now."""
    return mailbox.not_before is not None and mailbox.not_before > now


def may_settle(mailbox: Mailbox, result: object, anyone_read: bool) -> bool:
    """Whether a refusal may be consent still spreading: the mailbox never answered, nor did any beside it."""
    denied = isinstance(result, MailboxUnreadable) and result.status is ConnectionStatus.OUT_OF_SCOPE
    return denied and mailbox.read_at is None and not anyone_read and mailbox.failures < MOST_SETTLING


def status_of(problem: MicrosoftError, mailbox: Mailbox) -> ConnectionStatus:
    """What a failed read makes of the connection."""
    if isinstance(problem, MailboxUnreadable):
        return problem.status
    if isinstance(problem, AccessLost):
        return ConnectionStatus.PERMISSION_LOST
    if isinstance(problem, Gone):
        return ConnectionStatus.NO_MAILBOX
    if mailbox.read_at is None:
        return ConnectionStatus.CONNECTING
    return ConnectionStatus.THROTTLED if problem.code.startswith("429") else ConnectionStatus.STALE


def after_success(current: Mailbox, seen: Mailbox, push: Push | None, began: datetime) -> Mailbox:
    """The mailbox after a read, whatever others did meanwhile; somebody who joined since is not covered by it."""
    joined = bool(set(current.members) - set(seen.members))
    read_at = current.read_at if joined else max(current.read_at or began, began)
    push = push or current.push
    reconcile = began + RECONCILE * random.uniform(0.9, 1)  # noqa: S311 - spreads load
    return replace(
        current,
        status=ConnectionStatus.CONNECTED,
        push=push,
        read_at=read_at,
        due_at=began if joined else min(filter(None, (reconcile, push.act_at))),
        not_before=None,
        failures=0,
    )


def after_failure(
    current: Mailbox, status: ConnectionStatus, push: Push | None, wait: timedelta | None, began: datetime
) -> Mailbox:
    """The mailbox after a read that failed. `wait` is given where a message comes back for it by then."""
    failures = current.failures + 1
    due_at = began + (pause_after(failures) if wait is None else wait)
    return replace(
        current,
        status=status,
        push=push or current.push,
        due_at=due_at,
        not_before=due_at if wait is not None else None,
        failures=failures,
    )


def pause_after(failures: int) -> timedelta:
    """How long a mailbox that keeps failing is left alone: five minutes at first, six hours at last."""
    return min(timedelta(minutes=5 * 2 ** min(failures - 1, 7)), LONGEST_PAUSE)


def wait_for(problem: TryLater, attempt: int) -> timedelta:
    """When to ask again: what Microsoft says, else two seconds at first and five minutes at last."""
    return problem.retry_after or timedelta(seconds=min(2 * 2**attempt, 300))
