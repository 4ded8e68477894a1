"""What is known of members' time: answered from the cache, and from Outlook where nothing is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.bookings.agenda import taken
from shared.errors import EntityUnreadable, NotFound, OutlookError
from shared.explanation import Explanation, explain
from shared.freebusy import BusyAnswer, Rule, busy_of, freshness, never_read
from shared.mailbox_reading import is_paused, was_just_read
from shared.model import (
    CalendarKey,
    Choice,
    Connection,
    Freshness,
    Kept,
    MailboxKey,
    MemberKey,
    OwnConnection,
    Policy,
    Snapshot,
    UnknownRule,
    Window,
    is_own,
)
from shared.policy import busy_statuses, checked
from shared.storage.point_reads import point_reads
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

BUDGET = timedelta(seconds=5)
"""How long somebody waits for calendars that are read live; what comes later is in the cache the next time."""

MOST_LIVE = 4
"""Questions whose calendars are read live at a time; others wait within their budget."""


Snapshots = tuple[tuple[CalendarKey, Snapshot], ...]
"""Of a member's calendars."""


@dataclass(frozen=True)
class Known:
    """What is known of several members' time."""

    answers: Mapping[MemberKey, BusyAnswer]
    rule: UnknownRule
    """What becomes of time of which nothing is known."""
    asked_live: Collection[MemberKey]
    """Whose calendars were read live for this."""


