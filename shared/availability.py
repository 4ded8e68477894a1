"""What is known of members' time: answered from the cache, and from Outlook where nothing is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from shared.errors import EntityUnreadable, NotFound, OutlookError
from shared.explanation import Explanation, explain
from shared.freebusy import BusyAnswer, Rule, busy_of
from shared.mailbox_reading import is_paused
from shared.model import Choice, Freshness, MailboxKey, MemberKey, Policy, Snapshot, UnknownRule, Window
from shared.policy import busy_statuses
from shared.storage.tables import Tables

log = logging.getLogger(__name__)


class Availability:
    """Answers questions about members' time."""

    def __init__(self, tables: Tables, read: Callable[[MailboxKey], None], now: Callable[[], datetime]) -> None:
        """`read` reads a mailbox from Outlook at once."""
        self._tables = tables
        self._read = read
        self._now = now

    def busy(self, owner: MemberKey, span: Window) -> BusyAnswer:
        """The member's busy blocks in the span, as the organization's policy counts them. Raises `NotFound`.

        Time of which nothing is known is asked for live where the policy says so.
        """
        policy = self._tables.policies.of(owner.org)
        answer = self.known(owner, span, policy)
        if answer.freshness is not Freshness.UNKNOWN or not self._read_live(owner, policy):
            return answer
        return self.known(owner, span, policy)

    def known(self, owner: MemberKey, span: Window, policy: Policy | None = None) -> BusyAnswer:
        """What the cache says. Raises `NotFound`."""
        policy = policy or self._tables.policies.of(owner.org)
        snapshots = [snapshot for _, snapshot in self._snapshots(owner)]
        return busy_of(snapshots, span, self._now(), rule_of(policy, self._choice(owner, policy)))

    def explain(self, owner: MemberKey, span: Window) -> Explanation:
        """Why the member's time is open or blocked. Raises `NotFound`."""
        self.busy(owner, span)
        policy = self._tables.policies.of(owner.org)
        choice = self._choice(owner, policy)
        return explain(self._snapshots(owner), span, self._now(), rule_of(policy, choice), policy, choice)

    def _snapshots(self, owner: MemberKey) -> list[tuple[MailboxKey, Snapshot]]:
        """What was read of the mailbox the member is connected to now.

        Whoever reads while the member leaves may write once more behind their back, and die before taking it back.
        """
        try:
            found = self._tables.calendars.named(owner)
            row = self._tables.connections.get(*owner) if found else None
        except EntityUnreadable as problem:
            log.error("unreadable: %s", problem)  # noqa: TRY400 - no trace needed
            return []
        if not found and self._tables.members.get(*owner) is None:
            raise NotFound("There is no such member.")
        connected = row.value.active_mailbox if row else None
        return [(key, snapshot) for key, snapshot in found if key == connected]

    def _choice(self, owner: MemberKey, policy: Policy) -> Choice | None:
        """The member's own choice, where it counts."""
        row = self._tables.choices.get(*owner) if policy.members_may_choose_busy else None
        return row.value if row else None

    def _read_live(self, owner: MemberKey, policy: Policy) -> bool:
        """Ask Outlook now; whether that may have changed anything. Whatever goes wrong, the time stays unknown."""
        key = self._readable(owner) if policy.unknown_time is UnknownRule.READ_LIVE else None
        if key is None:
            return False
        try:
            self._read(key)
        except OutlookError as problem:
            log.warning("not read live: %s", type(problem).__name__)
        return True

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


def rule_of(policy: Policy, choice: Choice | None) -> Rule:
    """What counts as busy for a member, and what becomes of unknown time."""
    return Rule(busy_statuses(policy, choice), policy.unknown_time is UnknownRule.ALLOW)
