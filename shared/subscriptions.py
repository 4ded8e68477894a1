"""Push kept alive: one live subscription on every mailbox somebody is connected to.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.errors import AlreadySubscribed, Gone, MicrosoftError
from shared.graph.subscriptions import LIFETIME, Subscription, Subscriptions
from shared.model import Mailbox

log = logging.getLogger(__name__)

RENEW_BEFORE = LIFETIME / 2
"""Renewed at half its life, so that days of trouble cost nothing."""


@dataclass(frozen=True)
class Push:
    """How push stands with a mailbox."""

    subscription_id: str | None = None
    expires_at: datetime | None = None

    @classmethod
    def unchanged(cls, mailbox: Mailbox) -> Push:
        """What the mailbox already says."""
        return cls(mailbox.subscription_id, mailbox.subscription_expires_at)

    @classmethod
    def of(cls, subscription: Subscription) -> Push:
        """A subscription as Graph reports it."""
        return cls(subscription.id, subscription.expires_at)

    @property
    def renew_at(self) -> datetime | None:
        """When to renew; None without a subscription, where the schedule of reads decides."""
        return self.expires_at - RENEW_BEFORE if self.expires_at else None


def needs_renewal(mailbox: Mailbox, now: datetime, asked_at: datetime | None = None) -> bool:
    """Whether the mailbox's subscription is missing, past half its life, or was last renewed before Graph asked."""
    expires_at = mailbox.subscription_expires_at
    if mailbox.subscription_id is None or expires_at is None:
        return True
    return expires_at - RENEW_BEFORE <= now or (asked_at is not None and expires_at - LIFETIME <= asked_at)


class Pushes:
    """Creates, renews, adopts and ends subscriptions of mailboxes."""

    def __init__(self, subscriptions: Subscriptions, now: Callable[[], datetime]) -> None:
        self._subscriptions = subscriptions
        self._now = now

    def ensure(
        self, tenant_id: str, mailboxes: Iterable[Mailbox], asked_at: datetime | None = None
    ) -> dict[str, Push]:
        """How push stands after doing what is needed, by object id; mailboxes that need nothing are left out.

        `asked_at` is when Graph asked for renewal, if it did.
        A mailbox that cannot be subscribed is polled instead. Raises only what concerns the whole tenant.
        """
        now = self._now()
        needy = [mailbox for mailbox in mailboxes if needs_renewal(mailbox, now, asked_at)]
        owners = {m.subscription_id: m.key.object_id for m in needy if m.subscription_id}
        renewed = self._subscriptions.renew(tenant_id, owners, now) if owners else {}
        lapsed = {owners[i] for i, answer in renewed.items() if isinstance(answer, Gone)}
        done = {owners[i]: answer for i, answer in renewed.items() if not isinstance(answer, Gone)}
        missing = [m.key.object_id for m in needy if m.subscription_id is None or m.key.object_id in lapsed]
        if missing:
            done |= self._created(tenant_id, missing, now)
        unchanged = {m.key.object_id: m for m in needy}
        return {i: self._push(answer, unchanged[i], i in lapsed) for i, answer in done.items()}

    def stop(self, mailbox: Mailbox) -> bool:
        """End the mailbox's subscription; whether it is gone. An unreachable Microsoft is tried again later."""
        if mailbox.subscription_id is None:
            return True
        try:
            answer = self._subscriptions.delete(mailbox.key.tenant_id, [mailbox.subscription_id])
        except MicrosoftError as problem:
            log.info("subscription not ended: %s", type(problem).__name__)
            return False
        result = answer[mailbox.subscription_id]
        return result is None or isinstance(result, Gone)

    def _created(
        self, tenant_id: str, object_ids: list[str], now: datetime
    ) -> dict[str, Subscription | MicrosoftError]:
        """New subscriptions; where Graph already has one that is not in our books, that one is adopted."""
        answers = self._subscriptions.create(tenant_id, object_ids, now)
        taken = {object_id for object_id, answer in answers.items() if isinstance(answer, AlreadySubscribed)}
        if taken:
            live = {s.object_id: s for s in self._subscriptions.live(tenant_id) if s.object_id in taken}
            answers |= {object_id: live[object_id] for object_id in taken if object_id in live}
        return answers

    def _push(self, answer: Subscription | MicrosoftError, mailbox: Mailbox, lapsed: bool) -> Push:
        if isinstance(answer, Subscription):
            return Push.of(answer)
        log.info("no subscription: %s", type(answer).__name__)
        return Push() if lapsed else Push.unchanged(mailbox)
