"""Push kept alive: one live subscription on every mailbox somebody is connected to.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from shared.errors import (
    AccessLost,
    AlreadySubscribed,
    Gone,
    MailboxUnreadable,
    MicrosoftError,
    ReconnectRequired,
    TryLater,
)
from shared.graph.subscriptions import LIFETIME, Subscription, Subscriptions
from shared.messages import Reason
from shared.model import Mailbox, MailboxKey, Push, is_own

log = logging.getLogger(__name__)

RETRY = timedelta(minutes=5)
"""After a failure that may pass."""
POLL = timedelta(hours=1)
"""After a refusal; meanwhile the schedule reads the mailbox more often."""


def needs_renewal(
    push: Push, now: datetime, reason: Reason = Reason.SCHEDULE, asked_at: datetime | None = None
) -> bool:
    """Whether the subscription is missing, past half its life, or was last granted before somebody asked.

    A subscription that is gone is made anew however young it is; one that Graph wants renewed is left alone for ten
    minutes after each renewal, for Graph may ask every few minutes.
    https://learn.microsoft.com/graph/change-notifications-lifecycle-events
    """
    if push.act_at is None or push.act_at <= now:
        return True
    if asked_at is None or reason not in _ENOUGH:
        return False
    return push.granted_at is None or push.granted_at + _ENOUGH[reason] <= asked_at


_ENOUGH = {Reason.REMOVED: timedelta(), Reason.REAUTHORIZE: timedelta(minutes=10)}
"""How long a renewal answers a request about the subscription that comes after it."""

LOOKED_AT = timedelta(hours=5)
"""Subscriptions of own accounts, which no pass lists, are renewed by each read of the schedule: those that ended
without a word show then. A little less than the time between two such reads.
"""
SETTLED = timedelta(minutes=10)
"""A subscription this old is in our books, or nobody's: whoever made it wrote it down or died."""