class Availability:
    """Answers questions about members' time."""

    def __init__(
        self, tables: Tables, read: Callable[[Sequence[MailboxKey]], None], now: Callable[[], datetime]
    ) -> None:
        """`read` reads mailboxes from Outlook at once."""
        self._tables = tables
        self._read = read
        self._now = now
        self._pool = ThreadPoolExecutor(MOST_LIVE, "live-read")

    def busy(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """The member's busy blocks in the span, as the organization's policy counts them. Raises `NotFound`."""
        return self.of_many([owner], span).answers[owner]

    def of_many(self, owners: Sequence[MemberKey], span: Window) -> Known:
        """The same of several members of one organization.

        Calendars of which nothing is known are read live, all together, where the policy says so.
        """
        policy = self._tables.policies.of(owners[0].org)
        calendars, live = self._gathered(owners, policy)
        answers = {owner: self._answer(owner, calendars[owner], span, policy) for owner in owners}
        return Known(answers, policy.unknown_time, live)

    def known(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """What the cache alone says of a member. Raises `NotFound`."""
        return self._answer(owner, self._calendars(owner), span, self._tables.policies.of(owner.org))

    def explain(self, owner: MemberKey, span: Window) -> Explanation:
        """Why the member's time is open or blocked. Raises `NotFound`."""
        policy = self._tables.policies.of(owner.org)
        calendars, _ = self._gathered([owner], policy)
        choice = self._choice(owner, policy)
        return explain(calendars[owner], span, self._now(), rule_of(policy, choice), policy, choice)

    def _gathered(
        self, owners: Sequence[MemberKey], policy: Policy
    ) -> tuple[dict[MemberKey, Kept], Collection[MemberKey]]:
        """Members' calendars, and whose were read live for this, where the policy says so."""
        calendars = point_reads(self._calendars, owners)
        if policy.unknown_time is not UnknownRule.READ_LIVE:
            return calendars, ()
        dark = {owner: kept.snapshots for owner, kept in calendars.items() if is_dark(kept.snapshots, self._now())}
        live = self._read_live(dark)
        return calendars | point_reads(self._calendars, list(live)), live

    def _answer(self, owner: MemberKey, kept: Kept, span: Window, policy: Policy) -> BusyAnswer:
        rule = rule_of(policy, self._choice(owner, policy))
        booked = taken(kept.claims, kept.snapshots)
        return busy_of([snapshot for _, snapshot in kept.snapshots], span, self._now(), rule, booked)

    def _calendars(self, owner: MemberKey) -> Kept:
        """What was read of the calendars that count for the member now, and what bookings take.

        Whoever reads while the member leaves may write once more behind their back, and die before taking it back.
        """
        try:
            kept = self._tables.calendars.kept(owner)
            row = self._tables.connections.get(*owner) if kept.snapshots else None
            mailboxes = {key.mailbox for key, _ in kept.snapshots} | {
                one.mailbox for one in kept.selections.mailboxes
            }
            has_own = any(is_own(mailbox.tenant_id) for mailbox in mailboxes)
            own = self._tables.own_connection(owner) if has_own else None
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return Kept()
        if not kept.snapshots and self._tables.members.get(*owner) is None:
            raise NotFound(f"There is no such member: {owner.member}.")
        return replace(kept, snapshots=counted(kept, row.value if row else None, own, self._now()))

    def _choice(self, owner: MemberKey, policy: Policy) -> Choice | None:
        """The member's own choice, where it counts."""
        row = self._tables.choices.get(*owner) if policy.members_may_choose_busy else None
        return row.value if row else None

    def _read_live(self, dark: Mapping[MemberKey, Snapshots]) -> Collection[MemberKey]:
        """Ask Outlook now; for whom it was asked. Whatever goes wrong, or takes too long, the time stays unknown."""
        readable = point_reads(lambda owner: self._readable(owner, dark[owner]), list(dark))
        keys = {owner: found for owner, found in readable.items() if found}
        if not keys:
            return ()
        try:
            wanted = list(dict.fromkeys(key for found in keys.values() for key in found))
            self._pool.submit(self._read, wanted).result(BUDGET.total_seconds())
        except (OutlookError, Late) as problem:
            log.warning("not read live: %s", type(problem).__name__)
        return keys.keys()

    def _readable(self, owner: MemberKey, known: Snapshots) -> list[MailboxKey]:
        """The member's mailboxes of which nothing is known, but for those that refused a moment ago.

        So may a shared calendar alone, while the mailbox is read all the time.
        """
        now = self._now()
        unread = [(key.mailbox, one) for key, one in known if freshness(one, now) is Freshness.UNKNOWN]
        unknown = [mailbox for mailbox, _ in unread]
        untried = {mailbox for mailbox, one in unread if one.unreadable_since is None}
        try:
            if not known:
                row = self._tables.connections.get(*owner)
                key = row.value.active_mailbox if row else None
                unknown, untried = ([key], {key}) if key else ([], set())
            mailboxes = {key: self._tables.mailboxes.row(key) for key in dict.fromkeys(unknown)}
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return []
        rows = [row.value for row in mailboxes.values() if row is not None and not is_paused(row.value, now)]
        return [one.key for one in rows if one.key in untried or not was_just_read(one, now)]


def counted(kept: Kept, connection: Connection | None, own: OwnConnection | None, now: datetime) -> Snapshots:
    """The snapshots of the calendars that count as the member is connected now; what was not read is unknown.

    What nobody could ever read is no calendar.
    """
    managed = connection.active_mailbox if connection else None
    known, wanted = dict(kept.snapshots), checked(managed, own, kept.selections)
    found = tuple((key, known[key]) for key in wanted if key in known)
    if own is None and not kept.selections.mailboxes:
        return found
    is_blank = connection is not None and not connection.has_calendar
    unread = [key for key in wanted if key not in known and not (is_blank and key.mailbox == managed)]
    return (*found, *((key, never_read(now)) for key in unread))


def is_dark(calendars: Snapshots, now: datetime) -> bool:
    """Whether nothing is known of one of the calendars. Times outside of what is ever read make no difference."""
    return not calendars or any(freshness(snapshot, now) is Freshness.UNKNOWN for _, snapshot in calendars)


def rule_of(policy: Policy, choice: Choice | None) -> Rule:
    """What counts as busy for a member, and what becomes of unknown time."""
    return Rule(busy_statuses(policy, choice), policy.unknown_time is UnknownRule.ALLOW)
