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
from shared.freebusy import BusyAnswer, Rule, busy_of, freshness
from shared.mailbox_reading import is_paused
from shared.model import Choice, Freshness, Kept, MailboxKey, MemberKey, Policy, Snapshot, UnknownRule, Window
from shared.policy import busy_statuses
from shared.storage.point_reads import point_reads
from shared.storage.tables import Tables

log = logging.getLogger(__name__)

BUDGET = timedelta(seconds=5)
"""How long somebody waits for calendars that are read live; what comes later is in the cache the next time."""

MOST_LIVE = 4
"""Questions whose calendars are read live at a time; others wait within their budget."""


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
        dark = [owner for owner in owners if is_dark(calendars[owner].snapshots, self._now())]
        live = self._read_live(dark)
        return calendars | point_reads(self._calendars, list(live)), live

    def _answer(self, owner: MemberKey, kept: Kept, span: Window, policy: Policy) -> BusyAnswer:
        rule = rule_of(policy, self._choice(owner, policy))
        booked = taken(kept.claims, kept.snapshots)
        return busy_of([snapshot for _, snapshot in kept.snapshots], span, self._now(), rule, booked)

    def _calendars(self, owner: MemberKey) -> Kept:
        """What was read of the mailbox the member is connected to now, and what bookings take.

        Whoever reads while the member leaves may write once more behind their back, and die before taking it back.
        """
        try:
            kept = self._tables.calendars.kept(owner)
            row = self._tables.connections.get(*owner) if kept.snapshots else None
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return Kept()
        if not kept.snapshots and self._tables.members.get(*owner) is None:
            raise NotFound(f"There is no such member: {owner.member}.")
        connected = row.value.active_mailbox if row else None
        return replace(kept, snapshots=tuple(one for one in kept.snapshots if one[0] == connected))

    def _choice(self, owner: MemberKey, policy: Policy) -> Choice | None:
        """The member's own choice, where it counts."""
        row = self._tables.choices.get(*owner) if policy.members_may_choose_busy else None
        return row.value if row else None

    def _read_live(self, owners: Sequence[MemberKey]) -> Collection[MemberKey]:
        """Ask Outlook now; for whom it was asked. Whatever goes wrong, or takes too long, the time stays unknown."""
        keys = {owner: key for owner, key in point_reads(self._readable, owners).items() if key}
        if not keys:
            return ()
        try:
            self._pool.submit(self._read, list(dict.fromkeys(keys.values()))).result(BUDGET.total_seconds())
        except (OutlookError, Late) as problem:
            log.warning("not read live: %s", type(problem).__name__)
        return keys.keys()

    def _readable(self, owner: MemberKey) -> MailboxKey | None:
        """The member's mailbox, if there is one that did not refuse a moment ago."""
        try:
            row = self._tables.connections.get(*owner)
            key = row.value.active_mailbox if row else None
            mailbox = self._tables.mailboxes.row(key) if key else None
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return None
        return key if mailbox is not None and not is_paused(mailbox.value, self._now()) else None


def is_dark(calendars: Sequence[tuple[MailboxKey, Snapshot]], now: datetime) -> bool:
    """Whether nothing is known of one of the calendars. Times outside of what is ever read make no difference."""
    return not calendars or any(freshness(snapshot, now) is Freshness.UNKNOWN for _, snapshot in calendars)


def rule_of(policy: Policy, choice: Choice | None) -> Rule:
    """What counts as busy for a member, and what becomes of unknown time."""
    return Rule(busy_statuses(policy, choice), policy.unknown_time is UnknownRule.ALLOW)