class Pushes:
    """Creates, renews, replaces and ends subscriptions of mailboxes."""

    def __init__(self, subscriptions: Subscriptions, key_id: str, now: Callable[[], datetime]) -> None:
        self._subscriptions = subscriptions
        self._key_id = key_id
        self._now = now

    def ensure(
        self, tenant_id: str, mailboxes: Iterable[Mailbox], reason: Reason, asked_at: datetime | None
    ) -> dict[str, Push]:
        """How push stands after doing what is needed, by object id; mailboxes that need nothing are left out.

        `asked_at` is when the reason arose. Raises only what concerns the whole tenant.
        """
        now = self._now()
        looks = is_own(tenant_id) and reason is Reason.SCHEDULE
        needy = {
            m.key.object_id: m.push
            for m in mailboxes
            if needs_renewal(m.push, now, reason, asked_at) or (looks and was_long_ago(m.push, now))
        }
        renewed = self._renewed(tenant_id, {i: p for i, p in needy.items() if p.key_id == self._key_id}, now)
        self._ended(tenant_id, {i: p for i, p in needy.items() if p.subscription_id and p.key_id != self._key_id})
        missing = [i for i in needy if i not in renewed or isinstance(renewed[i], Gone)]
        if is_own(tenant_id) and missing:
            self._freed(tenant_id, set(missing))
        done = renewed | (self._created(tenant_id, missing, now) if missing else {})
        return {i: self._push_after(done[i], needy[i], i in missing, now) for i in needy}

    def stop(self, mailbox: Mailbox) -> bool:
        """End the mailbox's subscription; whether it is gone. An unreachable Microsoft is tried again later.

        Where a tenant or a person's sign-in does not let us in any more, it cannot be asked again: the subscription
        ends by itself.
        """
        subscription_id = mailbox.push.subscription_id
        if subscription_id is None:
            return True
        try:
            answer = self._subscriptions.delete(mailbox.key.tenant_id, {subscription_id: mailbox.key.object_id})[
                subscription_id
            ]
        except AccessLost:
            return True
        except MicrosoftError as problem:
            log.info("subscription not ended: %s", problem.code)
            return False
        return answer is None or isinstance(answer, (Gone, AccessLost, ReconnectRequired))

    def check(self, tenant_id: str, mailboxes: Iterable[Mailbox]) -> list[str]:
        """Compare our books with Graph's; the object ids of mailboxes that need a new subscription.

        A subscription can end without a word, be in nobody's books, or tell an address that is no longer ours: the
        last two are ended here. Where Graph does not answer, nothing is found.
        """
        books = {m.push.subscription_id: m.key.object_id for m in mailboxes if m.push.subscription_id is not None}
        try:
            listed = self._subscriptions.live(tenant_id)
            ours = {s.id: s for s in listed if self._is_ours(tenant_id, s)}
            strays = [s.id for s in ours.values() if is_stray(s, books, self._now())]
            moved = [s.id for s in listed if s.id in books and s.id not in ours]
            self._subscriptions.delete(tenant_id, dict.fromkeys([*strays, *moved]))
        except MicrosoftError as problem:
            log.info("subscriptions not compared: %s", problem.code)
            return []
        lost = [object_id for subscription_id, object_id in books.items() if subscription_id not in ours]
        if lost or strays:
            log.warning("%d subscriptions ended in silence, %d were not in our books", len(lost), len(strays))
        return lost

    def end_all(self, tenant_id: str) -> None:
        """End every subscription of ours in a tenant in which nobody has a mailbox any more, however young it is.

        Nobody would look for it later; one that another organization makes just now is made anew by its schedule.
        """
        try:
            ours = (s for s in self._subscriptions.live(tenant_id) if self._is_ours(tenant_id, s))
            self._subscriptions.delete(tenant_id, {s.id: s.object_id for s in ours})
        except MicrosoftError as problem:
            log.info("subscriptions not ended: %s", problem.code)

    def _is_ours(self, tenant_id: str, subscription: Subscription) -> bool:
        return self._subscriptions.is_ours(MailboxKey(tenant_id, subscription.object_id or ""), subscription)

    def _push_after(
        self, answer: Subscription | MicrosoftError, before: Push, was_missing: bool, now: datetime
    ) -> Push:
        after = push_after(answer, before, was_missing, now)
        return replace(after, key_id=self._key_id if after.subscription_id else None)

    def _ended(self, tenant_id: str, pushes: dict[str, Push]) -> None:
        """End subscriptions whose client state an older key signed: it cannot be changed, only made anew."""
        if pushes:
            owners = {push.subscription_id: i for i, push in pushes.items() if push.subscription_id}
            self._subscriptions.delete(tenant_id, owners)

    def _renewed(
        self, tenant_id: str, needy: dict[str, Push], now: datetime
    ) -> dict[str, Subscription | MicrosoftError]:
        owners = {push.subscription_id: i for i, push in needy.items() if push.subscription_id}
        answers = self._subscriptions.renew(tenant_id, owners, now) if owners else {}
        return {owners[subscription_id]: answer for subscription_id, answer in answers.items()}

    def _created(
        self, tenant_id: str, object_ids: list[str], now: datetime
    ) -> dict[str, Subscription | MicrosoftError]:
        """New subscriptions.

        Where Graph already has one that is not in our books, nobody knows what its client state was signed with:
        it makes room for a new one.
        """
        answers = self._subscriptions.create(tenant_id, object_ids, now)
        taken = {object_id for object_id, answer in answers.items() if isinstance(answer, AlreadySubscribed)}
        freed = self._freed(tenant_id, taken) if taken else []
        return answers | (self._subscriptions.create(tenant_id, freed, now) if freed else {})

    def _freed(self, tenant_id: str, taken: set[str]) -> list[str]:
        """End the unknown subscriptions of these mailboxes; the object ids of those that were found.

        Of own accounts before any is made: no pass lists those that nobody wrote down.
        """
        try:
            ours = (s for s in self._listed(tenant_id, taken) if self._is_ours(tenant_id, s))
            found = {s.id: s.object_id for s in ours if s.object_id in taken}
            self._subscriptions.delete(tenant_id, found)
        except TryLater as problem:
            log.info("unknown subscriptions stay: %s", problem.code)
            return []
        return [object_id for object_id in set(found.values()) if object_id]

    def _listed(self, tenant_id: str, object_ids: set[str]) -> Iterable[Subscription]:
        """What Graph lists of the tenant, or of each of these members' own accounts."""
        if not is_own(tenant_id):
            return self._subscriptions.live(tenant_id)
        found: list[Subscription] = []
        for object_id in object_ids:
            with suppress(MicrosoftError):
                found += self._subscriptions.live_of(MailboxKey(tenant_id, object_id))
        return found


def was_long_ago(push: Push, now: datetime) -> bool:
    """Whether nobody has seen the subscription lately."""
    return push.granted_at is None or push.granted_at + LOOKED_AT <= now


def is_stray(subscription: Subscription, books: Collection[str], now: datetime) -> bool:
    """Whether the subscription is not in our books, for longer than it takes to note it down.

    Its age follows from its end: we always ask for the same lifetime.
    """
    return subscription.id not in books and subscription.expires_at - LIFETIME < now - SETTLED


def push_after(answer: Subscription | MicrosoftError, before: Push, was_missing: bool, now: datetime) -> Push:
    """How push stands after the answer; a failure keeps what is alive and says when to try again."""
    if isinstance(answer, Subscription):
        return Push(answer.id, now, answer.expires_at)
    log.info("no subscription: %s", answer.code)
    asked = answer.retry_after if isinstance(answer, TryLater) else None
    wait = POLL if isinstance(answer, (MailboxUnreadable, AccessLost, ReconnectRequired)) else asked or RETRY
    return replace(Push() if was_missing else before, retry_at=now + wait)
