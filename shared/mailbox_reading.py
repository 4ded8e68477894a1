"""What a mailbox's state says to do, and what a read makes of it: pure decisions for `calendar_sync`."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from shared.errors import AccessLost, Gone, MailboxUnreadable, MicrosoftError, ReconnectRequired, TryLater
from shared.model import (
    Checked,
    Connection,
    ConnectionStatus,
    Mailbox,
    MailboxKey,
    MemberKey,
    OwnConnection,
    Push,
    Selections,
    is_own,
)
from shared.push_health import PATIENCE, WATCH, was_told

RECONCILE = timedelta(hours=6)
"""Every calendar is read at least this often, whatever was notified."""
DISPUTE = timedelta(hours=1)
"""How long a member may be listed before their connection says so; it is a matter of milliseconds."""
MOST_SETTLING = 8
"""Failures after which a refusal is no longer taken for consent still spreading."""
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Owners:
    """Whose mailbox it is: those it lists who are on the roster and whose connection says so too.

    The two are written one after the other; whoever was interrupted in between leaves a listed member whose
    connection says otherwise. Nothing is read or written for them, and after a while they are struck out.
    """

    zones: Mapping[MemberKey, tzinfo | None]
    """Of everybody listed who is on the roster."""
    connections: Mapping[MemberKey, Connection | OwnConnection]
    """Of those of them who have one: the managed one, or for members' own mailboxes their own."""
    selections: Mapping[MemberKey, Selections] = field(default_factory=dict)
    """Which calendars count for those who selected any."""

    def of(self, mailbox: Mailbox) -> list[MemberKey]:
        """Those whose calendar it is."""
        return [owner for owner in mailbox.members if self._read(owner) == mailbox.key]

    def selected(self, owner: MemberKey, mailbox: Mailbox) -> tuple[Checked, ...]:
        """The mailbox's calendars that count for one of those whose it is."""
        return self.selections.get(owner, Selections()).of(mailbox.key).checked

    def calendars(self, mailbox: Mailbox) -> list[Checked]:
        """Its calendars that count for anybody."""
        return list(dict.fromkeys(one for owner in self.of(mailbox) for one in self.selected(owner, mailbox)))

    def unaware(self, owners: Iterable[MemberKey], status: ConnectionStatus, detail: str | None) -> list[MemberKey]:
        """Those of them whose connection says something else."""
        return [owner for owner in owners if _says(self.connections[owner]) != (status, detail)]

    def _read(self, owner: MemberKey) -> MailboxKey | None:
        connection = self.connections.get(owner)
        return connection.active_mailbox if connection else None

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


def _says(connection: Connection | OwnConnection) -> tuple[ConnectionStatus, str | None]:
    return connection.status, connection.detail


def after_striking_out(current: Mailbox, out: set[MemberKey], is_disputed: bool, now: datetime) -> Mailbox:
    """The mailbox without those struck out, remembering since when somebody else is in dispute."""
    members = tuple(owner for owner in current.members if owner not in out)
    left = tuple(owner for owner in current.left if owner not in out)
    return replace(
        current, members=members, left=left, disputed_since=(current.disputed_since or now) if is_disputed else None
    )


def may_settle(mailbox: Mailbox, result: object) -> bool:
    """Whether a refusal may be consent still spreading, where the tenant has let us into no mailbox yet."""
    denied = isinstance(result, MailboxUnreadable) and result.status is ConnectionStatus.OUT_OF_SCOPE
    return (
        denied and not is_own(mailbox.key.tenant_id) and mailbox.read_at is None and mailbox.failures < MOST_SETTLING
    )


def status_of(problem: MicrosoftError, mailbox: Mailbox) -> ConnectionStatus:
    """What a failed read makes of the connection."""
    if isinstance(problem, MailboxUnreadable):
        return problem.status
    if isinstance(problem, AccessLost):
        return ConnectionStatus.PERMISSION_LOST
    if isinstance(problem, ReconnectRequired):
        return ConnectionStatus.RECONNECT_REQUIRED
    if isinstance(problem, Gone):
        return ConnectionStatus.NO_MAILBOX
    if mailbox.read_at is None:
        return ConnectionStatus.CONNECTING
    return ConnectionStatus.THROTTLED if problem.code.startswith("429") else ConnectionStatus.STALE


