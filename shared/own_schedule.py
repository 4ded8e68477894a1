"""What each pass of the timer finds to do for members' own connections.

Calendars are read though nobody told of a change to them; the rules are those of `schedule`. What a connection's row
says is still to be decided is decided, and what is left without a connection goes.

Nothing of one member's concerns another's: who missed a push is watched alone. Subscriptions that end without a word
are found by asking each account (`own_subscriptions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import NotFound
from shared.messages import Reason
from shared.model import ConnectionStatus, Mailbox, MemberKey
from shared.own_subscriptions import OwnSubscriptions
from shared.push_health import WATCH, has_missed, to_watch
from shared.schedule import Schedule, keys
from shared.storage.tables import Tables

LEFT_OVER = timedelta(minutes=30)
"""How long a mailbox may be there without its connection; it is a matter of milliseconds. Less than `DISPUTE`, after
which reads let go of the mailbox."""


class OwnSchedule:
    """Sends the calendar messages that follow from a look at all members' own mailboxes."""

    def __init__(
        self,
        tables: Tables,
        schedule: Callable[[], Schedule],
        subscriptions: Callable[[], OwnSubscriptions],
        prefer_own: Callable[[MemberKey], None],
        clear_away: Callable[[MemberKey], None],
        now: Callable[[], datetime],
    ) -> None:
        """What speaks to Microsoft is made when there is an own mailbox.

        `prefer_own` keeps a member's managed connection out, `clear_away` removes what is left of their own one. Both
        raise `NotFound`.
        """
        self._tables = tables
        self._schedule = schedule
        self._subscriptions = subscriptions
        self._prefer_own = prefer_own
        self._clear_away = clear_away
        self._now = now

    def run(self) -> set[str]:
        """Have calendars read whose time has come; the organizations that have any."""
        now, mailboxes = self._now(), list(self._tables.mailboxes.own())
        if not mailboxes:
            return set()
        anew = {mailbox.key for mailbox in mailboxes if self._is_signed_in_anew(mailbox)}
        for key in anew:
            self._tables.mailboxes.change(key, lambda mailbox: awakened(mailbox, now))
        schedule = self._schedule()
        schedule.read(anew | keys(is_due(mailboxes, now)), None, Reason.SCHEDULE)
        missed = [mailbox for mailbox in mailboxes if has_missed(mailbox, now)]
        schedule.read(keys(to_watch(missed, now)), now - WATCH, Reason.SCHEDULE)
        lost, shut_out = self._subscriptions().compare(mailboxes)
        schedule.read(lost, now, Reason.REMOVED)
        schedule.read(shut_out, now, Reason.CHANGED)
        orgs = {owner.org for mailbox in mailboxes for owner in mailbox.members}
        self._finish(
            orgs, [owner for mailbox in mailboxes if is_left_over(mailbox, now) for owner in mailbox.members]
        )
        return orgs

    def _finish(self, orgs: Iterable[str], left_over: Iterable[MemberKey]) -> None:
        """Do what processes did not come to: choices that own connections ask for, and ends."""
        for owner in (owner for org in sorted(orgs) for owner in self._tables.unsettled(org)):
            with suppress(NotFound):
                self._prefer_own(owner)
        for owner in left_over:
            with suppress(NotFound):
                self._clear_away(owner)

    def _is_signed_in_anew(self, mailbox: Mailbox) -> bool:
        """Whether the member has signed in again, and the process that noted it in the row did nothing more."""
        if mailbox.status is not ConnectionStatus.RECONNECT_REQUIRED or not mailbox.members:
            return False
        own = self._tables.own_connection(mailbox.members[0])
        return own is not None and own.status is not ConnectionStatus.RECONNECT_REQUIRED


def is_due(mailboxes: Iterable[Mailbox], now: datetime) -> list[Mailbox]:
    """Those whose time has come."""
    return [mailbox for mailbox in mailboxes if mailbox.due_at is not None and mailbox.due_at <= now]


def is_left_over(mailbox: Mailbox, now: datetime) -> bool:
    """Whether its member has had no own connection for a while, as reads of it found."""
    return mailbox.disputed_since is not None and now - mailbox.disputed_since >= LEFT_OVER


def awakened(mailbox: Mailbox | None, now: datetime) -> Mailbox | None:
    """The mailbox as one that may be read again; None where it may be already."""
    if mailbox is None or mailbox.status is not ConnectionStatus.RECONNECT_REQUIRED:
        return None
    return replace(mailbox, status=ConnectionStatus.CONNECTING, read_at=None, due_at=now, failures=0)