def after_success(
    current: Mailbox,
    seen: Mailbox,
    shown: AbstractSet[MemberKey],
    push: Push | None,
    began: datetime,
    *,
    surprised: bool = False,
    watched: bool = False,
) -> Mailbox:
    """The mailbox after a read whose blocks were written for those `shown`, whatever others did meanwhile.

    Where somebody else is listed by now it is read anew soon, and where a later read failed. `surprised` is a read
    that found a change nobody had told it of, `watched` one of calendars that nobody tells the changes of.
    """
    joined = bool(set(current.members) - shown)
    again = joined or current.failures > seen.failures
    push = push or current.push
    suspected_at = began if surprised and not was_told(current) else current.suspected_at
    verdict_at, scheduled = suspected_at and suspected_at + PATIENCE, next_read(push, began, watched=watched)
    return replace(
        unclaimed(current, seen),
        status=ConnectionStatus.CONNECTED,
        push=push,
        read_at=current.read_at if joined else max(current.read_at or began, began),
        due_at=began if again else min(filter(None, (scheduled, push.act_at, verdict_at))),
        not_before=None,
        suspected_at=suspected_at,
        failures=0,
    )


def next_read(push: Push, began: datetime, *, watched: bool = False) -> datetime:
    """When the schedule reads again: soon where nobody tells of changes, else within six hours, not all at once."""
    if watched or push.subscription_id is None:
        return began + WATCH
    return began + RECONCILE * random.uniform(0.9, 1)  # noqa: S311 - spreads load


def unclaimed(current: Mailbox, seen: Mailbox) -> Mailbox:
    """The mailbox without the claim of this read; somebody else's, made when this one took too long, stays."""
    if current.claimed_at != seen.claimed_at:
        return current
    return replace(current, claimed_at=None, claimed_by=None, left=())


def after_failure(
    current: Mailbox,
    seen: Mailbox,
    status: ConnectionStatus,
    push: Push | None,
    wait: timedelta | None,
    began: datetime,
) -> Mailbox:
    """The mailbox after a read that failed. `wait` is given where a message comes back for it by then.

    One whose member must sign in again is not tried again by itself. That verdict counts only where nobody began
    anew meanwhile: the member may just have done so.
    """
    failures = current.failures + 1
    if status is ConnectionStatus.RECONNECT_REQUIRED:
        if current.claimed_at != seen.claimed_at:
            return current
        done = unclaimed(current, seen)
        return replace(done, status=status, due_at=None, not_before=None, again_at=None, failures=failures)
    due_at = began + (pause_after(failures) if wait is None else wait)
    asked = due_at if wait is not None else None
    return replace(
        unclaimed(current, seen),
        status=status,
        push=push or current.push,
        due_at=due_at,
        not_before=asked,
        again_at=asked or current.again_at,
        failures=failures,
    )


def pause_after(failures: int) -> timedelta:
    """How long a mailbox that keeps failing is left alone: five minutes at first, an hour at last."""
    return min(timedelta(minutes=5 * 2 ** min(failures - 1, 4)), LONGEST_PAUSE)


def is_paused(mailbox: Mailbox, now: datetime) -> bool:
    """Whether it was refused lately and is not to be asked again before its time."""
    if mailbox.status is ConnectionStatus.RECONNECT_REQUIRED:
        return True
    return bool(mailbox.failures) and mailbox.due_at is not None and mailbox.due_at > now


def was_just_read(mailbox: Mailbox, now: datetime) -> bool:
    """Whether asking again would bring nothing else: the schedule does so soon by itself."""
    return mailbox.read_at is not None and now - mailbox.read_at < WATCH


def wait_for(problem: TryLater, attempt: int) -> timedelta:
    """When to ask again: what Microsoft says, else two seconds at first and five minutes at last."""
    return problem.retry_after or timedelta(seconds=min(2 * 2**attempt, 300))
